/* Convolution (cross-correlation) with square windows, in groups of channels. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_CONV_OUT] = TAM_WHOLE("out", 0, 1, 65536, "output channels"),
    [TAM_CONV_KERNEL] = TAM_WHOLE("kernel", 3, 1, 64, "side of the window"),
    [TAM_CONV_STRIDE] = TAM_WHOLE("stride", 1, 1, 64, "step of the window"),
    [TAM_CONV_PAD] = TAM_WHOLE("pad", 0, 0, 64, "zeros around the map"),
    [TAM_CONV_GROUPS] = TAM_WHOLE("groups", 1, 1, 65536, "groups of channels"),
    [TAM_CONV_BIAS] = TAM_WHOLE("bias", 1, 0, 1, "1: adds a bias"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int channels = (int)node->key[TAM_CONV_OUT], groups = (int)node->key[TAM_CONV_GROUPS];
    TAM_TRY(tam_op_window(ctx, node, in[0], (int)node->key[TAM_CONV_KERNEL], (int)node->key[TAM_CONV_STRIDE],
                          (int)node->key[TAM_CONV_PAD], out));
    if (in[0].c % groups != 0 || channels % groups != 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %d groups do not divide %d input and %d output channels", node->name,
                        groups, in[0].c, channels);
    }
    out->c = channels;
    return TAM_OK;
}

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t channels = (int64_t)node->key[TAM_CONV_OUT], kernel = (int64_t)node->key[TAM_CONV_KERNEL];
    int64_t read = in[0].c / (int64_t)node->key[TAM_CONV_GROUPS];
    int64_t fan_in = read * kernel * kernel;
    TAM_TRY(tam_graph_parameter(graph, node, "weight", 4, (int64_t[]){channels, read, kernel, kernel}, TAM_INIT_HE,
                                fan_in, true, true));
    if (node->key[TAM_CONV_BIAS] != 0) {
        TAM_TRY(tam_graph_parameter(graph, node, "bias", 1, &channels, TAM_INIT_ZERO, fan_in, true, false));
    }
    return TAM_OK;
}

static int64_t macs(const tam_node *node, const tam_shape *in) {
    int64_t kernel = (int64_t)node->key[TAM_CONV_KERNEL], read = in[0].c / (int64_t)node->key[TAM_CONV_GROUPS];
    return tam_shape_count(node->shape) * read * kernel * kernel;
}

const tam_op tam_op_conv = {
    .name = "conv",
    .inputs = 1,
    .keys = keys,
    .key_count = 6,
    .shape = shape,
    .parameters = parameters,
    .macs = macs,
};
