/* The numbers on which the oracles work, so that the files in tests/golden need only hold results: those of `numbers`
 * in tests/oracle/oracle_numbers.py. */
#ifndef TESTS_GOLDEN_NUMBERS_H
#define TESTS_GOLDEN_NUMBERS_H

#include <stdint.h>

static inline uint32_t golden_mixed(uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 16)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

/* Number i of a stream, uniform in [-0.5, 0.5). */
static inline float golden_number(uint32_t stream, uint32_t i) {
    return (float)(golden_mixed(stream * 100003 + i) >> 8) * 0x1p-24f - 0.5f;
}

static inline void golden_numbers(uint32_t stream, int count, float scale, float *out) {
    for (int i = 0; i < count; i++) {
        out[i] = scale * golden_number(stream, (uint32_t)i);
    }
}

#endif
