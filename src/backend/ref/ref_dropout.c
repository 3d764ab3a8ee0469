/* y = mask x in training, mask being 0 or 1 / (1 - p); y = x in inference. */
#include <string.h>

#include "backend/dropout_mask.h"
#include "backend/ref/ref.h"

static size_t kept_bytes(const tam_node *node, tam_shape in, int batch) {
    (void)in;
    return (size_t)(tam_shape_count(node->shape) * batch) * sizeof(float);
}

static void forward(const tam_ref_node *at) {
    int64_t values = at->n * tam_shape_count(at->out);
    float *mask = at->kept;
    if (!at->training) {
        memcpy(at->y, at->x[0], (size_t)values * sizeof *at->y);
        return;
    }
    tam_dropout_mask(at->seed, at->step, at->node->id, at->node->key[TAM_DROPOUT_P], 0, values, mask);
    for (int64_t i = 0; i < values; i++) {
        at->y[i] = mask[i] * at->x[0][i];
    }
}

/* dx = mask dy */
static void backward(const tam_ref_node *at) {
    const float *mask = at->kept;
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += mask[i] * at->dy[i];
    }
}

const tam_ref_op tam_ref_dropout = {.forward = forward, .backward = backward, .kept_bytes = kept_bytes};
