/* LeNets++, the net of the center loss's figure of 2-D features: three stages of two 5 x 5 convolutions with PReLU,
 * each halved by a maximum. The embedding is the plain output of the last layer. */
#include "zoo/zoo.h"

static int convolve(tam_graph *graph, int x, int out) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=5,pad=2", out);
    return tam_graph_plain(graph, "prelu", x);
}

static void build(tam_graph *graph, int dim, const double *key) {
    int x = 0;
    (void)key;
    for (int width = 32; width <= 128; width *= 2) {
        x = convolve(graph, x, width);
        x = convolve(graph, x, width);
        x = tam_graph_then(graph, "max_pool", x, "kernel=2");
    }
    tam_graph_then(graph, "fc", x, "out=%d", dim);
}

const tam_backbone tam_backbone_lenetpp = {
    .name = "lenet++",
    .source =
        "Wen, Zhang, Li, Qiao, \"A discriminative feature learning approach for deep face recognition\", ECCV 2016",
    .usual = {.channels = 1, .size = 28, .dim = 128},
    .build = build,
};
