/* The unit is the improved residual unit of face recognition, BN-conv-BN-PReLU-conv-BN with the stride in its second
 * convolution, and the output is BN-dropout-FC-BN ("E"), its last norm without a scale. */
#include "zoo/iresnet.h"

#include "zoo/family.h"

enum { WIDTH, DROPOUT };

static int norm(tam_graph *graph, int x) {
    return tam_graph_plain(graph, "batch_norm", x);
}

static int convolve(tam_graph *graph, int x, int out, int stride) {
    return tam_graph_then(graph, "conv", x, "out=%d,kernel=3,stride=%d,pad=1,bias=0", out, stride);
}

/* From `in` channels to `out`. A stride of 2 halves the map, rounding up. The shortcut is x itself where the shape
 * stays as it is. */
static int unit(tam_graph *graph, int x, int in, int out, int stride) {
    int y = convolve(graph, norm(graph, x), out, 1);
    y = tam_graph_plain(graph, "prelu", norm(graph, y));
    y = norm(graph, convolve(graph, y, out, stride));
    int shortcut = x;
    if (stride != 1 || in != out) {
        shortcut = tam_graph_then(graph, "conv", x, "out=%d,kernel=1,stride=%d,bias=0", out, stride);
        shortcut = norm(graph, shortcut);
    }
    return tam_graph_add_named(graph, NULL, "add", (int[]){y, shortcut}, 2, NULL);
}

void tam_iresnet_build(tam_graph *graph, int dim, const double *key, const int units[TAM_IRESNET_STAGES]) {
    int width = (int)key[WIDTH], channels = width;
    int x = norm(graph, convolve(graph, 0, width, 1));
    x = tam_graph_plain(graph, "prelu", x);
    for (int stage = 0; stage < TAM_IRESNET_STAGES; stage++) {
        for (int i = 0; i < units[stage]; i++) {
            x = unit(graph, x, channels, width << stage, i == 0 ? 2 : 1);
            channels = width << stage;
        }
    }
    tam_zoo_output(graph, x, TAM_OUTPUT_E, dim, key[DROPOUT]);
}
