/* The sum of two inputs of one shape: the end of a residual unit. */
#include "graph/ops/op.h"

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    if (in[0].c != in[1].c || in[0].h != in[1].h || in[0].w != in[1].w || in[0].flat != in[1].flat) {
        return tam_fail(ctx, TAM_CONFIG, "%s: cannot add %d x %d x %d%s and %d x %d x %d%s", node->name, in[0].c,
                        in[0].h, in[0].w, in[0].flat ? " (a vector)" : "", in[1].c, in[1].h, in[1].w,
                        in[1].flat ? " (a vector)" : "");
    }
    *out = in[0];
    return TAM_OK;
}

const tam_op tam_op_add = {.name = "add", .inputs = 2, .shape = shape};
