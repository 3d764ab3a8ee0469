#include "backend/cpu/sweep/cpu_sweep_kinds.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define KERNEL_NAME "avx512"
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define LOWS 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGHS 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define FMA(a, b, c) ((vec)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define CHOOSE(mask, a, b) ((vec)_mm512_mask_blend_ps(mask, (__m512)(b), (__m512)(a)))
#define IF_POSITIVE(z, a, b) CHOOSE(_mm512_cmp_ps_mask((__m512)(z), _mm512_setzero_ps(), _CMP_GT_OQ), a, b)
#define IF_REACHED(z, top, a, b) CHOOSE(_mm512_cmp_ps_mask((__m512)(z), (__m512)(top), _CMP_GE_OQ), a, b)
#define IF_NAN(z, a, b) ((words)CHOOSE(_mm512_cmp_ps_mask((__m512)(z), (__m512)(z), _CMP_UNORD_Q), a, b))
#define IF_SAME(k, l, a, b) CHOOSE(_mm512_cmpeq_epi32_mask((__m512i)(k), (__m512i)(l)), a, b)
#define OCTETS(from) ((words)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(from))))
#define HALVES(from) ((words)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(from))))
#define PUT_OCTETS(to, w) _mm_storeu_si128((__m128i *)(to), _mm512_cvtepi32_epi8((__m512i)(w)))
#define PUT_HALVES(to, w) _mm256_storeu_si256((__m256i *)(to), _mm512_cvtepi32_epi16((__m512i)(w)))
#define PRODUCTS(a, b) ((quads)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#define IF_WINS(y, most, a, b)                                                       \
    CHOOSE((__mmask16)(_mm512_cmp_ps_mask((__m512)(y), (__m512)(most), _CMP_GT_OQ) | \
                       _mm512_cmp_ps_mask((__m512)(y), (__m512)(y), _CMP_UNORD_Q)),  \
           a, b)
#define SOME_F32(from, n) ((vec)_mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from))
#define SOME_BF16(from, n) ((words)_mm512_maskz_loadu_epi16((__mmask32)((UINT64_C(1) << (n)) - 1), from))
#define PUT_SOME_F32(to, n, v) _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#define PUT_SOME_BF16(to, n, w) _mm512_mask_storeu_epi16(to, (__mmask32)((UINT64_C(1) << (n)) - 1), (__m512i)(w))
#include "backend/cpu/sweep/cpu_sweep_kernel.h"

const tam_sweep_kernels *tam_cpu_sweep_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return runs ? &table : NULL;
}
#else
const tam_sweep_kernels *tam_cpu_sweep_avx512(void) {
    return NULL;
}
#endif
