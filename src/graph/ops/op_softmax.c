/* exp(x) over its sum, over the channels of each pixel. */
#include "graph/ops/op.h"

const tam_op tam_op_softmax = {.name = "softmax", .inputs = 1, .shape = tam_op_same_shape};
