/* Inception-ResNet-v2: blocks of branches with different windows, put side by side, brought back to the map's channels
 * by a 1 x 1 convolution, damped and added to the map. The blocks have the paper's names. Where the net that its
 * authors published is another than the paper's figures, it is the authors': the stem of Inception-v3 and one Inception
 * block behind it (mixed_5b there), 10, 20 and 10 blocks instead of 5, 10 and 5, their channels, and a last convolution
 * to 1,536. */
#include "zoo/family.h"

enum { INPUT, OUTPUT, DROPOUT, WIDTH };

static const tam_key keys[] = {
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [WIDTH] = TAM_WHOLE("width", 32, 2, 512, "even: channels of the first layer; all others in proportion"),
};

/* What all layers need to know: the channels are given for a width of 32; `edge` is the padding of the windows that the
 * paper marks V, by which a map loses its edge. With input=L it is 1 and nothing is lost: 112 x 112 ends as 7 x 7. */
typedef struct inception {
    tam_graph *graph;
    int width, edge;
} inception;

static int of_width(const inception *net, int channels) {
    return channels * net->width / 32;
}

static int activated(const inception *net, int x) {
    x = tam_graph_then(net->graph, "batch_norm", x, "eps=0.001");
    return tam_graph_plain(net->graph, "relu", x);
}

/* The map keeps its size. */
static int convolve(const inception *net, int x, int out, int height, int width) {
    x = tam_graph_then(net->graph, "conv", x, "out=%d,kernel=%d,pad=%d,kernel_w=%d,pad_w=%d,bias=0", of_width(net, out),
                       height, height / 2, width, width / 2);
    return activated(net, x);
}

/* 3 x 3, marked V. */
static int valid(const inception *net, int x, int out, int stride) {
    x = tam_graph_then(net->graph, "conv", x, "out=%d,kernel=3,stride=%d,pad=%d,bias=0", of_width(net, out), stride,
                       net->edge);
    return activated(net, x);
}

static int halved(const inception *net, int x) {
    return tam_graph_then(net->graph, "max_pool", x, "kernel=3,stride=2,pad=%d", net->edge);
}

static int together(const inception *net, const int *branches, int count) {
    return tam_graph_add_named(net->graph, NULL, "concat", branches, count, NULL);
}

/* x + factor * conv(branches), which has a bias and no norm. */
static int damped(const inception *net, int x, int branches, int out, double factor) {
    int y = tam_graph_then(net->graph, "conv", branches, "out=%d,kernel=1", of_width(net, out));
    if (factor != 1) {
        y = tam_graph_then(net->graph, "scale", y, "factor=%g", factor);
    }
    return tam_graph_add_named(net->graph, NULL, "add", (int[]){x, y}, 2, NULL);
}

static int stem(const inception *net, int first_stride) {
    int x = valid(net, 0, 32, first_stride);
    x = valid(net, x, 32, 1);
    x = halved(net, convolve(net, x, 64, 3, 3));
    x = convolve(net, x, 80, 1, 1);
    return halved(net, valid(net, x, 192, 1));
}

static int mixed_5b(const inception *net, int x) {
    int one = convolve(net, x, 96, 1, 1);
    int five = convolve(net, convolve(net, x, 48, 1, 1), 64, 5, 5);
    int threes = convolve(net, convolve(net, convolve(net, x, 64, 1, 1), 96, 3, 3), 96, 3, 3);
    int mean = tam_graph_then(net->graph, "avg_pool", x, "kernel=3,stride=1,pad=1");
    return together(net, (int[]){one, five, threes, convolve(net, mean, 64, 1, 1)}, 4);
}

static int inception_a(const inception *net, int x) {
    int one = convolve(net, x, 32, 1, 1);
    int three = convolve(net, convolve(net, x, 32, 1, 1), 32, 3, 3);
    int threes = convolve(net, convolve(net, convolve(net, x, 32, 1, 1), 48, 3, 3), 64, 3, 3);
    x = damped(net, x, together(net, (int[]){one, three, threes}, 3), 320, 0.17);
    return tam_graph_plain(net->graph, "relu", x);
}

static int reduction_a(const inception *net, int x) {
    int three = valid(net, x, 384, 2);
    int threes = valid(net, convolve(net, convolve(net, x, 256, 1, 1), 256, 3, 3), 384, 2);
    return together(net, (int[]){three, threes, halved(net, x)}, 3);
}

static int inception_b(const inception *net, int x) {
    int one = convolve(net, x, 192, 1, 1);
    int seven = convolve(net, convolve(net, convolve(net, x, 128, 1, 1), 160, 1, 7), 192, 7, 1);
    x = damped(net, x, together(net, (int[]){one, seven}, 2), 1088, 0.1);
    return tam_graph_plain(net->graph, "relu", x);
}

static int reduction_b(const inception *net, int x) {
    int one = valid(net, convolve(net, x, 256, 1, 1), 384, 2);
    int other = valid(net, convolve(net, x, 256, 1, 1), 288, 2);
    int threes = valid(net, convolve(net, convolve(net, x, 256, 1, 1), 288, 3, 3), 320, 2);
    return together(net, (int[]){one, other, threes, halved(net, x)}, 4);
}

static int inception_c(const inception *net, int x, double factor) {
    int one = convolve(net, x, 192, 1, 1);
    int three = convolve(net, convolve(net, convolve(net, x, 192, 1, 1), 224, 1, 3), 256, 3, 1);
    return damped(net, x, together(net, (int[]){one, three}, 2), 2080, factor);
}

static void build(tam_graph *graph, int dim, const double *key) {
    bool large = key[INPUT] == TAM_INPUT_L;
    inception net = {.graph = graph, .width = (int)key[WIDTH], .edge = large ? 1 : 0};
    if (net.width % 2 != 0) {
        tam_graph_refuse(graph, "width=%d is not even", net.width);
        return;
    }
    int x = mixed_5b(&net, stem(&net, large ? 1 : 2));
    for (int i = 0; i < 10; i++) {
        x = inception_a(&net, x);
    }
    x = reduction_a(&net, x);
    for (int i = 0; i < 20; i++) {
        x = inception_b(&net, x);
    }
    x = reduction_b(&net, x);
    for (int i = 0; i < 9; i++) {
        x = tam_graph_plain(graph, "relu", inception_c(&net, x, 0.2));
    }
    x = convolve(&net, inception_c(&net, x, 1), 1536, 1, 1);
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_inception_resnet_v2 = {
    .name = "inception-resnet-v2",
    .source =
        "Szegedy, Ioffe, Vanhoucke, Alemi, \"Inception-v4, Inception-ResNet and the impact of residual connections "
        "on learning\", AAAI 2017",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
