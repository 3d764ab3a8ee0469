/* The channels of all inputs one after the other. */
#include "graph/ops/op.h"

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int64_t channels = 0;
    for (int k = 0; k < node->inputs; k++) {
        if (in[k].h != in[0].h || in[k].w != in[0].w || in[k].flat != in[0].flat) {
            return tam_fail(ctx, TAM_CONFIG,
                            "%s: input 1 has %d x %d pixels%s, input %d has %d x %d%s: they must be the "
                            "same",
                            node->name, in[0].h, in[0].w, in[0].flat ? " (a vector)" : "", k + 1, in[k].h, in[k].w,
                            in[k].flat ? " (a vector)" : "");
        }
        channels += in[k].c;
    }
    *out = in[0];
    return tam_op_need_channels(ctx, node, channels, out);
}

const tam_op tam_op_concat = {.name = "concat", .inputs = TAM_ANY_INPUTS, .shape = shape};
