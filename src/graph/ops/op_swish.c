/* x / (1 + exp(-x)) (Ramachandran, Zoph, Le, "Searching for activation functions", 2017); also called SiLU. */
#include "graph/ops/op.h"

const tam_op tam_op_swish = {.name = "swish", .inputs = 1, .shape = tam_op_same_shape};
