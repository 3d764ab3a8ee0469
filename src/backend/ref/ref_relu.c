/* y = x where x > 0, else 0; a NaN stays one. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = at->x[0][i] <= 0 ? 0 : at->x[0][i];
    }
}

/* dx = dy where x > 0, else 0 */
static void backward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += at->x[0][i] > 0 ? at->dy[i] : 0;
    }
}

const tam_ref_op tam_ref_relu = {.forward = forward, .backward = backward};
