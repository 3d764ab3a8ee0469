/* The gradient of a strided convolution's input in bf16 with matrix registers (AMX), for maps in NHWC:
 *
 *     dx[y][x][i] = sum over o and the taps (u, v) with y + p - u = s oy, x + p - v = s ox of dy[oy][ox][o]
 * w[o][i][u][v]
 *
 * The pixels of dx fall into s^2 phases; within one, every tap that takes part is a shift of dy, and the phase is a
 * product of dy's pixels, with its channels as the depth. A task copies some rows of dy to a frame of zeros, whose
 * pixels lie one after another, and makes dx of them; what it does depends on the shape only. */
#ifndef BACKEND_CPU_DATA_GRADIENT_H
#define BACKEND_CPU_DATA_GRADIENT_H

#include "backend/cpu/layer/cpu_layer.h"

/* Whether this processor, and the layer's shape and layouts as they are chosen, suit it. */
bool tam_data_gradient_suits(const tam_layer *layer);
/* Asks for its memory and gives the direction its name. */
void tam_data_gradient_take(tam_layer *layer);
/* For tam_layer_kind.backward_data of a layer that it suits. */
void tam_data_gradient_backward(tam_layer *layer, const tam_layer_memory *memory);

#endif
