/* A map as a vector, in (c, h, w) order. */
#include "graph/ops/op.h"

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    *out = (tam_shape){.c = (int)tam_shape_count(in[0]), .h = 1, .w = 1, .flat = true};
    return TAM_OK;
}

const tam_op tam_op_flatten = {.name = "flatten", .inputs = 1, .shape = shape};
