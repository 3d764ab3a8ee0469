#include "backend/cpu/op/attention_tiles.h"

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "backend/cpu/class/class_bf16_avx512.h"
#include "base/bf16.h"

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")))
#define AVX512_PART AVX512 static inline __attribute__((always_inline))
#define AMX __attribute__((target("amx-tile,amx-bf16")))
#include "backend/cpu/layer/avx512_transpose.h"

enum { SIDE = TAM_ATTENTION_SIDE, LANES = TAM_ATTENTION_LANES };

bool tam_attention_tiles_run_here(void) {
    return tam_bf16_amx_runs_here() && __builtin_cpu_supports("avx512bf16");
}

void tam_attention_tiles_begin(void) {
    tam_bf16_amx_begin();
}

void tam_attention_tiles_end(void) {
    tam_bf16_amx_end();
}

/* c in the registers 0 to 3, a in 4 and 5, b in 6 and 7. */
AMX static inline __attribute__((always_inline)) void multiply_block(const tam_attention_product *p, int64_t row,
                                                                     int64_t column) {
    enum { PAIRS = 64 };
    size_t a_bytes = (size_t)p->a_stride * sizeof(uint16_t), c_bytes = (size_t)p->c_stride * sizeof(float);
    const uint16_t *above = p->a + row * p->a_stride, *below = above + LANES * p->a_stride;
    const uint16_t *left = p->b + column / LANES * p->b_panel, *right = left + p->b_panel;
    float *c = p->c + row * p->c_stride + column, *under = c + LANES * p->c_stride;
    if (p->add) {
        _tile_loadd(0, c, c_bytes);
        _tile_loadd(1, c + LANES, c_bytes);
        _tile_loadd(2, under, c_bytes);
        _tile_loadd(3, under + LANES, c_bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t k = 0; k < p->depth; k += SIDE) {
        _tile_loadd(6, left + k * LANES, PAIRS);
        _tile_loadd(4, above + k, a_bytes);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, right + k * LANES, PAIRS);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, below + k, a_bytes);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, c_bytes);
    _tile_stored(1, c + LANES, c_bytes);
    _tile_stored(2, under, c_bytes);
    _tile_stored(3, under + LANES, c_bytes);
}

AMX void tam_attention_tiles_multiply(const tam_attention_product *product) {
    for (int64_t row = 0; row < product->rows; row += SIDE) {
        for (int64_t column = 0; column < product->columns; column += SIDE) {
            multiply_block(product, row, column);
        }
    }
}

AVX512 void tam_attention_tiles_columns(int64_t count, int64_t depth, const uint16_t *rows, uint16_t *to) {
    for (int64_t first = 0; first < count; first += LANES) {
        for (int64_t k = 0; k < depth; k += SIDE, to += SIDE * LANES) {
            __m512i pairs[LANES];
            for (int i = 0; i < LANES; i++) {
                pairs[i] = _mm512_loadu_si512(rows + (first + i) * depth + k);
            }
            transpose_16(pairs);
            for (int i = 0; i < LANES; i++) {
                _mm512_storeu_si512(to + i * SIDE, pairs[i]);
            }
        }
    }
}

/* Places of 16 numbers of one row and 16 of another, in turns. */
AVX512_PART __m512i in_turns(void) {
    uint16_t places[2 * LANES];
    for (int i = 0; i < LANES; i++) {
        places[2 * i] = (uint16_t)i;
        places[2 * i + 1] = (uint16_t)(LANES + i);
    }
    return _mm512_loadu_si512(places);
}

AVX512_PART __m256i half_row(const uint16_t *row) {
    return _mm256_loadu_si256((const __m256i *)(const void *)row);
}

AVX512 void tam_attention_tiles_rows(int64_t depth, int64_t count, const uint16_t *rows, uint16_t *to) {
    __m512i places = in_turns();
    for (int64_t first = 0; first < count; first += LANES) {
        for (int64_t k = 0; k < depth; k += 2, to += SIDE) {
            const uint16_t *row = rows + k * count + first;
            __m512i two = _mm512_inserti64x4(_mm512_castsi256_si512(half_row(row)), half_row(row + count), 1);
            _mm512_storeu_si512(to, _mm512_permutexvar_epi16(places, two));
        }
    }
}

