/* y = factor x + shift. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    double factor = at->node->key[TAM_SCALE_FACTOR], shift = at->node->key[TAM_SCALE_SHIFT];
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = (float)(factor * (double)at->x[0][i] + shift);
    }
}

static void backward(const tam_ref_node *at) {
    double factor = at->node->key[TAM_SCALE_FACTOR];
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += (float)(factor * (double)at->dy[i]);
    }
}

const tam_ref_op tam_ref_scale = {.forward = forward, .backward = backward};
