/* y[n][c] = mean of x[n][c] over the map. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w;
    for (int64_t plane = 0; plane < (int64_t)at->n * at->out.c; plane++) {
        double sum = 0;
        for (int64_t i = plane * map; i < (plane + 1) * map; i++) {
            sum += at->x[0][i];
        }
        at->y[plane] = (float)(sum / (double)map);
    }
}

/* dx of every value of the map += dy / map */
static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w;
    for (int64_t i = 0; i < at->n * tam_shape_count(at->in[0]); i++) {
        at->dx[0][i] += at->dy[i / map] / (float)map;
    }
}

const tam_ref_op tam_ref_global_pool = {.forward = forward, .backward = backward};
