/* factor x + shift, with numbers that are not learned: how Inception-ResNet damps its branches. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_SCALE_FACTOR] = TAM_NUMBER("factor", 1, -1e6, 1e6, "factor of every number"),
    [TAM_SCALE_SHIFT] = TAM_NUMBER("shift", 0, -1e6, 1e6, "added to every number"),
};

const tam_op tam_op_scale = {.name = "scale", .inputs = 1, .keys = keys, .key_count = 2, .shape = tam_op_same_shape};
