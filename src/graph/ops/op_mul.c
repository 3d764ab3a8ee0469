/* The product of two inputs of one shape, or of a map and a vector with a factor for each channel (squeeze and
 * excitation: Hu, Shen, Sun, CVPR 2018). */
#include "graph/ops/op.h"

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    bool same = in[0].c == in[1].c && in[0].h == in[1].h && in[0].w == in[1].w && in[0].flat == in[1].flat;
    bool by_channel = !in[0].flat && in[1].flat && in[0].c == in[1].c;
    if (!same && !by_channel) {
        return tam_fail(ctx, TAM_CONFIG,
                        "%s: cannot multiply %d x %d x %d%s by %d x %d x %d%s: a map is multiplied by a map of its "
                        "shape or by a vector with a number for each channel",
                        node->name, in[0].c, in[0].h, in[0].w, in[0].flat ? " (a vector)" : "", in[1].c, in[1].h,
                        in[1].w, in[1].flat ? " (a vector)" : "");
    }
    *out = in[0];
    return TAM_OK;
}

const tam_op tam_op_mul = {.name = "mul", .inputs = 2, .shape = shape};
