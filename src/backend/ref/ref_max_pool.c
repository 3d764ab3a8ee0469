/* y = the largest x of the window, the first of equal ones; a NaN wins, so that it is seen. */
#include <math.h>

#include "backend/ref/ref.h"
#include "backend/ref/ref_window.h"

/* Where in the plane each y came from. */
static size_t kept_bytes(const tam_node *node, tam_shape in, int batch) {
    (void)in;
    return (size_t)(tam_shape_count(node->shape) * batch) * sizeof(int32_t);
}

static int32_t place_of_largest(const float *plane, int width, tam_ref_window window) {
    int32_t place = window.top * width + window.left;
    for (int h = window.top; h < window.bottom; h++) {
        for (int w = window.left; w < window.right; w++) {
            float x = plane[h * width + w];
            if (x > plane[place] || (isnan(x) && !isnan(plane[place]))) {
                place = h * width + w;
            }
        }
    }
    return place;
}

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, read = (int64_t)at->in[0].h * at->in[0].w;
    int32_t *kept = at->kept;
    for (int64_t plane = 0; plane < (int64_t)at->n * at->out.c; plane++) {
        for (int i = 0; i < map; i++) {
            const float *x = at->x[0] + plane * read;
            tam_ref_window window = tam_ref_window_at(at, i / at->out.w, i % at->out.w);
            int32_t place = place_of_largest(x, at->in[0].w, window);
            kept[plane * map + i] = place;
            at->y[plane * map + i] = x[place];
        }
    }
}

/* dx at the place that won += dy */
static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, read = (int64_t)at->in[0].h * at->in[0].w;
    const int32_t *kept = at->kept;
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i / map * read + kept[i]] += at->dy[i];
    }
}

const tam_ref_op tam_ref_max_pool = {.forward = forward, .backward = backward, .kept_bytes = kept_bytes};
