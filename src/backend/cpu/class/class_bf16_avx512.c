/* The class head's products by VDPBF16PS, and the conversions between f32 and bf16 that go with them. */
#include "backend/cpu/class/class_bf16_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum { LANES = TAM_BF16_LANES, DEPTH = TAM_BF16_DEPTH };

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define AVX512_PART AVX512 static inline __attribute__((always_inline))
#include "backend/cpu/layer/avx512_transpose.h"

bool tam_bf16_avx512_runs_here(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bf16");
}

/* 32 numbers rounded: those of `low` first. */
AVX512_PART __m512i round_both(__m512 low, __m512 high) {
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/* 16 pairs (a0 b0) (a1 b1) ... of what round_both(a, b) gives. */
AVX512_PART __m512i interleave(__m512i both) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, both);
}

AVX512 void tam_bf16_avx512_round_rows(int64_t dim, const float *const row[2], const float s[2], tam_bf16 *const a[2],
                                       tam_bf16 *b, int64_t b_stride) {
    const float *row0 = row[0], *row1 = row[1];
    __m512 s0 = _mm512_set1_ps(s[0]), s1 = _mm512_set1_ps(s[1]);
    for (int64_t d = 0; d < dim; d += DEPTH) {
        __m512 low0 = _mm512_loadu_ps(row0 + d), high0 = _mm512_loadu_ps(row0 + d + LANES);
        __m512 low1 = _mm512_loadu_ps(row1 + d), high1 = _mm512_loadu_ps(row1 + d + LANES);
        if (a[0] != NULL) {
            _mm512_storeu_si512(a[0] + d, round_both(low0, high0));
            _mm512_storeu_si512(a[1] + d, round_both(low1, high1));
        }
        __m512i low = round_both(_mm512_mul_ps(s0, low0), _mm512_mul_ps(s1, low1));
        __m512i high = round_both(_mm512_mul_ps(s0, high0), _mm512_mul_ps(s1, high1));
        _mm512_storeu_si512(b, interleave(low));
        _mm512_storeu_si512(b + b_stride, interleave(high));
        b += 2 * b_stride;
    }
}

AVX512_PART __m512 value_of(const tam_bf16 *x) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

AVX512 void tam_bf16_avx512_scale_rows(int64_t dim, const tam_bf16 *const row[2], const float s[2], tam_bf16 *b,
                                       int64_t b_stride) {
    const tam_bf16 *row0 = row[0], *row1 = row[1];
    __m512 s0 = _mm512_set1_ps(s[0]), s1 = _mm512_set1_ps(s[1]);
    for (int64_t d = 0; d < dim; d += LANES) {
        __m512i both = round_both(_mm512_mul_ps(s0, value_of(row0 + d)), _mm512_mul_ps(s1, value_of(row1 + d)));
        _mm512_storeu_si512(b, interleave(both));
        b += b_stride;
    }
}

AVX512 void tam_bf16_avx512_round_slot(const float *t, int64_t t_stride, tam_bf16 *row, int64_t row_stride,
                                       tam_bf16 *column, int64_t column_stride) {
    __m512i r[16];
    for (int64_t i = 0; i < 16; i++) {
        const float *from = t + 2 * i * t_stride;
        __m512i both = round_both(_mm512_loadu_ps(from), _mm512_loadu_ps(from + t_stride));
        tam_bf16 *to = row + 2 * i * row_stride;
        _mm256_storeu_si256((__m256i *)to, _mm512_castsi512_si256(both));
        _mm256_storeu_si256((__m256i *)(to + row_stride), _mm512_extracti64x4_epi64(both, 1));
        r[i] = interleave(both);
    }
    transpose_16(r);
    for (int64_t i = 0; i < 16; i++) {
        _mm512_storeu_si512(column + i * column_stride, r[i]);
    }
}

