/* The gradient of a strided convolution's input in bf16 with matrix registers (tile_convolution.h), for layers whose
 * other directions somebody else computes. */
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
