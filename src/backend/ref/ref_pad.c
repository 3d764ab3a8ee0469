/* Zeros around a map. */
#include "backend/ref/ref.h"

/* Where number i of x lies in y. */
static int64_t place(const tam_ref_node *at, int64_t i) {
    const double *key = at->node->key;
    int64_t map = (int64_t)at->in[0].h * at->in[0].w, row = i % map / at->in[0].w, column = i % at->in[0].w;
    return (i / map * at->out.h + row + (int64_t)key[TAM_PAD_TOP]) * at->out.w + column + (int64_t)key[TAM_PAD_LEFT];
}

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = 0;
    }
    for (int64_t i = 0; i < at->n * tam_shape_count(at->in[0]); i++) {
        at->y[place(at, i)] = at->x[0][i];
    }
}

static void backward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->in[0]); i++) {
        at->dx[0][i] += at->dy[place(at, i)];
    }
}

const tam_ref_op tam_ref_pad = {.forward = forward, .backward = backward};
