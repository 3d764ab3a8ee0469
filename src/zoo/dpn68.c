/* Dual path network: a unit's output has a part that is added to the maps before it, as in a residual net, and a part
 * that is put beside them, as in a dense one; the next unit reads both. Norm and ReLU stand in front of each
 * convolution. */
#include "zoo/family.h"

enum { INPUT, OUTPUT, DROPOUT, WIDTH };

static const tam_key keys[] = {
    [INPUT] = TAM_ZOO_INPUT,
    [OUTPUT] = TAM_ZOO_OUTPUT,
    [DROPOUT] = TAM_ZOO_DROPOUT,
    [WIDTH] = TAM_WHOLE("width", 64, 4, 1024,
                        "a multiple of 4: channels of the first stage's residual path; all others "
                        "and the number of groups in proportion"),
};

enum { STAGES = 4, MOST_UNITS = 12 };
static const int units[STAGES] = {3, 4, 12, 3};
/* What a unit adds to the dense path, for a width of 64. */
static const int dense_step[STAGES] = {16, 32, 32, 64};

/* map[0] is the residual path; the others, side by side, are the dense one. */
typedef struct paths {
    int map[2 + MOST_UNITS], count;
} paths;

static int activated(tam_graph *graph, int x) {
    x = tam_graph_then(graph, "batch_norm", x, "eps=0.001");
    return tam_graph_plain(graph, "relu", x);
}

static int convolve(tam_graph *graph, int x, int out, int kernel, int stride, int groups) {
    return tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,stride=%d,pad=%d,groups=%d,bias=0", out, kernel, stride,
                          kernel / 2, groups);
}

static int together(tam_graph *graph, const paths *both) {
    return tam_graph_add_named(graph, NULL, "concat", both->map, both->count, NULL);
}

static int part(tam_graph *graph, int x, int first, int count) {
    return tam_graph_then(graph, "slice", x, "first=%d,count=%d", first, count);
}

/* The first unit of a stage projects what came before to the channels of both paths, the dense one with two steps. */
static paths project(tam_graph *graph, int x, int residual, int dense, int stride) {
    x = convolve(graph, activated(graph, x), residual + dense, 1, stride, 1);
    int first = part(graph, x, 0, residual);
    return (paths){.map = {first, part(graph, x, residual, dense)}, .count = 2};
}

/* The first channels of y are added to the residual path, the others lengthen the dense one. */
static void join(tam_graph *graph, paths *both, int y, int residual, int step) {
    int added[] = {both->map[0], part(graph, y, 0, residual)};
    both->map[0] = tam_graph_add_named(graph, NULL, "add", added, 2, NULL);
    both->map[both->count++] = part(graph, y, residual, step);
}

/* 1 x 1, 3 x 3 in groups, 1 x 1. */
static int bottleneck(tam_graph *graph, int x, int inner, int out, int stride, int groups) {
    x = convolve(graph, activated(graph, x), inner, 1, 1, 1);
    x = convolve(graph, activated(graph, x), inner, 3, stride, groups);
    return convolve(graph, activated(graph, x), out, 1, 1, 1);
}

static int stage(tam_graph *graph, int x, int index, int width) {
    int residual = width << index, step = dense_step[index] * width / 64, groups = width / 2;
    int stride = index == 0 ? 1 : 2;
    paths both = project(graph, x, residual, 2 * step, stride);
    for (int unit = 0; unit < units[index]; unit++) {
        int y = bottleneck(graph, x, 2 * residual, residual + step, unit == 0 ? stride : 1, groups);
        join(graph, &both, y, residual, step);
        x = together(graph, &both);
    }
    return x;
}

static int stem(tam_graph *graph, int out, bool large) {
    int x = convolve(graph, 0, out, 3, large ? 1 : 2, 1);
    return tam_graph_then(graph, "max_pool", activated(graph, x), "kernel=3,stride=2,pad=1");
}

static void build(tam_graph *graph, int dim, const double *key) {
    int width = (int)key[WIDTH];
    if (width % 4 != 0) {
        tam_graph_refuse(graph, "width=%d is not a multiple of 4", width);
        return;
    }
    int x = stem(graph, (10 * width + 32) / 64, key[INPUT] == TAM_INPUT_L);
    for (int i = 0; i < STAGES; i++) {
        x = stage(graph, x, i, width);
    }
    tam_zoo_output(graph, activated(graph, x), (int)key[OUTPUT], dim, key[DROPOUT]);
}

const tam_backbone tam_backbone_dpn68 = {
    .name = "dpn68",
    .source = "Chen, Li, Xiao, Jin, Yan, Feng, \"Dual path networks\", NIPS 2017",
    .keys = keys,
    .key_count = 4,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};
