/* IR-ResNet with one unit a stage: ten weighted layers on the longest path. The unit is the improved residual unit of
 * face recognition, BN-conv-BN-PReLU-conv-BN with the stride in its second convolution, and the output is
 * BN-dropout-FC-BN ("E"), its last norm without a scale. */
#include "zoo/zoo.h"

enum { WIDTH, DROPOUT };

static const tam_key keys[] = {
    [WIDTH] = TAM_WHOLE("width", 32, 1, 1024, "channels of the first stage; each later one has twice as many"),
    [DROPOUT] = TAM_NUMBER("dropout", 0.4, 0, 0.99, "share dropped before the last layer"),
};

static int norm(tam_graph *graph, int x) {
    return tam_graph_plain(graph, "batch_norm", x);
}

static int convolve(tam_graph *graph, int x, int out, int stride) {
    return tam_graph_then(graph, "conv", x, "out=%d,kernel=3,stride=%d,pad=1,bias=0", out, stride);
}

/* Halves the map (rounding up) and gives `out` channels. */
static int unit(tam_graph *graph, int x, int out) {
    int y = convolve(graph, norm(graph, x), out, 1);
    y = tam_graph_plain(graph, "prelu", norm(graph, y));
    y = norm(graph, convolve(graph, y, out, 2));
    int shortcut = tam_graph_then(graph, "conv", x, "out=%d,kernel=1,stride=2,bias=0", out);
    return tam_graph_add_named(graph, NULL, "add", (int[]){y, norm(graph, shortcut)}, 2, NULL);
}

static void build(tam_graph *graph, int dim, const double *key) {
    int width = (int)key[WIDTH];
    int x = norm(graph, convolve(graph, 0, width, 1));
    x = tam_graph_plain(graph, "prelu", x);
    for (int stage = 0; stage < 4; stage++) {
        x = unit(graph, x, width << stage);
    }
    x = tam_graph_then(graph, "dropout", norm(graph, x), "p=%g", key[DROPOUT]);
    x = tam_graph_then(graph, "fc", x, "out=%d,bias=0", dim);
    tam_graph_then(graph, "batch_norm", x, "scale=0");
}

const tam_backbone tam_backbone_ir10 = {
    .name = "ir10",
    .source = "Deng, Guo, Xue, Zafeiriou, \"ArcFace\", CVPR 2019; unit: Han, Kim, Kim, CVPR 2017",
    .keys = keys,
    .key_count = 2,
    .build = build,
};
