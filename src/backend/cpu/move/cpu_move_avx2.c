#include "backend/cpu/move/cpu_move_kinds.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define KERNEL_NAME "avx2"
#include "backend/cpu/move/cpu_move_words.h"

typedef words lanes;

PART lanes lanes_of(uint16_t mask) {
    const words bits = {1, 2, 4, 8, 16, 32, 64, 128};
    return (lanes)((bits & mask) == bits);
}

PART words indices_of(const uint8_t *from) {
    return (words)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

PART words load_f32(const float *x, int n) {
    return n == LANES ? (words)_mm256_loadu_si256((const __m256i *)x) : load_some_f32(x, n);
}

PART words load_bf16(const tam_bf16 *x, int n) {
    return n == LANES ? (words)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)x)) : load_some_bf16(x, n);
}

PART void store_f32(float *y, int n, words v) {
    if (n == LANES) {
        _mm256_storeu_si256((__m256i *)y, (__m256i)v);
    } else {
        store_some_f32(y, n, v);
    }
}

PART void store_bf16(tam_bf16 *y, int n, words v) {
    if (n == LANES) {
        __m128i low = _mm256_castsi256_si128((__m256i)v), high = _mm256_extracti128_si256((__m256i)v, 1);
        _mm_storeu_si128((__m128i *)y, _mm_packus_epi32(low, high));
    } else {
        store_some_bf16(y, n, v);
    }
}

/* The numbers of `x` that `indices` names, in the lanes of the mask. */
PART words pick(words v, lanes mask, words indices, words x) {
    __m256i moved = _mm256_permutevar8x32_epi32((__m256i)x, (__m256i)indices);
    return (words)_mm256_blendv_epi8((__m256i)v, moved, (__m256i)mask);
}

#include "backend/cpu/move/cpu_move_kernel.h"

const tam_move_kernels *tam_move_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}
#else
const tam_move_kernels *tam_move_avx2(void) {
    return NULL;
}
#endif
