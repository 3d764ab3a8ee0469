/* In training each value is zero with probability p and divided by 1 - p otherwise (Srivastava et al., JMLR 2014). */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_DROPOUT_P] = TAM_NUMBER("p", 0.4, 0, 0.99, "share of the values that become zero in training"),
};

const tam_op tam_op_dropout = {
    .name = "dropout", .inputs = 1, .keys = keys, .key_count = 1, .shape = tam_op_same_shape};
