/* What all ops share that take number by number: y = f(x), dx = f'(x) dy. */
#ifndef BACKEND_REF_POINTWISE_H
#define BACKEND_REF_POINTWISE_H

#include <math.h>

#include "backend/ref/ref.h"

static inline void tam_ref_pointwise_forward(const tam_ref_node *at, double (*value)(double x)) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->y[i] = (float)value((double)at->x[0][i]);
    }
}

static inline void tam_ref_pointwise_backward(const tam_ref_node *at, double (*slope)(double x)) {
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        at->dx[0][i] += (float)(slope((double)at->x[0][i]) * (double)at->dy[i]);
    }
}

/* The op of a file with the functions `value` and `slope`. */
#define TAM_REF_POINTWISE(name)                    \
    static void forward(const tam_ref_node *at) {  \
        tam_ref_pointwise_forward(at, value);      \
    }                                              \
    static void backward(const tam_ref_node *at) { \
        tam_ref_pointwise_backward(at, slope);     \
    }                                              \
    const tam_ref_op tam_ref_##name = {.forward = forward, .backward = backward}

#endif
