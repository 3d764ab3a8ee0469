/* Numbers of maps in vectors, for the sweeps of one kind of processor; the kind's file defines
 *     KERNEL_TARGET             the attribute of every function here
 *     LANES                     f32 numbers in a vector
 *     EVENS, ODDS               indices of two vectors' numbers, those at even and at odd places
 *     LOWS, HIGHS               indices that undo this: the first and the second half of the numbers in order
 *     FMA(a, b, c)              a b + c
 *     IF_POSITIVE(z, a, b)      z > 0 ? a : b
 *     IF_REACHED(z, top, a, b)  z >= top ? a : b
 *     IF_SAME(k, l, a, b)       k == l ? a : b, of words k and l
 *     IF_NAN(z, a, b)           z is not a number ? a : b, of words
 *     OCTETS(from)              LANES numbers of one byte, as words
 *     HALVES(from)              of two bytes
 *     PUT_OCTETS(to, w)         words below 2^8, in one byte each
 *     PUT_HALVES(to, w)         words below 2^16, in two
 *     PRODUCTS(a, b)            of the lower halves of quads
 * and, if it has masks, SOME_F32, SOME_BF16, PUT_SOME_F32, PUT_SOME_BF16: the first n numbers of a vector.
 *
 * A vector's worth of words holds twice as many bf16. They are taken apart by a shift and a mask: two vectors, of the
 * numbers at even places and of those at odd ones; what meets them, patterns and sums, is brought into that order
 * once for many rows. `n` is the count of numbers, a constant wherever vectors are whole; what is missing reads as 0.
 */
#ifndef BACKEND_CPU_CPU_SWEEP_VECTOR_H
#define BACKEND_CPU_CPU_SWEEP_VECTOR_H

#include <string.h>

#include "backend/cpu/sweep/cpu_sweep.h"
#include "base/bf16.h"

/* Vectors are read at any place: to check each for it makes compilers take minutes. Addresses are checked. */
#define UNCHECKED __attribute__((no_sanitize("undefined")))
#define PART static inline __attribute__((always_inline)) UNCHECKED KERNEL_TARGET
#define CALL static UNCHECKED KERNEL_TARGET
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint32_t words __attribute__((vector_size(LANES * 4), aligned(2), may_alias));
typedef uint64_t quads __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint16_t halves __attribute__((vector_size(LANES * 2), aligned(1), may_alias));
typedef uint8_t octets __attribute__((vector_size(LANES), aligned(1), may_alias));

#ifndef SOME_F32
#define APART static __attribute__((noinline)) UNCHECKED KERNEL_TARGET

APART void some_f32_into(const float *from, int n, float *numbers) {
    memset(numbers, 0, LANES * sizeof *numbers);
    memcpy(numbers, from, (size_t)n * sizeof *from);
}

APART void some_bf16_into(const tam_bf16 *from, int n, tam_bf16 *numbers) {
    memset(numbers, 0, 2 * LANES * sizeof *numbers);
    memcpy(numbers, from, (size_t)n * sizeof *from);
}

PART vec some_f32(const float *from, int n) {
    float numbers[LANES];
    some_f32_into(from, n, numbers);
    return *(const vec *)numbers;
}

PART words some_bf16(const tam_bf16 *from, int n) {
    tam_bf16 numbers[2 * LANES];
    some_bf16_into(from, n, numbers);
    return *(const words *)(const void *)numbers;
}

PART void put_some_f32(float *to, int n, vec v) {
    float numbers[LANES];
    *(vec *)numbers = v;
    memcpy(to, numbers, (size_t)n * sizeof *to);
}

PART void put_some_bf16(tam_bf16 *to, int n, words w) {
    tam_bf16 numbers[2 * LANES];
    *(words *)(void *)numbers = w;
    memcpy(to, numbers, (size_t)n * sizeof *to);
}
#define SOME_F32 some_f32
#define SOME_BF16 some_bf16
#define PUT_SOME_F32 put_some_f32
#define PUT_SOME_BF16 put_some_bf16
#endif