/* Pairs of columns change places with rows; then they are taken apart. */
AVX512 void tam_attention_tiles_turn(int64_t rows, int64_t columns, const uint16_t *x, uint16_t *to) {
    uint16_t places[2][SIDE];
    for (int i = 0; i < SIDE; i++) {
        places[0][i] = (uint16_t)(2 * i);
        places[1][i] = (uint16_t)(2 * i + 1);
    }
    __m512i even = _mm512_loadu_si512(places[0]), odd = _mm512_loadu_si512(places[1]);
    for (int64_t r = 0; r < rows; r += SIDE) {
        for (int64_t c = 0; c < columns; c += SIDE) {
            __m512i low[LANES], high[LANES];
            for (int i = 0; i < LANES; i++) {
                low[i] = _mm512_loadu_si512(x + (r + i) * columns + c);
                high[i] = _mm512_loadu_si512(x + (r + LANES + i) * columns + c);
            }
            transpose_16(low);
            transpose_16(high);
            for (int i = 0; i < LANES; i++) {
                uint16_t *row = to + (c + 2 * i) * rows + r;
                _mm512_storeu_si512(row, _mm512_permutex2var_epi16(low[i], even, high[i]));
                _mm512_storeu_si512(row + rows, _mm512_permutex2var_epi16(low[i], odd, high[i]));
            }
        }
    }
}

AVX512 void tam_attention_tiles_transpose(int64_t rows, int64_t columns, const float *x, int64_t x_stride, float *to) {
    for (int64_t r = 0; r < rows; r += LANES) {
        for (int64_t c = 0; c < columns; c += LANES) {
            __m512i tile[LANES];
            for (int i = 0; i < LANES; i++) {
                tile[i] = _mm512_loadu_si512(x + (r + i) * x_stride + c);
            }
            transpose_16(tile);
            for (int i = 0; i < LANES; i++) {
                _mm512_storeu_si512(to + (c + i) * rows + r, tile[i]);
            }
        }
    }
}

/* 16 numbers and 16 more behind them. */
AVX512_PART __m512i both_rounded(__m512 low, __m512 high) {
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

AVX512 void tam_attention_tiles_round(int64_t count, int64_t width, const float *x, uint16_t *to) {
    for (int64_t i = 0; i < width; i++) {
        to[i] = i < count ? tam_bf16_nearest(x[i]) : 0;
    }
}

AVX512_PART __mmask32 first_of(int64_t count) {
    return count >= SIDE ? ~(__mmask32)0 : ((__mmask32)1 << count) - 1;
}

AVX512 void tam_attention_tiles_get(int64_t rows, int64_t count, int64_t width, const uint16_t *x, int64_t stride,
                                    uint16_t *to) {
    for (int64_t j = 0; j < width; j += SIDE) {
        __mmask32 inside = first_of(count - j);
        for (int64_t t = 0; t < rows; t++) {
            _mm512_storeu_si512(to + t * width + j, _mm512_maskz_loadu_epi16(inside, x + t * stride + j));
        }
    }
}

AVX512 void tam_attention_tiles_put(int64_t rows, int64_t count, const float *x, int64_t width, uint16_t *to,
                                    int64_t stride) {
    for (int64_t j = 0; j < count; j += SIDE) {
        __mmask32 inside = first_of(count - j);
        for (int64_t t = 0; t < rows; t++) {
            const float *row = x + t * width + j;
            __m512i rounded = both_rounded(_mm512_loadu_ps(row), _mm512_loadu_ps(row + LANES));
            _mm512_mask_storeu_epi16(to + t * stride + j, inside, rounded);
        }
    }
}

/* Behind the tokens -inf. */
AVX512_PART __m512 largest_of(int64_t tokens, int64_t padded, float *x) {
    __m512 lowest = _mm512_set1_ps(-INFINITY), largest = lowest, other = lowest;
    for (int64_t u = tokens / LANES * LANES; u < padded; u += LANES) {
        __mmask16 inside = (__mmask16)(u < tokens ? (1u << (tokens - u)) - 1 : 0);
        _mm512_storeu_ps(x + u, _mm512_mask_loadu_ps(lowest, inside, x + u));
    }
    for (int64_t u = 0; u < padded; u += SIDE) {
        largest = _mm512_max_ps(largest, _mm512_loadu_ps(x + u));
        other = _mm512_max_ps(other, _mm512_loadu_ps(x + u + LANES));
    }
    return _mm512_max_ps(largest, other);
}

AVX512 void tam_attention_tiles_most(int64_t rows, int64_t tokens, int64_t padded, float scale, float *scores,
                                     float *most) {
    for (int64_t t = 0; t < rows; t++) {
        most[t] = scale * _mm512_reduce_max_ps(largest_of(tokens, padded, scores + t * padded));
    }
}

/* 2^x to 8e-5 of it: the weights are rounded to bf16. 0 where it would be denormal, which makes products slow; a NaN
 * stays one. */
AVX512_PART __m512 power_of_two(__m512 x) {
    enum { DOWN = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC };
    __m512 part = _mm512_reduce_ps(x, DOWN), y = _mm512_set1_ps(0x1.3f9636p-4f);
    y = _mm512_fmadd_ps(y, part, _mm512_set1_ps(0x1.cefcb0p-3f));
    y = _mm512_fmadd_ps(y, part, _mm512_set1_ps(0x1.64443ep-1f));
    y = _mm512_fmadd_ps(y, part, _mm512_set1_ps(0x1.fff634p-1f));
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ), y, x);
}

