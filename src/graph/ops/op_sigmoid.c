/* 1 / (1 + exp(-x)). */
#include "graph/ops/op.h"

const tam_op tam_op_sigmoid = {.name = "sigmoid", .inputs = 1, .shape = tam_op_same_shape};
