/* The channels of the inputs one after the other. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t sample = tam_shape_count(at->out), first = 0;
    for (int k = 0; k < at->node->inputs; k++) {
        int64_t part = tam_shape_count(at->in[k]);
        for (int64_t i = 0; i < at->n * part; i++) {
            at->y[i / part * sample + first + i % part] = at->x[k][i];
        }
        first += part;
    }
}

static void backward(const tam_ref_node *at) {
    int64_t sample = tam_shape_count(at->out), first = 0;
    for (int k = 0; k < at->node->inputs; k++) {
        int64_t part = tam_shape_count(at->in[k]);
        for (int64_t i = 0; i < at->n * part; i++) {
            at->dx[k][i] += at->dy[i / part * sample + first + i % part];
        }
        first += part;
    }
}

const tam_ref_op tam_ref_concat = {.forward = forward, .backward = backward};
