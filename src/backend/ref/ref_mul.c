/* y = x0 x1, where x1 may have one number for each channel. */
#include "backend/ref/ref.h"

/* How many numbers of x0 one of x1 stands for. */
static int64_t share(const tam_ref_node *at) {
    return tam_shape_count(at->in[0]) / tam_shape_count(at->in[1]);
}

static void forward(const tam_ref_node *at) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = at->x[0][i] * at->x[1][i / share(at)];
    }
}

/* dx0 = dy x1;  dx1 = sum of dy x0 over the numbers that it stands for */
static void backward(const tam_ref_node *at) {
    int64_t numbers = share(at);
    for (int64_t j = 0; j < at->n * tam_shape_count(at->in[1]); j++) {
        double sum = 0;
        for (int64_t i = j * numbers; i < (j + 1) * numbers; i++) {
            sum += (double)at->dy[i] * (double)at->x[0][i];
            at->dx[0][i] += at->dy[i] * at->x[1][j];
        }
        at->dx[1][j] += (float)sum;
    }
}

const tam_ref_op tam_ref_mul = {.forward = forward, .backward = backward};
