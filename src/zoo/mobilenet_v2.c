/* MobileNet-v2: a unit expands its narrow map six times, filters each channel, and projects back without an activation;
 * units of one shape add their input. As published with input=S,output=B. */
#include "zoo/family.h"

enum { WIDTH, DROPOUT, INPUT, OUTPUT };

enum { FIRST = 32, LAST = 1280 };

static const tam_key keys[] = {
    [WIDTH] = TAM_ZOO_MULTIPLIER,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
};

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,groups=%d,bias=0", out, kernel, stride,
                       kernel / 2, groups);
    return tam_graph_plain(graph, "batch_norm", x);
}

static int activated(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    return tam_graph_plain(graph, "relu6", convolve(graph, x, out, kernel, stride, groups));
}

static int unit(tam_graph *graph, int x, int in, int expansion, int out, int stride) {
    int wide = in * expansion;
    int y = expansion == 1 ? x : activated(graph, x, wide, 1, 1, 1);
    y = convolve(graph, activated(graph, y, wide, 3, stride, wide), out, 1, 1, 1);
    return stride == 1 && in == out ? tam_graph_add_named(graph, NULL, "add", (int[]){x, y}, 2, NULL) : y;
}

static void build(tam_graph *graph, int dim, const double *key) {
    static const struct {
        int expansion, out, count, stride;
    } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    int channels = tam_zoo_channels(FIRST, key[WIDTH]);
    int x = activated(graph, 0, channels, 3, key[INPUT] == TAM_INPUT_L ? 1 : 2, 1);
    for (size_t stage = 0; stage < sizeof stages / sizeof stages[0]; stage++) {
        int out = tam_zoo_channels(stages[stage].out, key[WIDTH]);
        for (int i = 0; i < stages[stage].count; i++) {
            x = unit(graph, x, channels, stages[stage].expansion, out, i == 0 ? stages[stage].stride : 1);
            channels = out;
        }
    }
    /* A narrower net keeps the width of its last layer. */
    x = activated(graph, x, tam_zoo_channels(LAST, key[WIDTH] > 1 ? key[WIDTH] : 1), 1, 1, 1);
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_mobilenet_v2 = {
    .name = "mobilenet-v2",
    .source = "Sandler, Howard, Zhu, Zhmoginov, Chen, \"MobileNetV2\", CVPR 2018",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
