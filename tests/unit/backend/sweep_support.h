/* What the tests of the sweeps share: numbers of either dtype in memory of exactly their size, so that a sanitizer sees
 * what reads or writes beside it. */
#ifndef TESTS_UNIT_BACKEND_SWEEP_SUPPORT_H
#define TESTS_UNIT_BACKEND_SWEEP_SUPPORT_H

#include <math.h>

#include "backend/cpu/sweep/cpu_sweep.h"
#include "base/bf16.h"
#include "support.h"

static inline double number_at(tam_dtype dtype, const void *x, int64_t i) {
    return dtype == TAM_BF16 ? (double)tam_bf16_value(((const tam_bf16 *)x)[i]) : (double)((const float *)x)[i];
}

static inline void set_number(tam_dtype dtype, void *x, int64_t i, double number) {
    if (dtype == TAM_BF16) {
        ((tam_bf16 *)x)[i] = tam_bf16_nearest((float)number);
    } else {
        ((float *)x)[i] = (float)number;
    }
}

/* Between -1 and 1. */
static inline double next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

static inline void *new_numbers(tam_dtype dtype, int64_t count, uint32_t seed) {
    void *x = malloc((size_t)count * tam_dtype_bytes(dtype));
    assert_non_null(x);
    uint32_t state = seed * 2654435761u;
    for (int64_t i = 0; i < count; i++) {
        set_number(dtype, x, i, 2 * next_random(&state));
    }
    return x;
}

static inline float *new_pattern(int64_t count, double middle, uint32_t seed) {
    float *pattern = malloc((size_t)count * sizeof *pattern);
    assert_non_null(pattern);
    uint32_t state = seed * 2654435761u;
    for (int64_t i = 0; i < count; i++) {
        pattern[i] = (float)(middle + 0.5 * next_random(&state));
    }
    return pattern;
}

static inline void *copy_of(const void *from, size_t bytes) {
    void *copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, from, bytes);
    return copy;
}

/* `computed` is in f32 and then stored; `size` is that of the numbers it was made of. */
static inline void check_number(tam_dtype dtype, double computed, double expected, double size) {
    double most = 2e-6 * size + (dtype == TAM_BF16 ? fabs(expected) / 256 : 0);
    if (!(fabs(computed - expected) <= most)) {
        fail_msg("%.9g, but %.9g is expected (to %.3g)", computed, expected, most);
    }
}

static inline int period_of(int lanes) {
    return 64 % lanes == 0 ? 64 : lanes;
}

#endif
