/* The largest value of each window. */
#include "graph/ops/op.h"

const tam_op tam_op_max_pool = {
    .name = "max_pool",
    .inputs = 1,
    .keys = tam_pool_keys,
    .key_count = 3,
    .settle = tam_pool_settle,
    .shape = tam_pool_shape,
};
