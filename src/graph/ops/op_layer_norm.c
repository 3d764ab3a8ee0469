/* Normalisation over the channels of each pixel (Ba, Kiros, Hinton, 2016). */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_LAYER_NORM_EPS] = TAM_NUMBER("eps", 1e-5, 1e-12, 1, "added to the variance"),
};

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t c = in[0].c;
    TAM_TRY(tam_graph_parameter(graph, node, "gamma", 1, &c, TAM_INIT_ONE, c, true, false));
    return tam_graph_parameter(graph, node, "beta", 1, &c, TAM_INIT_ZERO, c, true, false);
}

const tam_op tam_op_layer_norm = {
    .name = "layer_norm",
    .inputs = 1,
    .keys = keys,
    .key_count = 1,
    .shape = tam_op_same_shape,
    .parameters = parameters,
};
