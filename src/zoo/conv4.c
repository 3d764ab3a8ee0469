/* Conv-4: four blocks of 3 x 3 convolution, batch norm, ReLU and a halving maximum; the net of few-shot learning. A
 * margin loss sees only directions, and a batch norm on the embedding keeps all of its coordinates in use; bn=0 leaves
 * it out and gives the net as published, with a linear layer to D. */
#include "zoo/zoo.h"

enum { WIDTH, BN };

static const tam_key keys[] = {
    [WIDTH] = TAM_WHOLE("width", 64, 1, 4096, "channels of every block"),
    [BN] = TAM_WHOLE("bn", 1, 0, 1, "1: a batch norm without scale on the embedding"),
};

static void build(tam_graph *graph, int dim, const double *key) {
    int x = 0;
    for (int block = 0; block < 4; block++) {
        x = tam_graph_then(graph, "conv", x, "out=%d,kernel=3,pad=1,bias=0", (int)key[WIDTH]);
        x = tam_graph_plain(graph, "batch_norm", x);
        x = tam_graph_plain(graph, "relu", x);
        x = tam_graph_then(graph, "max_pool", x, "kernel=2");
    }
    bool normed = key[BN] != 0;
    x = tam_graph_then(graph, "fc", x, "out=%d,bias=%d", dim, normed ? 0 : 1);
    if (normed) {
        tam_graph_then(graph, "batch_norm", x, "scale=0");
    }
}

const tam_backbone tam_backbone_conv4 = {
    .name = "conv4",
    .source =
        "Vinyals et al., \"Matching networks for one shot learning\", NIPS 2016; Snell, Swersky, Zemel, NIPS 2017",
    .keys = keys,
    .key_count = 2,
    .usual = {.channels = 1, .size = 28, .dim = 128},
    .build = build,
};
