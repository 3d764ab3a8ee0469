/* The gradient of weights of one tap as one product (weight_gradient.h): with a window of one pixel, or an image's few
 * channels, where the whole window of an output pixel stands for the channels of a pixel (a patch),
 *
 *     dw[o][i] = sum over the output pixels p of all samples of dy[p][o] x[p][i]
 *
 * Of the two sides the one with fewer channels is turned, [channel][pixel], the other one, cheaper, becomes pairs of
 * pixels. A task takes a panel of each and some of the pixels, makes both ready block by block in its core's cache and
 * sums there; what the tasks of a panel found is put together in the pixels' order. The bias's gradient is that of a
 * weight whose input is 1: 16 more channels of x.
 */
#ifndef BACKEND_CPU_WEIGHT_GRADIENT_PRODUCT_H
#define BACKEND_CPU_WEIGHT_GRADIENT_PRODUCT_H

#include "backend/cpu/layer/weight_gradient.h"

bool tam_gradient_product_suits(const tam_layer_shape *shape);
size_t tam_gradient_product_scratch(const tam_layer *layer);
void tam_gradient_product_backward(tam_layer *layer, const tam_layer_memory *memory);

#endif
