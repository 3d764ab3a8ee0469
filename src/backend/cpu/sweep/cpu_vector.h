/* Vectors of LANES numbers, computed in f32 and stored as f32 or bf16. Included by the kernels of one instruction set
 * behind KERNEL_TARGET, the attribute of every function here, and LANES (4, 8 or 16). */
#include <stdint.h>
#include <string.h>

#if LANES == 16
#include <immintrin.h>
#endif

#include "backend/dtype.h"
#include "base/bf16.h"

#define CALL static KERNEL_TARGET
#define PART static inline __attribute__((always_inline)) KERNEL_TARGET
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint32_t vec_bits __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint16_t vec_short __attribute__((vector_size(LANES * 2), aligned(2), may_alias));

PART int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

PART vec spread(float value) {
    return value - (vec){0};
}

/* The compilers' own conversions of 16 numbers go by halves. */
#if LANES == 16
PART vec_bits widened(const tam_bf16 *x) {
    return (vec_bits)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x));
}

PART void narrow(vec_bits bits, tam_bf16 *to) {
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16((__m512i)bits));
}
#else
PART vec_bits widened(const tam_bf16 *x) {
    return __builtin_convertvector(*(const vec_short *)x, vec_bits);
}

PART void narrow(vec_bits bits, tam_bf16 *to) {
    *(vec_short *)to = __builtin_convertvector(bits, vec_short);
}
#endif

PART vec load(tam_dtype dtype, const void *x, int64_t at) {
    if (dtype == TAM_F32) {
        return *(const vec *)((const float *)x + at);
    }
    return (vec)(widened((const tam_bf16 *)x + at) << 16);
}

/* bf16 as by tam_bf16_nearest. */
PART void store(tam_dtype dtype, void *y, int64_t at, vec value) {
    if (dtype == TAM_F32) {
        *(vec *)((float *)y + at) = value;
        return;
    }
    vec_bits bits = (vec_bits)value, nan = (vec_bits)(value != value);
    vec_bits rounded = bits + 0x7fff + (bits >> 16 & 1), quiet = bits | 0x400000;
    vec_bits chosen = (quiet & nan) | (rounded & ~nan);
    narrow(chosen >> 16, (tam_bf16 *)y + at);
}

/* A row of vectors, `step` numbers apart, side by side in f32. */
PART void widen_row(tam_dtype dtype, const void *x, int64_t at, int64_t step, int64_t count, float *to) {
    enum { AHEAD = 32 }; /* vectors, by which memory comes into the cache before it is needed */
    const int64_t bytes = dtype == TAM_F32 ? 4 : 2;
    for (int64_t k = 0; k < count; k++) {
        __builtin_prefetch((const char *)x + (at + (k + AHEAD) * step) * bytes, 0, 3);
        *(vec *)(to + k * LANES) = load(dtype, x, at + k * step);
    }
}

/* sums += the vectors of a row. */
PART void sum_row(const float *x, int64_t step, int64_t count, float *sums) {
    vec sum[2] = {*(const vec *)sums, {0}};
    for (int64_t k = 0; k < count; k++, x += step) {
        sum[k & 1] += *(const vec *)x;
    }
    *(vec *)sums = sum[0] + sum[1];
}
