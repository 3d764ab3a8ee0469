/* y = the channels from `first` on. */
#include "backend/ref/ref.h"

/* Where number i of y lies in x. */
static int64_t place(const tam_ref_node *at, int64_t i) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w, part = tam_shape_count(at->out);
    return i / part * tam_shape_count(at->in[0]) + (int64_t)at->node->key[TAM_SLICE_FIRST] * map + i % part;
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

const tam_ref_op tam_ref_slice = {.forward = forward, .backward = backward};
