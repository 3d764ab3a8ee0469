/* The mean of each channel's map: (c, h, w) to a vector of c. */
#include "graph/ops/op.h"

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    *out = (tam_shape){.c = in[0].c, .h = 1, .w = 1, .flat = true};
    return TAM_OK;
}

const tam_op tam_op_global_pool = {.name = "global_pool", .inputs = 1, .shape = shape};
