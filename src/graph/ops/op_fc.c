/* Fully connected: y = W x + b; a map is read as a vector in (c, h, w) order. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_FC_OUT] = TAM_WHOLE("out", 0, 1, 65536, "width of the output"),
    [TAM_FC_BIAS] = TAM_WHOLE("bias", 1, 0, 1, "1: adds a bias"),
    [TAM_FC_INIT] = TAM_WORDS("init", "xavier|he|small", 2, "how the weights begin"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    (void)ctx;
    (void)in;
    *out = (tam_shape){.c = (int)node->key[TAM_FC_OUT], .h = 1, .w = 1, .flat = true};
    return TAM_OK;
}

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t width = (int64_t)node->key[TAM_FC_OUT], fan_in = tam_shape_count(in[0]);
    static const tam_init inits[] = {TAM_INIT_XAVIER, TAM_INIT_HE, TAM_INIT_SMALL};
    TAM_TRY(tam_graph_parameter(graph, node, "weight", 2, (int64_t[]){width, fan_in},
                                inits[(int)node->key[TAM_FC_INIT]], fan_in, true, true));
    if (node->key[TAM_FC_BIAS] != 0) {
        TAM_TRY(tam_graph_parameter(graph, node, "bias", 1, &width, TAM_INIT_ZERO, fan_in, true, false));
    }
    return TAM_OK;
}

static int64_t macs(const tam_node *node, const tam_shape *in) {
    return tam_shape_count(in[0]) * node->shape.c;
}

const tam_op tam_op_fc = {
    .name = "fc",
    .inputs = 1,
    .keys = keys,
    .key_count = 3,
    .quiet = 1 << TAM_FC_INIT,
    .shape = shape,
    .parameters = parameters,
    .macs = macs,
};
