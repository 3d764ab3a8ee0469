/* y_c = exp(x_c) / sum over the pixel's channels. */
#include <math.h>

#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, c = at->out.c;
    for (int64_t pixel = 0; pixel < at->n * map; pixel++) {
        const float *x = at->x[0] + pixel / map * c * map + pixel % map;
        float *y = at->y + (x - at->x[0]);
        double most = -INFINITY, sum = 0;
        for (int64_t k = 0; k < c; k++) {
            most = fmax(most, (double)x[k * map]);
        }
        for (int64_t k = 0; k < c; k++) {
            sum += exp((double)x[k * map] - most);
        }
        for (int64_t k = 0; k < c; k++) {
            y[k * map] = (float)(exp((double)x[k * map] - most) / sum);
        }
    }
}

/* dx = y (dy - sum of dy y) */
static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, c = at->out.c;
    for (int64_t pixel = 0; pixel < at->n * map; pixel++) {
        int64_t first = pixel / map * c * map + pixel % map;
        double sum = 0;
        for (int64_t k = 0; k < c; k++) {
            sum += (double)at->dy[first + k * map] * (double)at->y[first + k * map];
        }
        for (int64_t k = 0; k < c; k++) {
            int64_t i = first + k * map;
            at->dx[0][i] += (float)((double)at->y[i] * ((double)at->dy[i] - sum));
        }
    }
}

const tam_ref_op tam_ref_softmax = {.forward = forward, .backward = backward};