AVX512 void tam_attention_tiles_weights(int64_t first, int64_t last, int64_t padded, float scale, const float *scores,
                                        const float *most, uint16_t *p, float *sums) {
    __m512 by = _mm512_set1_ps(scale);
    for (int64_t t = first; t < last; t++) {
        const float *x = scores + t * padded;
        __m512 largest = _mm512_set1_ps(most[t]), low = _mm512_setzero_ps(), high = low;
        for (int64_t u = 0; u < padded; u += SIDE) {
            __m512 a = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(x + u), by, largest));
            __m512 b = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(x + u + LANES), by, largest));
            low = _mm512_add_ps(low, a);
            high = _mm512_add_ps(high, b);
            _mm512_storeu_si512(p + t * padded + u, both_rounded(a, b));
        }
        sums[t] = _mm512_reduce_add_ps(_mm512_add_ps(low, high));
    }
}

AVX512 void tam_attention_tiles_again(int64_t rows, float scale, const float *scores, const float *dp,
                                      const float *log_sums, float *along, uint16_t *p, int64_t p_stride) {
    __m512 by = _mm512_set1_ps(scale), low = _mm512_loadu_ps(along), high = _mm512_loadu_ps(along + LANES);
    __m512 low_log = _mm512_loadu_ps(log_sums), high_log = _mm512_loadu_ps(log_sums + LANES);
    for (int64_t u = 0; u < rows; u++, scores += SIDE, dp += SIDE) {
        __m512 a = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(scores), by, low_log));
        __m512 b = power_of_two(_mm512_fmsub_ps(_mm512_loadu_ps(scores + LANES), by, high_log));
        low = _mm512_fmadd_ps(a, _mm512_loadu_ps(dp), low);
        high = _mm512_fmadd_ps(b, _mm512_loadu_ps(dp + LANES), high);
        _mm512_storeu_si512(p + u * p_stride, both_rounded(a, b));
    }
    _mm512_storeu_ps(along, low);
    _mm512_storeu_ps(along + LANES, high);
}

AVX512_PART __m512 gradient(__m512 share, const uint16_t *p, const float *dp, __m512 along) {
    __m512 weight = (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(half_row(p)), 16);
    return _mm512_mul_ps(_mm512_mul_ps(weight, share), _mm512_sub_ps(_mm512_loadu_ps(dp), along));
}

