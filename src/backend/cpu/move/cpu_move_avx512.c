#include "backend/cpu/move/cpu_move_kinds.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define KERNEL_NAME "avx512"
#include "backend/cpu/move/cpu_move_words.h"

typedef __mmask16 lanes;

PART lanes lanes_of(uint16_t mask) {
    return mask;
}

PART words indices_of(const uint8_t *from) {
    return (words)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

PART lanes first_lanes(int n) {
    return (lanes)((1u << n) - 1);
}

PART words load_f32(const float *x, int n) {
    return (words)_mm512_maskz_loadu_epi32(first_lanes(n), x);
}

PART words load_bf16(const tam_bf16 *x, int n) {
    return (words)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first_lanes(n), x));
}

PART void store_f32(float *y, int n, words v) {
    _mm512_mask_storeu_epi32(y, first_lanes(n), (__m512i)v);
}

PART void store_bf16(tam_bf16 *y, int n, words v) {
    _mm512_mask_cvtepi32_storeu_epi16(y, first_lanes(n), (__m512i)v);
}

/* The numbers of `x` that `indices` names, in the lanes of the mask. */
PART words pick(words v, lanes mask, words indices, words x) {
    return (words)_mm512_mask_permutexvar_epi32((__m512i)v, mask, (__m512i)indices, (__m512i)x);
}

#include "backend/cpu/move/cpu_move_kernel.h"

const tam_move_kernels *tam_move_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return runs ? &table : NULL;
}
#else
const tam_move_kernels *tam_move_avx512(void) {
    return NULL;
}
#endif
