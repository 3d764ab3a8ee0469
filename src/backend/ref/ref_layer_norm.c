/* y = gamma xh + beta, xh = (x - mean) / sqrt(variance + eps) with the statistics of the pixel's channels. */
#include <math.h>

#include "backend/ref/ref.h"

/* Kept of each pixel: scale = 1 / sqrt(variance + eps). */
typedef struct statistics {
    double mean, scale;
} statistics;

static int64_t map_of(const tam_ref_node *at) {
    return (int64_t)at->out.h * at->out.w;
}

static size_t kept_bytes(const tam_node *node, tam_shape in, int batch) {
    (void)node;
    return (size_t)batch * (size_t)in.h * (size_t)in.w * sizeof(statistics);
}

/* Where channel c of a pixel lies. */
static int64_t place(const tam_ref_node *at, int64_t pixel, int c) {
    return (pixel / map_of(at) * at->out.c + c) * map_of(at) + pixel % map_of(at);
}

static statistics statistics_of(const tam_ref_node *at, int64_t pixel) {
    double mean = 0, variance = 0;
    for (int c = 0; c < at->out.c; c++) {
        mean += (double)at->x[0][place(at, pixel, c)] / at->out.c;
    }
    for (int c = 0; c < at->out.c; c++) {
        double away = (double)at->x[0][place(at, pixel, c)] - mean;
        variance += away * away / at->out.c;
    }
    return (statistics){mean, 1 / sqrt(variance + at->node->key[TAM_LAYER_NORM_EPS])};
}

static void forward(const tam_ref_node *at) {
    statistics *kept = at->kept;
    for (int64_t pixel = 0; pixel < at->n * map_of(at); pixel++) {
        kept[pixel] = statistics_of(at, pixel);
        for (int c = 0; c < at->out.c; c++) {
            int64_t i = place(at, pixel, c);
            double xh = ((double)at->x[0][i] - kept[pixel].mean) * kept[pixel].scale;
            at->y[i] = (float)(xh * (double)at->value[0][c] + (double)at->value[1][c]);
        }
    }
}

/* With g = gamma dy: dx = scale (g - mean of g - xh mean of (g xh)) */
static void backward_pixel(const tam_ref_node *at, int64_t pixel, statistics s) {
    double mean_g = 0, mean_g_xh = 0;
    for (int c = 0; c < at->out.c; c++) {
        int64_t i = place(at, pixel, c);
        double xh = ((double)at->x[0][i] - s.mean) * s.scale, g = (double)at->value[0][c] * (double)at->dy[i];
        mean_g += g / at->out.c;
        mean_g_xh += g * xh / at->out.c;
    }
    for (int c = 0; c < at->out.c; c++) {
        int64_t i = place(at, pixel, c);
        double xh = ((double)at->x[0][i] - s.mean) * s.scale, g = (double)at->value[0][c] * (double)at->dy[i];
        at->dx[0][i] += (float)(s.scale * (g - mean_g - xh * mean_g_xh));
    }
}

/* dgamma = sum of dy xh;  dbeta = sum of dy */
static void backward(const tam_ref_node *at) {
    const statistics *kept = at->kept;
    int64_t pixels = at->n * map_of(at);
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
        backward_pixel(at, pixel, kept[pixel]);
    }
    for (int c = 0; c < at->out.c; c++) {
        double dgamma = 0, dbeta = 0;
        for (int64_t pixel = 0; pixel < pixels; pixel++) {
            int64_t i = place(at, pixel, c);
            dgamma += (double)at->dy[i] * ((double)at->x[0][i] - kept[pixel].mean) * kept[pixel].scale;
            dbeta += (double)at->dy[i];
        }
        at->gradient[0][c] += (float)dgamma;
        at->gradient[1][c] += (float)dbeta;
    }
}

const tam_ref_op tam_ref_layer_norm = {.forward = forward, .backward = backward, .kept_bytes = kept_bytes};
