/* DenseNet-BC with 121 weighted layers: every layer of a block reads all maps that the block has made before it, and
 * adds `growth` channels of its own (B: through a 1 x 1 convolution to four times as many; C: between two blocks the
 * channels are halved, and the map too). Norm and ReLU stand in front of each convolution. */
#include "zoo/family.h"

enum { INPUT, OUTPUT, DROPOUT, GROWTH };

static const tam_key keys[] = {
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [GROWTH] = TAM_WHOLE("growth", 32, 1, 512, "channels that each layer adds; the first one makes twice as many"),
};

enum { BLOCKS = 4, MOST_LAYERS = 24 };
static const int layers[BLOCKS] = {6, 12, 24, 16};

static int activated(tam_graph *graph, int x) {
    return tam_graph_plain(graph, "relu", tam_graph_plain(graph, "batch_norm", x));
}

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride) {
    return tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,bias=0", out, kernel, stride,
                          kernel / 2);
}

static int stem(tam_graph *graph, int out, bool large) {
    int x = convolve(graph, 0, out, large ? 3 : 7, large ? 1 : 2);
    return tam_graph_then(graph, "max_pool", activated(graph, x), "kernel=3,stride=2,pad=1");
}

/* What a layer reads is put together anew for each one: maps[0] is the block's input. */
static int together(tam_graph *graph, const int *maps, int count) {
    return count == 1 ? maps[0] : tam_graph_add_named(graph, NULL, "concat", maps, count, NULL);
}

static int dense_block(tam_graph *graph, int x, int count, int growth) {
    int maps[1 + MOST_LAYERS] = {x};
    for (int layer = 0; layer < count; layer++) {
        int y = activated(graph, together(graph, maps, 1 + layer));
        y = activated(graph, convolve(graph, y, 4 * growth, 1, 1));
        maps[1 + layer] = convolve(graph, y, growth, 3, 1);
    }
    return together(graph, maps, 1 + count);
}

static int transition(tam_graph *graph, int x, int out) {
    x = convolve(graph, activated(graph, x), out, 1, 1);
    return tam_graph_then(graph, "avg_pool", x, "kernel=2");
}

static void build(tam_graph *graph, int dim, const double *key) {
    int growth = (int)key[GROWTH], channels = 2 * growth;
    int x = stem(graph, channels, key[INPUT] == TAM_INPUT_L);
    for (int block = 0; block < BLOCKS; block++) {
        if (block > 0) {
            channels /= 2;
            x = transition(graph, x, channels);
        }
        x = dense_block(graph, x, layers[block], growth);
        channels += layers[block] * growth;
    }
    tam_zoo_output(graph, activated(graph, x), (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_densenet121 = {
    .name = "densenet121",
    .source = "Huang, Liu, van der Maaten, Weinberger, \"Densely connected convolutional networks\", CVPR 2017",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
