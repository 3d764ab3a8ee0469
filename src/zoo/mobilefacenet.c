/* MobileFaceNet as it is trained for face recognition now: twice the channels of the paper. Its unit expands with a
 * 1 x 1 convolution, filters each channel on its own and projects back without an activation; the map is not averaged
 * at the end, each channel has a window of its own over all of it (output=GDC, the default). */
#include "zoo/family.h"

enum { WIDTH, DROPOUT, OUTPUT };

static const tam_key keys[] = {
    [WIDTH] = TAM_WHOLE("width", 128, 2, 4096, "even: channels of the first stages; the later ones have twice as many"),
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [OUTPUT] = TAM_ZOO_OUTPUT_OR(TAM_OUTPUT_GDC),
};

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,groups=%d,bias=0", out, kernel, stride,
                       kernel / 2, groups);
    return tam_graph_plain(graph, "batch_norm", x);
}

static int activated(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    return tam_graph_plain(graph, "prelu", convolve(graph, x, out, kernel, stride, groups));
}

static int unit(tam_graph *graph, int x, int wide, int out, int stride) {
    x = activated(graph, x, wide, 1, 1, 1);
    x = activated(graph, x, wide, 3, stride, wide);
    return convolve(graph, x, out, 1, 1, 1);
}

static int residual_units(tam_graph *graph, int x, int channels, int count) {
    for (int i = 0; i < count; i++) {
        int y = unit(graph, x, channels, channels, 1);
        x = tam_graph_add_named(graph, NULL, "add", (int[]){x, y}, 2, NULL);
    }
    return x;
}

static void build(tam_graph *graph, int dim, const double *key) {
    int width = (int)key[WIDTH];
    int x = activated(graph, 0, width, 3, 2, 1);
    x = activated(graph, x, width, 3, 1, width / 2);
    x = residual_units(graph, unit(graph, x, width, width, 2), width, 4);
    x = residual_units(graph, unit(graph, x, 2 * width, 2 * width, 2), 2 * width, 6);
    x = residual_units(graph, unit(graph, x, 4 * width, 2 * width, 2), 2 * width, 2);
    x = activated(graph, x, 4 * width, 1, 1, 1);
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_mobilefacenet = {
    .name = "mobilefacenet",
    .source = "Chen, Liu, Gao, Han, \"MobileFaceNets\", CCBR 2018",
    .keys = keys,
    .key_count = 3,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
