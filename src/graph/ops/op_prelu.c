/* max(x, 0) + slope min(x, 0) with one learned slope a channel (He et al., ICCV 2015). */
#include "graph/ops/op.h"

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t c = in[0].c;
    return tam_graph_parameter(graph, node, "slope", 1, &c, TAM_INIT_QUARTER, c, true, false);
}

const tam_op tam_op_prelu = {.name = "prelu", .inputs = 1, .shape = tam_op_same_shape, .parameters = parameters};
