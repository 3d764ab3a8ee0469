/* min(max(x, 0), 6) (Howard et al., "MobileNets", 2017). */
#include "graph/ops/op.h"

const tam_op tam_op_relu6 = {.name = "relu6", .inputs = 1, .shape = tam_op_same_shape};
