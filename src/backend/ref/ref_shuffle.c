/* Channel i of group g of x is channel i * groups + g of y. */
#include "backend/ref/ref.h"

/* Where number i of x lies in y. */
static int64_t place(const tam_ref_node *at, int64_t i) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w, c = at->in[0].c;
    int64_t groups = (int64_t)at->node->key[TAM_SHUFFLE_GROUPS], channel = i / map % c;
    int64_t to = channel % (c / groups) * groups + channel / (c / groups);
    return i / (map * c) * map * c + to * map + i % map;
}

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[place(at, i)] = at->x[0][i];
    }
}

static void backward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += at->dy[place(at, i)];
    }
}

const tam_ref_op tam_ref_shuffle = {.forward = forward, .backward = backward};
