/* y = x + map. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t sample = tam_shape_count(at->out);
    for (int64_t i = 0; i < at->n * sample; i++) {
        at->y[i] = at->x[0][i] + at->value[0][i % sample];
    }
}

/* dx = dy;  dmap = sum of dy over the samples */
static void backward(const tam_ref_node *at) {
    int64_t sample = tam_shape_count(at->out);
    for (int64_t j = 0; j < sample; j++) {
        double sum = 0;
        for (int64_t i = j; i < at->n * sample; i += sample) {
            sum += (double)at->dy[i];
            at->dx[0][i] += at->dy[i];
        }
        at->gradient[0][j] += (float)sum;
    }
}

const tam_ref_op tam_ref_position = {.forward = forward, .backward = backward};
