/* The mean of each window, over the part of it that lies on the map. */
#include "graph/ops/op.h"

const tam_op tam_op_avg_pool = {
    .name = "avg_pool",
    .inputs = 1,
    .keys = tam_pool_keys,
    .key_count = 3,
    .settle = tam_pool_settle,
    .shape = tam_pool_shape,
};
