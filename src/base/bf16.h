/* bf16: the upper half of an f32. Inline forms without branches, so that loops over them become vector code. */
#ifndef BASE_BF16_H
#define BASE_BF16_H

#include <stdint.h>
#include <string.h>

typedef uint16_t tam_bf16;

static inline float tam_bf16_value(tam_bf16 x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, ties to even; a NaN stays one. */
static inline tam_bf16 tam_bf16_nearest(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);
    uint32_t chosen = (bits & 0x7fffffffu) > 0x7f800000u ? bits | 0x400000u : rounded;
    return (tam_bf16)(chosen >> 16);
}

/* Up or down with the odds that make the mean exact; `random` is 16 random bits. A finite number near the largest f32
 * may become infinite, as by any rounding; a NaN stays one. */
static inline tam_bf16 tam_bf16_at_random(float x, uint32_t random) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t rounded = magnitude >= 0x7f800000u ? bits | (uint32_t)(magnitude > 0x7f800000u) << 22 : bits + random;
    return (tam_bf16)(rounded >> 16);
}

#endif
