/* ShuffleNet V2: a unit leaves one half of its channels as they are and filters the other half; a shuffle mixes the two
 * for the next one. A unit that halves the map filters all channels twice, each time to half of what comes out. */
#include "zoo/family.h"

enum { INPUT, OUTPUT, DROPOUT, WIDTH };

static const tam_key keys[] = {
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [WIDTH] = TAM_NUMBER("width", 1, 0.5, 2, "0.5, 1, 1.5 or 2: the four nets of the paper"),
};

enum { STAGES = 3, FIRST = 24 };
static const int units[STAGES] = {4, 8, 4};
typedef struct channels {
    double width;
    int stage, last; /* of the first stage, each later one has twice as many; of the last convolution */
} channels;
static const channels table[] = {{0.5, 48, 1024}, {1, 116, 1024}, {1.5, 176, 1024}, {2, 244, 2048}};

static const channels *find(double width) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].width == width) {
            return &table[i];
        }
    }
    return NULL;
}

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,bias=0", out, kernel, stride, kernel / 2);
    return tam_graph_plain(graph, "relu", tam_graph_plain(graph, "batch_norm", x));
}

static int depthwise(tam_graph *graph, int x, int count, int stride) {
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=3,stride=%d,pad=1,groups=%d,bias=0", count, stride, count);
    return tam_graph_plain(graph, "batch_norm", x);
}

static int filtered(tam_graph *graph, int x, int half, int stride) {
    x = depthwise(graph, convolve(graph, x, half, 1, 1), half, stride);
    return convolve(graph, x, half, 1, 1);
}

static int shuffled(tam_graph *graph, int one, int other) {
    int x = tam_graph_add_named(graph, NULL, "concat", (int[]){one, other}, 2, NULL);
    return tam_graph_then(graph, "shuffle", x, "groups=2");
}

static int halving_unit(tam_graph *graph, int x, int in, int half) {
    int shortcut = convolve(graph, depthwise(graph, x, in, 2), half, 1, 1);
    return shuffled(graph, shortcut, filtered(graph, x, half, 2));
}

static int unit(tam_graph *graph, int x, int half) {
    int kept = tam_graph_then(graph, "slice", x, "first=0,count=%d", half);
    int other = tam_graph_then(graph, "slice", x, "first=%d,count=%d", half, half);
    return shuffled(graph, kept, filtered(graph, other, half, 1));
}

static void build(tam_graph *graph, int dim, const double *key) {
    const channels *out = find(key[WIDTH]);
    if (out == NULL) {
        tam_graph_refuse(graph, "width=%g is none of 0.5, 1, 1.5 and 2", key[WIDTH]);
        return;
    }
    int x = convolve(graph, 0, FIRST, 3, key[INPUT] == TAM_INPUT_L ? 1 : 2), in = FIRST;
    x = tam_graph_then(graph, "max_pool", x, "kernel=3,stride=2,pad=1");
    for (int stage = 0; stage < STAGES; stage++) {
        int half = (out->stage << stage) / 2;
        x = halving_unit(graph, x, in, half);
        for (int i = 1; i < units[stage]; i++) {
            x = unit(graph, x, half);
        }
        in = 2 * half;
    }
    x = convolve(graph, x, out->last, 1, 1);
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_shufflenet_v2 = {
    .name = "shufflenet-v2",
    .source = "Ma, Zhang, Zheng, Sun, \"ShuffleNet V2\", ECCV 2018",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
