/* y[n][o] = bias[o] + sum_i weight[o][i] x[n][i]. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t width = tam_shape_count(at->in[0]);
    bool bias = at->node->key[TAM_FC_BIAS] != 0;
    for (int n = 0; n < at->n; n++) {
        for (int o = 0; o < at->out.c; o++) {
            double sum = bias ? (double)at->value[1][o] : 0;
            for (int64_t i = 0; i < width; i++) {
                sum += (double)at->value[0][o * width + i] * at->x[0][n * width + i];
            }
            at->y[n * at->out.c + o] = (float)sum;
        }
    }
}

/* dx[n][i] = sum_o dy[n][o] weight[o][i];  dweight[o][i] = sum_n dy[n][o] x[n][i];  dbias[o] = sum_n dy[n][o] */
static void backward(const tam_ref_node *at) {
    int64_t width = tam_shape_count(at->in[0]);
    bool bias = at->node->key[TAM_FC_BIAS] != 0;
    for (int n = 0; n < at->n; n++) {
        for (int64_t i = 0; i < width; i++) {
            double sum = 0;
            for (int o = 0; o < at->out.c; o++) {
                sum += (double)at->dy[n * at->out.c + o] * at->value[0][o * width + i];
            }
            at->dx[0][n * width + i] += (float)sum;
        }
    }
    for (int o = 0; o < at->out.c; o++) {
        double dbias = 0;
        for (int64_t i = 0; i < width; i++) {
            double sum = 0;
            for (int n = 0; n < at->n; n++) {
                sum += (double)at->dy[n * at->out.c + o] * at->x[0][n * width + i];
            }
            at->gradient[0][o * width + i] += (float)sum;
        }
        for (int n = 0; bias && n < at->n; n++) {
            dbias += at->dy[n * at->out.c + o];
        }
        if (bias) {
            at->gradient[1][o] += (float)dbias;
        }
    }
}

const tam_ref_op tam_ref_fc = {.forward = forward, .backward = backward};
