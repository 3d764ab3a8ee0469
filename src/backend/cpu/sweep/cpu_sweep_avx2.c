#include "backend/cpu/sweep/cpu_sweep_kinds.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define KERNEL_NAME "avx2"
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#define LOWS 0, 8, 1, 9, 2, 10, 3, 11
#define HIGHS 4, 12, 5, 13, 6, 14, 7, 15
#define FMA(a, b, c) ((vec)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define CHOOSE(mask, a, b) ((vec)_mm256_blendv_ps((__m256)(b), (__m256)(a), mask))
#define IF_POSITIVE(z, a, b) CHOOSE(_mm256_cmp_ps((__m256)(z), _mm256_setzero_ps(), _CMP_GT_OQ), a, b)
#define IF_REACHED(z, top, a, b) CHOOSE(_mm256_cmp_ps((__m256)(z), (__m256)(top), _CMP_GE_OQ), a, b)
#define IF_NAN(z, a, b) ((words)CHOOSE(_mm256_cmp_ps((__m256)(z), (__m256)(z), _CMP_UNORD_Q), a, b))
#define IF_SAME(k, l, a, b) CHOOSE(_mm256_castsi256_ps(_mm256_cmpeq_epi32((__m256i)(k), (__m256i)(l))), a, b)
#define OCTETS(from) ((words)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(from))))
#define HALVES(from) ((words)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(from))))
#define SHORTENED(w) _mm_packus_epi32(_mm256_castsi256_si128((__m256i)(w)), _mm256_extracti128_si256((__m256i)(w), 1))
#define PUT_OCTETS(to, w) _mm_storel_epi64((__m128i *)(to), _mm_packus_epi16(SHORTENED(w), SHORTENED(w)))
#define PUT_HALVES(to, w) _mm_storeu_si128((__m128i *)(to), SHORTENED(w))
#define PRODUCTS(a, b) ((quads)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#define IF_WINS(y, most, a, b)                                                  \
    CHOOSE(_mm256_or_ps(_mm256_cmp_ps((__m256)(y), (__m256)(most), _CMP_GT_OQ), \
                        _mm256_cmp_ps((__m256)(y), (__m256)(y), _CMP_UNORD_Q)), \
           a, b)
#include "backend/cpu/sweep/cpu_sweep_kernel.h"

const tam_sweep_kernels *tam_cpu_sweep_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}
#else
const tam_sweep_kernels *tam_cpu_sweep_avx2(void) {
    return NULL;
}
#endif
