/* Whether numbers are finite, fast enough to ask in every training step. */
#ifndef BASE_FINITE_H
#define BASE_FINITE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bf16.h"

/* A number minus itself is 0 unless it is NaN or infinite; several sums so that the loop becomes vector code. */
static inline bool tam_all_finite(const float *values, size_t count) {
    float sum[8] = {0};
    for (size_t i = 0; i < count; i++) {
        sum[i % 8] += values[i] - values[i];
    }
    return isfinite(sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7]);
}

/* NaN and infinity have all eight bits of the exponent. */
static inline bool tam_all_finite_bf16(const tam_bf16 *values, size_t count) {
    tam_bf16 found = 0;
    for (size_t i = 0; i < count; i++) {
        found |= (tam_bf16)((values[i] & 0x7f80u) == 0x7f80u);
    }
    return found == 0;
}

#endif