AVX512 void tam_bf16_avx512_round_columns(const float *x, int64_t x_stride, const float s[LANES], tam_bf16 *b) {
    __m512i r[16];
    for (int64_t i = 0; i < 16; i++) {
        __m512 scale = _mm512_set1_ps(s[i]);
        const float *from = x + i * x_stride;
        r[i] = round_both(_mm512_mul_ps(scale, _mm512_loadu_ps(from)),
                          _mm512_mul_ps(scale, _mm512_loadu_ps(from + LANES)));
    }
    transpose_16(r);
    for (int64_t i = 0; i < 16; i++) {
        _mm512_storeu_si512(b + i * DEPTH, r[i]);
    }
}

AVX512 void tam_bf16_avx512_transpose(const float *c, int64_t c_stride, float *p, int64_t p_stride) {
    __m512i r[16];
    for (int64_t i = 0; i < 16; i++) {
        r[i] = _mm512_loadu_si512(c + i * c_stride);
    }
    transpose_16(r);
    for (int64_t i = 0; i < 16; i++) {
        _mm512_storeu_si512(p + i * p_stride, r[i]);
    }
}

/* Eight rows of C by one or two panels: 16 sums, as many as hide the latency of one. */
AVX512_PART void multiply(const tam_bf16_block *block, int64_t first, bool two) {
    enum { ROWS = 8 };
    const tam_bf16 *a = block->a + first * block->a_stride, *b0 = block->b, *b1 = b0 + block->b_stride;
    float *c = block->c + first * block->c_stride;
    __m512 sum0[ROWS], sum1[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        sum0[i] = sum1[i] = _mm512_setzero_ps();
    }
    for (int64_t k = 0; k < block->depth; k += 2) {
        __m512bh low = (__m512bh)_mm512_loadu_si512(b0 + k * LANES);
        __m512bh high = two ? (__m512bh)_mm512_loadu_si512(b1 + k * LANES) : low;
        for (int64_t i = 0; i < ROWS; i++) {
            int pair;
            __builtin_memcpy(&pair, a + i * block->a_stride + k, sizeof pair);
            __m512bh of_a = (__m512bh)_mm512_set1_epi32(pair);
            sum0[i] = _mm512_dpbf16_ps(sum0[i], of_a, low);
            sum1[i] = two ? _mm512_dpbf16_ps(sum1[i], of_a, high) : sum1[i];
        }
    }
    for (int64_t i = 0; i < ROWS; i++) {
        float *to = c + i * block->c_stride;
        _mm512_storeu_ps(to, sum0[i]);
        if (two) {
            _mm512_storeu_ps(to + LANES, sum1[i]);
        }
    }
}

AVX512_PART void fetch(const tam_bf16_block *block, int64_t part, int64_t parts) {
    int64_t lines = block->depth / DEPTH * block->lines;
    for (int64_t line = part * lines / parts; line < (part + 1) * lines / parts; line++) {
        _mm_prefetch(block->ahead[0] + line * 64, _MM_HINT_T1);
        if (block->ahead[0] != block->ahead[1]) {
            _mm_prefetch(block->ahead[1] + line * 64, _MM_HINT_T1);
        }
    }
}

AVX512 static void multiply_block(const tam_bf16_block *block) {
    for (int64_t first = 0; first < block->rows * LANES; first += 8) {
        fetch(block, first / 8, block->rows * 2);
        if (block->columns > 1) {
            multiply(block, first, true);
        } else {
            multiply(block, first, false);
        }
    }
}

static void nothing(void) {
}

static const tam_bf16_kind kind = {
    .begin = nothing,
    .end = nothing,
    .block = multiply_block,
    .round_rows = tam_bf16_avx512_round_rows,
    .scale_rows = tam_bf16_avx512_scale_rows,
    .round_slot = tam_bf16_avx512_round_slot,
    .round_columns = tam_bf16_avx512_round_columns,
    .transpose = tam_bf16_avx512_transpose,
};
TAM_BF16_TABLES(kind, "avx512-bf16", avx512, tam_bf16_avx512_runs_here())

#else
TAM_BF16_NO_TABLES(avx512)
#endif
