/* The hyperbolic tangent. */
#include "graph/ops/op.h"

const tam_op tam_op_tanh = {.name = "tanh", .inputs = 1, .shape = tam_op_same_shape};