PART int clamped(int n, int most) {
    return n < 0 ? 0 : n < most ? n : most;
}

PART vec all(float number) {
    return number - (vec){0};
}

PART void get_f32(const int vectors, const int n, const float *from, vec *v) {
    UNROLL
    for (int i = 0; i < vectors; i++) {
        int count = clamped(n - i * LANES, LANES);
        v[i] = count == LANES ? *(const vec *)(from + i * LANES) : SOME_F32(from + i * LANES, count);
    }
}

PART void get_bf16(const int vectors, const int n, const tam_bf16 *from, vec *v) {
    UNROLL
    for (int i = 0; i < vectors; i += 2) {
        int count = clamped(n - i * LANES, 2 * LANES);
        const tam_bf16 *at = from + i * LANES;
        words w = count == 2 * LANES ? *(const words *)(const void *)at : SOME_BF16(at, count);
        v[i] = (vec)(w << 16);
        v[i + 1] = (vec)(w & 0xffff0000u);
    }
}

PART void get(const tam_dtype dtype, const int vectors, const int n, const void *from, int64_t at, vec *v) {
    if (dtype == TAM_BF16) {
        get_bf16(vectors, n, (const tam_bf16 *)from + at, v);
    } else {
        get_f32(vectors, n, (const float *)from + at, v);
    }
}

/* f32 numbers in the order in which `get` gives those of that dtype. */
PART void get_pattern(const tam_dtype dtype, const int vectors, const int n, const float *from, vec *v) {
    get_f32(vectors, n, from, v);
    UNROLL
    for (int i = 0; i < vectors && dtype == TAM_BF16; i += 2) {
        vec low = v[i], high = v[i + 1];
        v[i] = __builtin_shufflevector(low, high, EVENS);
        v[i + 1] = __builtin_shufflevector(low, high, ODDS);
    }
}

PART void put_f32(const int vectors, const int n, const vec *v, float *to) {
    UNROLL
    for (int i = 0; i < vectors; i++) {
        int count = clamped(n - i * LANES, LANES);
        if (count == LANES) {
            *(vec *)(to + i * LANES) = v[i];
        } else {
            PUT_SOME_F32(to + i * LANES, count, v[i]);
        }
    }
}

/* As tam_bf16_nearest: the upper halves are the result. */
PART words rounded(vec v) {
    words bits = (words)v;
    return IF_NAN(v, bits | 0x400000u, bits + 0x7fffu + (bits >> 16 & 1u));
}

PART void put_bf16(const int vectors, const int n, const vec *v, tam_bf16 *to) {
    UNROLL
    for (int i = 0; i < vectors; i += 2) {
        int count = clamped(n - i * LANES, 2 * LANES);
        words w = rounded(v[i]) >> 16 | (rounded(v[i + 1]) & 0xffff0000u);
        if (count == 2 * LANES) {
            *(words *)(void *)(to + i * LANES) = w;
        } else {
            PUT_SOME_BF16(to + i * LANES, count, w);
        }
    }
}

PART void put(const tam_dtype dtype, const int vectors, const int n, const vec *v, void *to, int64_t at) {
    if (dtype == TAM_BF16) {
        put_bf16(vectors, n, v, (tam_bf16 *)to + at);
    } else {
        put_f32(vectors, n, v, (float *)to + at);
    }
}

/* What get_pattern undoes. */
PART void put_pattern(const tam_dtype dtype, const int vectors, const int n, const vec *v, float *to) {
    vec ordered[16];
    UNROLL
    for (int i = 0; i < vectors; i++) {
        ordered[i] = v[i];
    }
    UNROLL
    for (int i = 0; i < vectors && dtype == TAM_BF16; i += 2) {
        ordered[i] = __builtin_shufflevector(v[i], v[i + 1], LOWS);
        ordered[i + 1] = __builtin_shufflevector(v[i], v[i + 1], HIGHS);
    }
    put_f32(vectors, n, ordered, to);
}

#endif
