/* The curves of cpu_sweep_kernel.h, which includes this: of a row of columns at a time, so that to choose the curve
 * costs nothing. */
#ifndef BACKEND_CPU_CPU_SWEEP_CURVE_H
#define BACKEND_CPU_CPU_SWEEP_CURVE_H

#include "base/vector_curves.h"

/* gcc prefers halves of the widest vectors. */
#if LANES == 16 && !defined(__clang__)
#define CURVE_TARGET KERNEL_TARGET __attribute__((target("prefer-vector-width=512")))
#else
#define CURVE_TARGET KERNEL_TARGET
#endif
#define CURVE_ROW static __attribute__((noinline)) UNCHECKED CURVE_TARGET

#include "backend/cpu/sweep/cpu_sweep_short.h"

#define EACH_CURVE(X)               \
    X(TAM_CURVE_SIGMOID, sigmoid)   \
    X(TAM_CURVE_HSIGMOID, hsigmoid) \
    X(TAM_CURVE_SWISH, swish)       \
    X(TAM_CURVE_HSWISH, hswish)     \
    X(TAM_CURVE_GELU, gelu)         \
    X(TAM_CURVE_TANH, tanh)

/* z = f(z) */
CURVE_ROW void long_values(tam_sweep_curve curve, vec *row) {
    float *z = (float *)row;
    switch (curve) {
#define X(number, name)                   \
    case number:                          \
        for (int i = 0; i < WIDTH; i++) { \
            z[i] = tam_##name(z[i]);      \
        }                                 \
        return;
        EACH_CURVE(X)
#undef X
    case TAM_CURVE_NONE:
        return;
    }
}

/* dz = f'(z) dz */
CURVE_ROW void long_slopes(tam_sweep_curve curve, const vec *row, vec *gradient) {
    const float *z = (const float *)row;
    float *dz = (float *)gradient;
    switch (curve) {
#define X(number, name)                        \
    case number:                               \
        for (int i = 0; i < WIDTH; i++) {      \
            dz[i] *= tam_##name##_slope(z[i]); \
        }                                      \
        return;
        EACH_CURVE(X)
#undef X
    case TAM_CURVE_NONE:
        return;
    }
}

PART void curve_values(const tam_dtype dtype, tam_sweep_curve curve, vec *z) {
    if (dtype != TAM_BF16 || !short_values(curve, z)) {
        long_values(curve, z);
    }
}

PART void curve_slopes(const tam_dtype dtype, tam_sweep_curve curve, const vec *z, vec *dz) {
    if (dtype != TAM_BF16 || !short_slopes(curve, z, dz)) {
        long_slopes(curve, z, dz);
    }
}

#endif
