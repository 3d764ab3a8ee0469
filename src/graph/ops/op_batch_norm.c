/* Batch normalisation over (n, h, w) of each channel (Ioffe and Szegedy, ICML 2015). */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_BATCH_NORM_EPS] = TAM_NUMBER("eps", 1e-5, 1e-12, 1, "added to the variance"),
    [TAM_BATCH_NORM_MOMENTUM] = TAM_NUMBER("momentum", 0.1, 0, 1, "share of the new batch in the running statistics"),
    [TAM_BATCH_NORM_SCALE] = TAM_WHOLE("scale", 1, 0, 1, "1: gamma is learned; 0: gamma stays 1"),
};

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t c = in[0].c;
    bool learned = node->key[TAM_BATCH_NORM_SCALE] != 0;
    TAM_TRY(tam_graph_parameter(graph, node, "gamma", 1, &c, TAM_INIT_ONE, c, learned, false));
    TAM_TRY(tam_graph_parameter(graph, node, "beta", 1, &c, TAM_INIT_ZERO, c, true, false));
    TAM_TRY(tam_graph_parameter(graph, node, "mean", 1, &c, TAM_INIT_ZERO, c, false, false));
    TAM_TRY(tam_graph_parameter(graph, node, "variance", 1, &c, TAM_INIT_ONE, c, false, false));
    return TAM_OK;
}

const tam_op tam_op_batch_norm = {
    .name = "batch_norm",
    .inputs = 1,
    .keys = keys,
    .key_count = 3,
    .shape = tam_op_same_shape,
    .parameters = parameters,
};
