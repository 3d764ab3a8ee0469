/* x min(max(x + 3, 0), 6) / 6 (Howard et al., "Searching for MobileNetV3", ICCV 2019). */
#include "graph/ops/op.h"

const tam_op tam_op_hswish = {.name = "hswish", .inputs = 1, .shape = tam_op_same_shape};
