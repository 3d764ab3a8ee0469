/* A layer made of oneDNN's answer. */
#ifndef BACKEND_CPU_DNNL_LAYER_H
#define BACKEND_CPU_DNNL_LAYER_H

#include "backend/cpu/layer/dnnl_choose.h"

/* Uses up the descriptions of the answer, which stays the caller's to free. */
TAM_MUST_USE tam_status tam_dnnl_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, const char *name,
                                              const tam_layer_shape *shape, tam_dnnl_answer *answer, tam_layer **out);

/* backward_data in two calls: the weights as it likes them, and the products with `packed` weights. */
void tam_dnnl_layer_pack_data(tam_layer *layer, const tam_layer_memory *memory);
void tam_dnnl_layer_data(tam_layer *layer, const tam_layer_memory *memory);

#endif
