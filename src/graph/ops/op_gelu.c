/* x times the normal distribution's share below x, by erf (Hendrycks and Gimpel, 2016). */
#include "graph/ops/op.h"

const tam_op tam_op_gelu = {.name = "gelu", .inputs = 1, .shape = tam_op_same_shape};
