/* max(x, 0). */
#include "graph/ops/op.h"

const tam_op tam_op_relu = {.name = "relu", .inputs = 1, .shape = tam_op_same_shape};
