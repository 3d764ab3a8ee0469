/* Axis a of y is axis axes[a] of x. */
#include "backend/ref/ref.h"

/* Where number i of y lies in x. */
static int64_t place(const tam_ref_node *at, int64_t i) {
    const int *axes = tam_transpose_axes(at->node);
    int64_t step[] = {(int64_t)at->in[0].h * at->in[0].w, at->in[0].w, 1}; /* of x's axes */
    int64_t sample = tam_shape_count(at->out), left = i % sample;
    int64_t map = (int64_t)at->out.h * at->out.w;
    return i / sample * sample + left / map * step[axes[0]] + left % map / at->out.w * step[axes[1]] +
           left % at->out.w * step[axes[2]];
}

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = at->x[0][place(at, i)];
    }
}

static void backward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][place(at, i)] += at->dy[i];
    }
}

const tam_ref_op tam_ref_transpose = {.forward = forward, .backward = backward};
