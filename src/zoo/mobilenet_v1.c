/* MobileNet: every 3 x 3 convolution but the first filters each channel on its own, and a 1 x 1 convolution mixes them.
 * As published with input=S,output=B. */
#include "zoo/family.h"

enum { WIDTH, DROPOUT, INPUT, OUTPUT };

static const tam_key keys[] = {
    [WIDTH] = TAM_ZOO_MULTIPLIER,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
};

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,groups=%d,bias=0", out, kernel, stride,
                       kernel / 2, groups);
    return tam_graph_plain(graph, "relu", tam_graph_plain(graph, "batch_norm", x));
}

static void build(tam_graph *graph, int dim, const double *key) {
    static const struct {
        int out, stride;
    } units[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                 {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    int channels = tam_zoo_channels(32, key[WIDTH]);
    int x = convolve(graph, 0, channels, 3, key[INPUT] == TAM_INPUT_L ? 1 : 2, 1);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        x = convolve(graph, x, channels, 3, units[i].stride, channels);
        channels = tam_zoo_channels(units[i].out, key[WIDTH]);
        x = convolve(graph, x, channels, 1, 1, 1);
    }
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_mobilenet_v1 = {
    .name = "mobilenet-v1",
    .source = "Howard et al., \"MobileNets\", 2017",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
