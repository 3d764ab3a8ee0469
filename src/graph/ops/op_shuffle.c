/* Channel i of group g becomes channel i * groups + g, so that the next grouped convolution sees all groups (Zhang,
 * Zhou, Lin, Sun, "ShuffleNet", CVPR 2018). */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_SHUFFLE_GROUPS] = TAM_WHOLE("groups", 2, 1, 65536, "groups of channels"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int groups = (int)node->key[TAM_SHUFFLE_GROUPS];
    if (in[0].c % groups != 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %d groups do not divide %d channels", node->name, groups, in[0].c);
    }
    *out = in[0];
    return TAM_OK;
}

const tam_op tam_op_shuffle = {.name = "shuffle", .inputs = 1, .keys = keys, .key_count = 1, .shape = shape};
