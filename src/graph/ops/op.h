/* What the files of the ops share. */
#ifndef GRAPH_OPS_OP_H
#define GRAPH_OPS_OP_H

#include "graph/graph.h"

#define X(name) extern const tam_op tam_op_##name;
#include "graph/ops/ops.def"
#undef X

/* Shape functions: the output has the first input's shape. */
tam_status tam_op_same_shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out);

/* Fails unless `in` is a map (a vector must not reach a convolution or a pool). */
tam_status tam_op_need_map(tam_ctx *ctx, const tam_node *node, tam_shape in);

/* Height and width of what a window leaves of a map, floor((size + 2 pad - kernel) / stride) + 1. */
tam_status tam_op_window(tam_ctx *ctx, const tam_node *node, tam_shape in, tam_window window, tam_shape *out);

/* Sets out->c, or fails where so many channels overflow. */
tam_status tam_op_need_channels(tam_ctx *ctx, const tam_node *node, int64_t channels, tam_shape *out);

/* What both pools share: their keys, in the order TAM_POOL_*, and their functions. */
extern const tam_key tam_pool_keys[3];
void tam_pool_settle(double *key);
tam_status tam_pool_shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out);

#endif
