#include "zoo/residual.h"

enum { WIDTH, DROPOUT, INPUT, BLOCK, OUTPUT, SE };

enum { EXPANSION = 4, SE_REDUCTION = 16 };

typedef struct builder {
    tam_graph *graph;
    const double *key;
    bool bottleneck, original;
} builder;

static int norm(const builder *b, int x) {
    return tam_graph_plain(b->graph, "batch_norm", x);
}

static int activate(const builder *b, int x) {
    return tam_graph_plain(b->graph, b->original ? "relu" : "prelu", x);
}

static int convolve(const builder *b, int x, int out, int kernel, int stride) {
    return tam_graph_then(b->graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,bias=0", out, kernel, stride,
                          kernel / 2);
}

static int convolve_activated(const builder *b, int x, int out, int kernel, int stride) {
    return activate(b, norm(b, convolve(b, x, out, kernel, stride)));
}

/* One factor for each channel of x. */
static int squeeze_excite(const builder *b, int x, int channels) {
    int narrow = channels > SE_REDUCTION ? channels / SE_REDUCTION : 1;
    int y = tam_graph_then(b->graph, "fc", tam_graph_plain(b->graph, "global_pool", x), "out=%d", narrow);
    y = tam_graph_then(b->graph, "fc", activate(b, y), "out=%d", channels);
    y = tam_graph_plain(b->graph, "sigmoid", y);
    return tam_graph_add_named(b->graph, NULL, "mul", (int[]){x, y}, 2, NULL);
}

/* The unit's convolutions, up to the one that makes its output's channels. `width` are those of the 3 x 3 ones. */
static int convolutions(const builder *b, int x, int width, int stride) {
    int early = b->original ? stride : 1, late = b->original ? 1 : stride;
    if (!b->original) {
        x = norm(b, x);
    }
    if (!b->bottleneck) {
        return convolve(b, convolve_activated(b, x, width, 3, early), width, 3, late);
    }
    x = convolve_activated(b, convolve_activated(b, x, width, 1, 1), width, 3, early);
    return convolve(b, x, width * EXPANSION, 1, late);
}

/* From `in` channels to `out`. A stride of 2 halves the map, rounding up. The shortcut is x itself where the shape
 * stays as it is. */
static int unit(const builder *b, int x, int in, int out, int stride) {
    int y = norm(b, convolutions(b, x, b->bottleneck ? out / EXPANSION : out, stride));
    if (b->key[SE] != 0) {
        y = squeeze_excite(b, y, out);
    }
    int shortcut = x;
    if (stride != 1 || in != out) {
        shortcut = norm(b, convolve(b, x, out, 1, stride));
    }
    y = tam_graph_add_named(b->graph, NULL, "add", (int[]){y, shortcut}, 2, NULL);
    return b->original ? activate(b, y) : y;
}

static int stem(const builder *b, int width) {
    if (b->key[INPUT] == TAM_INPUT_L) {
        return convolve_activated(b, 0, width, 3, 1);
    }
    return tam_graph_then(b->graph, "max_pool", convolve_activated(b, 0, width, 7, 2), "kernel=3,stride=2,pad=1");
}

void tam_residual_build(tam_graph *graph, int dim, const double *key, const tam_residual *net) {
    builder b = {graph, key, net->bottleneck, key[BLOCK] == TAM_BLOCK_ORIG};
    int width = (int)key[WIDTH], channels = width, x = stem(&b, width);
    for (int stage = 0; stage < TAM_RESIDUAL_STAGES; stage++) {
        int out = (width << stage) * (net->bottleneck ? EXPANSION : 1);
        for (int i = 0; i < net->units[stage]; i++) {
            bool halves = i == 0 && (stage > 0 || key[INPUT] == TAM_INPUT_L);
            x = unit(&b, x, channels, out, halves ? 2 : 1);
            channels = out;
        }
    }
    tam_zoo_output(graph, x, (int)key[OUTPUT], dim, key[DROPOUT]);
}
