/* Convolution (cross-correlation) with windows of any sides, in groups of channels. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_CONV_OUT] = TAM_WHOLE("out", 0, 1, 65536, "output channels"),
    [TAM_CONV_KERNEL] = TAM_WHOLE("kernel", 3, 1, 64, "side of the window; its height where there is a kernel_w"),
    [TAM_CONV_STRIDE] = TAM_WHOLE("stride", 1, 1, 64, "step of the window"),
    [TAM_CONV_PAD] = TAM_WHOLE("pad", 0, 0, 64, "zeros around the map"),
    [TAM_CONV_GROUPS] = TAM_WHOLE("groups", 1, 1, 65536, "groups of channels"),
    [TAM_CONV_BIAS] = TAM_WHOLE("bias", 1, 0, 1, "1: adds a bias"),
    [TAM_CONV_KERNEL_W] = TAM_WHOLE("kernel_w", 0, 0, 64, "width of the window; 0: as kernel"),
    [TAM_CONV_PAD_W] = TAM_WHOLE("pad_w", -1, -1, 64, "zeros at the left and the right; -1: as pad"),
    [TAM_CONV_INIT] = TAM_WORDS("init", "he|xavier|small", 2, "how the weights begin"),
};

static void settle(double *key) {
    if (key[TAM_CONV_KERNEL_W] == key[TAM_CONV_KERNEL]) {
        key[TAM_CONV_KERNEL_W] = 0;
    }
    if (key[TAM_CONV_PAD_W] == key[TAM_CONV_PAD]) {
        key[TAM_CONV_PAD_W] = -1;
    }
}

tam_window tam_conv_window(const tam_node *node) {
    const double *key = node->key;
    int kernel = (int)key[TAM_CONV_KERNEL], pad = (int)key[TAM_CONV_PAD];
    return (tam_window){
        .kernel_h = kernel,
        .kernel_w = key[TAM_CONV_KERNEL_W] == 0 ? kernel : (int)key[TAM_CONV_KERNEL_W],
        .stride = (int)key[TAM_CONV_STRIDE],
        .pad_h = pad,
        .pad_w = key[TAM_CONV_PAD_W] < 0 ? pad : (int)key[TAM_CONV_PAD_W],
    };
}

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int channels = (int)node->key[TAM_CONV_OUT], groups = (int)node->key[TAM_CONV_GROUPS];
    TAM_TRY(tam_op_window(ctx, node, in[0], tam_conv_window(node), out));
    if (in[0].c % groups != 0 || channels % groups != 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %d groups do not divide %d input and %d output channels", node->name,
                        groups, in[0].c, channels);
    }
    out->c = channels;
    return TAM_OK;
}

static tam_init init_of(const tam_node *node) {
    static const tam_init inits[] = {TAM_INIT_HE, TAM_INIT_XAVIER, TAM_INIT_SMALL};
    return inits[(int)node->key[TAM_CONV_INIT]];
}

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    tam_window window = tam_conv_window(node);
    int64_t channels = (int64_t)node->key[TAM_CONV_OUT], read = in[0].c / (int64_t)node->key[TAM_CONV_GROUPS];
    int64_t fan_in = read * window.kernel_h * window.kernel_w;
    TAM_TRY(tam_graph_parameter(graph, node, "weight", 4, (int64_t[]){channels, read, window.kernel_h, window.kernel_w},
                                init_of(node), fan_in, true, true));
    if (node->key[TAM_CONV_BIAS] != 0) {
        TAM_TRY(tam_graph_parameter(graph, node, "bias", 1, &channels, TAM_INIT_ZERO, fan_in, true, false));
    }
    return TAM_OK;
}

static int64_t macs(const tam_node *node, const tam_shape *in) {
    tam_window window = tam_conv_window(node);
    int64_t read = in[0].c / (int64_t)node->key[TAM_CONV_GROUPS];
    return tam_shape_count(node->shape) * read * window.kernel_h * window.kernel_w;
}

const tam_op tam_op_conv = {
    .name = "conv",
    .inputs = 1,
    .keys = keys,
    .key_count = 9,
    .quiet = 1 << TAM_CONV_KERNEL_W | 1 << TAM_CONV_PAD_W | 1 << TAM_CONV_INIT,
    .settle = settle,
    .shape = shape,
    .parameters = parameters,
    .macs = macs,
};
