#include "zoo/family.h"

enum { MOST_WINDOW = 64 };

int tam_zoo_channels(int channels, double factor) {
    enum { STEP = 8 };
    double wanted = channels * factor;
    int found = (int)(wanted + STEP / 2) / STEP * STEP;
    found = found < STEP ? STEP : found;
    return found < 0.9 * wanted ? found + STEP : found;
}

static int full(tam_graph *graph, int x, int dim) {
    return tam_graph_then(graph, "fc", x, "out=%d,bias=0", dim);
}

static int last_norm(tam_graph *graph, int x) {
    return tam_graph_then(graph, "batch_norm", x, "scale=0");
}

static int mean(tam_graph *graph, int x, int dim) {
    tam_shape map = tam_graph_node(graph, x)->shape;
    if (map.c != dim) {
        return tam_graph_refuse(graph,
                                "output=A gives the mean of the last map, which has %d channels, not %d: ask for an "
                                "embedding of %d, or for output=B",
                                map.c, dim, map.c);
    }
    return tam_graph_plain(graph, "global_pool", x);
}

/* The window is the map's shorter side; of a longer one what it leaves is flattened. */
static int own_windows(tam_graph *graph, int x) {
    tam_shape map = tam_graph_node(graph, x)->shape;
    int side = map.h < map.w ? map.h : map.w;
    x = tam_graph_then(graph, "conv", x, "out=%d,kernel=%d,groups=%d,bias=0", map.c,
                       side < MOST_WINDOW ? side : MOST_WINDOW, map.c);
    return tam_graph_plain(graph, "batch_norm", x);
}

int tam_zoo_output(tam_graph *graph, int x, int output, int dim, double dropout) {
    if (x < 0) {
        return x; /* the graph has failed before */
    }
    switch (output) {
    case TAM_OUTPUT_A:
        return mean(graph, x, dim);
    case TAM_OUTPUT_B:
        return tam_graph_then(graph, "fc", tam_graph_plain(graph, "global_pool", x), "out=%d", dim);
    case TAM_OUTPUT_C:
        return last_norm(graph, full(graph, tam_graph_plain(graph, "global_pool", x), dim));
    case TAM_OUTPUT_D:
        x = full(graph, tam_graph_plain(graph, "global_pool", x), dim);
        return tam_graph_plain(graph, "prelu", tam_graph_plain(graph, "batch_norm", x));
    case TAM_OUTPUT_GDC:
        return last_norm(graph, full(graph, own_windows(graph, x), dim));
    default:
        x = tam_graph_then(graph, "dropout", tam_graph_plain(graph, "batch_norm", x), "p=%g", dropout);
        return last_norm(graph, full(graph, x, dim));
    }
}
