/* y = x0 + x1. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = at->x[0][i] + at->x[1][i];
    }
}

/* dx0 = dy;  dx1 = dy */
static void backward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += at->dy[i];
        at->dx[1][i] += at->dy[i];
    }
}

const tam_ref_op tam_ref_add = {.forward = forward, .backward = backward};