AVX512 void tam_attention_tiles_gradients(int64_t rows, float share, const uint16_t *p, int64_t stride, const float *dp,
                                          const float *along, uint16_t *dscore, uint16_t *right, int64_t panel) {
    __m512i places = in_turns();
    __m512 by = _mm512_set1_ps(share), zero = _mm512_setzero_ps();
    __m512 first = _mm512_loadu_ps(along), second = _mm512_loadu_ps(along + LANES);
    for (int64_t u = 0; u < rows; u += 2, right += SIDE) {
        const uint16_t *row = p + u * stride;
        const float *d = dp + u * SIDE;
        bool pair = u + 1 < rows;
        __m512 a = gradient(by, row, d, first), b = gradient(by, row + LANES, d + LANES, second);
        __m512 c = pair ? gradient(by, row + stride, d + SIDE, first) : zero;
        __m512 e = pair ? gradient(by, row + stride + LANES, d + SIDE + LANES, second) : zero;
        _mm512_storeu_si512(dscore + u * stride, both_rounded(a, b));
        if (pair) {
            _mm512_storeu_si512(dscore + (u + 1) * stride, both_rounded(c, e));
        }
        _mm512_storeu_si512(right, _mm512_permutexvar_epi16(places, both_rounded(a, c)));
        _mm512_storeu_si512(right + panel, _mm512_permutexvar_epi16(places, both_rounded(b, e)));
    }
}

#else
bool tam_attention_tiles_run_here(void) {
    return false;
}
void tam_attention_tiles_begin(void) {
}
void tam_attention_tiles_end(void) {
}
void tam_attention_tiles_multiply(const tam_attention_product *product) {
    (void)product;
}
void tam_attention_tiles_columns(int64_t count, int64_t depth, const uint16_t *rows, uint16_t *to) {
    (void)count;
    (void)depth;
    (void)rows;
    (void)to;
}
void tam_attention_tiles_rows(int64_t depth, int64_t count, const uint16_t *rows, uint16_t *to) {
    (void)depth;
    (void)count;
    (void)rows;
    (void)to;
}
void tam_attention_tiles_turn(int64_t rows, int64_t columns, const uint16_t *x, uint16_t *to) {
    (void)rows;
    (void)columns;
    (void)x;
    (void)to;
}
void tam_attention_tiles_transpose(int64_t rows, int64_t columns, const float *x, int64_t x_stride, float *to) {
    (void)rows;
    (void)columns;
    (void)x;
    (void)x_stride;
    (void)to;
}
void tam_attention_tiles_round(int64_t count, int64_t width, const float *x, uint16_t *to) {
    (void)count;
    (void)width;
    (void)x;
    (void)to;
}
void tam_attention_tiles_get(int64_t rows, int64_t count, int64_t width, const uint16_t *x, int64_t stride,
                             uint16_t *to) {
    (void)rows;
    (void)count;
    (void)width;
    (void)x;
    (void)stride;
    (void)to;
}
void tam_attention_tiles_put(int64_t rows, int64_t count, const float *x, int64_t width, uint16_t *to, int64_t stride) {
    (void)rows;
    (void)count;
    (void)x;
    (void)width;
    (void)to;
    (void)stride;
}
void tam_attention_tiles_most(int64_t rows, int64_t tokens, int64_t padded, float scale, float *scores, float *most) {
    (void)rows;
    (void)tokens;
    (void)padded;
    (void)scale;
    (void)scores;
    (void)most;
}
void tam_attention_tiles_weights(int64_t first, int64_t last, int64_t padded, float scale, const float *scores,
                                 const float *most, uint16_t *p, float *sums) {
    (void)first;
    (void)last;
    (void)padded;
    (void)scale;
    (void)scores;
    (void)most;
    (void)p;
    (void)sums;
}
void tam_attention_tiles_again(int64_t rows, float scale, const float *scores, const float *dp, const float *log_sums,
                               float *along, uint16_t *p, int64_t p_stride) {
    (void)rows;
    (void)scale;
    (void)scores;
    (void)dp;
    (void)log_sums;
    (void)along;
    (void)p;
    (void)p_stride;
}
void tam_attention_tiles_gradients(int64_t rows, float share, const uint16_t *p, int64_t stride, const float *dp,
                                   const float *along, uint16_t *dscore, uint16_t *right, int64_t panel) {
    (void)rows;
    (void)share;
    (void)p;
    (void)stride;
    (void)dp;
    (void)along;
    (void)dscore;
    (void)right;
    (void)panel;
}
#endif
