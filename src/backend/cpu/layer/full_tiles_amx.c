#include "backend/cpu/layer/full_tiles.h"

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

#include "backend/cpu/class/class_bf16_avx512.h"

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")))
#define AVX512_PART AVX512 static inline __attribute__((always_inline))
#define AMX __attribute__((target("amx-tile,amx-bf16")))
#include "backend/cpu/layer/avx512_transpose.h"

enum { SIDE = TAM_FULL_SIDE, LANES = TAM_FULL_LANES, ROWS = TAM_FULL_ROWS, PAIRS = TAM_FULL_PAIRS };

bool tam_full_amx_runs_here(void) {
    return tam_bf16_amx_runs_here();
}

static inline __attribute__((always_inline)) void fetch_step(const tam_bf16 *ahead) {
    for (int line = 0; line < ROWS; line += SIDE) {
        _mm_prefetch(ahead + line, _MM_HINT_T1);
    }
}

/* c in the registers 0 to 3, a in 4 and 5, b in 6 and 7. */
AMX static inline __attribute__((always_inline)) void multiply(const tam_full_product *p, bool two_rows,
                                                               bool two_columns) {
    enum { PAIRS_ROW = 64 };
    const size_t a_row = (size_t)p->a_row * sizeof *p->a, c_row = (size_t)p->c_row * sizeof *p->c;
    float *below = p->c + LANES * p->c_row;
    if (p->add) {
        _tile_loadd(0, p->c, c_row);
    } else {
        _tile_zero(0);
    }
    if (two_columns && p->add) {
        _tile_loadd(1, p->c + LANES, c_row);
    } else {
        _tile_zero(1);
    }
    if (two_rows && p->add) {
        _tile_loadd(2, below, c_row);
    } else {
        _tile_zero(2);
    }
    if (two_rows && two_columns && p->add) {
        _tile_loadd(3, below + LANES, c_row);
    } else {
        _tile_zero(3);
    }
    for (int64_t step = 0; step < p->steps; step++) {
        const tam_bf16 *a = p->a + step * p->a_step, *b = p->b + step * p->b_step;
        if (p->ahead != NULL) {
            fetch_step(p->ahead + step * ROWS);
        }
        _tile_loadd(6, b, PAIRS_ROW);
        _tile_loadd(4, a, a_row);
        _tile_dpbf16ps(0, 4, 6);
        if (two_columns) {
            _tile_loadd(7, b + p->b_half, PAIRS_ROW);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (two_rows) {
            _tile_loadd(5, a + p->a_half, a_row);
            _tile_dpbf16ps(2, 5, 6);
        }
        if (two_rows && two_columns) {
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, p->c, c_row);
    if (two_columns) {
        _tile_stored(1, p->c + LANES, c_row);
    }
    if (two_rows) {
        _tile_stored(2, below, c_row);
    }
    if (two_rows && two_columns) {
        _tile_stored(3, below + LANES, c_row);
    }
}

AMX void tam_full_amx_multiply(const tam_full_product *product) {
    if (product->two_rows && product->two_columns) {
        multiply(product, true, true);
    } else if (product->two_rows) {
        multiply(product, true, false);
    } else {
        multiply(product, false, true);
    }
}

/* The lanes that there are of `count` numbers, none if count <= 0. */
AVX512_PART __mmask16 lanes_of(int64_t count) {
    return (__mmask16)(count >= LANES ? 0xffffU : count <= 0 ? 0U : (1U << count) - 1U);
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

AVX512_PART void fetch_two(const float *ahead, int64_t at) {
    if (ahead != NULL) {
        _mm_prefetch(ahead + at, _MM_HINT_T1);
        _mm_prefetch(ahead + at + LANES, _MM_HINT_T1);
    }
}

AVX512 void tam_full_amx_rows(const float *x, int64_t stride, int rows, int columns, const float *ahead, tam_bf16 *to) {
    for (int row = 0; row < SIDE; row++) {
        const float *from = x + row * stride;
        const int there = row < rows ? columns : 0;
        tam_bf16 *out = to + (int64_t)row * SIDE;
        int at = 0;
        for (; at + SIDE <= there; at += SIDE, out += ROWS) {
            fetch_two(ahead, row * stride + at);
            _mm512_store_si512(out, round_both(_mm512_loadu_ps(from + at), _mm512_loadu_ps(from + at + LANES)));
        }
        for (; at < columns; at += SIDE, out += ROWS) {
            const __mmask16 low = lanes_of(there - at), high = lanes_of(there - at - LANES);
            __m512 first = _mm512_maskz_loadu_ps(low, from + at);
            _mm512_store_si512(out, round_both(first, _mm512_maskz_loadu_ps(high, from + at + LANES)));
        }
    }
}

AVX512 void tam_full_amx_pairs(const float *x, int64_t stride, int rows, int columns, const float *ahead,
                               tam_bf16 *to) {
    for (int row = 0; row < SIDE; row += 2) {
        const float *even = x + row * stride, *odd = even + stride;
        const int there = row + 1 < rows ? columns : 0, all = (columns + SIDE - 1) / SIDE * SIDE;
        tam_bf16 *out = to + (int64_t)row * LANES;
        int at = 0;
        for (; at + SIDE <= there; at += SIDE, out += 2 * PAIRS) {
            fetch_two(ahead, row * stride + at);
            fetch_two(ahead, (row + 1) * stride + at);
            __m512i low = round_both(_mm512_loadu_ps(even + at), _mm512_loadu_ps(odd + at));
            __m512i high = round_both(_mm512_loadu_ps(even + at + LANES), _mm512_loadu_ps(odd + at + LANES));
            _mm512_store_si512(out, interleave(low));
            _mm512_store_si512(out + PAIRS, interleave(high));
        }
        for (; at < all; at += LANES, out += PAIRS) {
            const __mmask16 first = lanes_of(row < rows ? columns - at : 0),
                            second = lanes_of(row + 1 < rows ? columns - at : 0);
            __m512 a = _mm512_maskz_loadu_ps(first, even + at), b = _mm512_maskz_loadu_ps(second, odd + at);
            _mm512_store_si512(out, interleave(round_both(a, b)));
        }
    }
}

/* Two numbers of the depth are one of 32 bits. */
AVX512 void tam_full_amx_turn_pairs(const tam_bf16 *x, int64_t stride, int rows, int64_t columns, tam_bf16 *to) {
    for (int64_t at = 0; at < columns; at += SIDE, to += PAIRS) {
        const __mmask32 there = columns - at >= SIDE ? 0xffffffffu : (1u << (columns - at)) - 1;
        __m512i pairs[LANES];
        for (int row = 0; row < LANES; row++) {
            pairs[row] = row < rows ? _mm512_maskz_loadu_epi16(there, x + row * stride + at) : _mm512_setzero_si512();
        }
        transpose_16(pairs);
        for (int pair = 0; pair < LANES; pair++) {
            _mm512_store_si512(to + (int64_t)pair * SIDE, pairs[pair]);
        }
    }
}

AVX512 void tam_full_amx_turn_rows(const float *x, int64_t stride, int rows, int columns, tam_bf16 *to,
                                   int64_t to_row) {
    const __mmask16 there = lanes_of(columns);
    __m512i half[2][LANES];
    for (int row = 0; row < SIDE; row++) {
        const __mmask16 mask = row < rows ? there : (__mmask16)0;
        half[row / LANES][row % LANES] = _mm512_castps_si512(_mm512_maskz_loadu_ps(mask, x + row * stride));
    }
    transpose_16(half[0]);
    transpose_16(half[1]);
    for (int column = 0; column < LANES; column++) {
        __m512 low = _mm512_castsi512_ps(half[0][column]), high = _mm512_castsi512_ps(half[1][column]);
        _mm512_store_si512(to + column * to_row, round_both(low, high));
    }
}

AVX512 void tam_full_amx_sum(const float *sums, int64_t stride, int parts, int64_t part, int rows, int columns,
                             const float *bias, float *y, int64_t y_row) {
    const __mmask16 there = lanes_of(rows);
    const __m512 shift = bias != NULL ? _mm512_maskz_loadu_ps(there, bias) : _mm512_setzero_ps();
    __m512i all[LANES];
    for (int row = 0; row < LANES; row++) {
        __m512 sum = _mm512_load_ps(sums + row * stride);
        for (int k = 1; k < parts; k++) {
            sum = _mm512_add_ps(sum, _mm512_load_ps(sums + k * part + row * stride));
        }
        all[row] = _mm512_castps_si512(sum);
    }
    transpose_16(all);
    for (int column = 0; column < columns; column++) {
        _mm512_mask_storeu_ps(y + column * y_row, there, _mm512_add_ps(_mm512_castsi512_ps(all[column]), shift));
    }
}

AVX512 void tam_full_amx_write(const float *from, int64_t from_row, int rows, int columns, float *to, int64_t to_row) {
    const bool lines = (uintptr_t)to % 64 == 0 && to_row % LANES == 0;
    for (int row = 0; row < rows; row++) {
        const float *x = from + row * from_row;
        float *y = to + row * to_row;
        int at = 0;
        for (; lines && at + LANES <= columns; at += LANES) {
            _mm512_stream_ps(y + at, _mm512_load_ps(x + at));
        }
        for (; at < columns; at += LANES) {
            _mm512_mask_storeu_ps(y + at, lanes_of(columns - at), _mm512_load_ps(x + at));
        }
    }
    _mm_sfence();
}

#else

bool tam_full_amx_runs_here(void) {
    return false;
}
void tam_full_amx_multiply(const tam_full_product *product) {
    (void)product;
}
void tam_full_amx_rows(const float *x, int64_t stride, int rows, int columns, const float *ahead, tam_bf16 *to) {
    (void)x, (void)stride, (void)rows, (void)columns, (void)ahead, (void)to;
}
void tam_full_amx_pairs(const float *x, int64_t stride, int rows, int columns, const float *ahead, tam_bf16 *to) {
    (void)x, (void)stride, (void)rows, (void)columns, (void)ahead, (void)to;
}
void tam_full_amx_turn_pairs(const tam_bf16 *x, int64_t stride, int rows, int64_t columns, tam_bf16 *to) {
    (void)x, (void)stride, (void)rows, (void)columns, (void)to;
}
void tam_full_amx_turn_rows(const float *x, int64_t stride, int rows, int columns, tam_bf16 *to, int64_t to_row) {
    (void)x, (void)stride, (void)rows, (void)columns, (void)to, (void)to_row;
}
void tam_full_amx_sum(const float *sums, int64_t stride, int parts, int64_t part, int rows, int columns,
                      const float *bias, float *y, int64_t y_row) {
    (void)sums, (void)stride, (void)parts, (void)part, (void)rows, (void)columns, (void)bias, (void)y, (void)y_row;
}
void tam_full_amx_write(const float *from, int64_t from_row, int rows, int columns, float *to, int64_t to_row) {
    (void)from, (void)from_row, (void)rows, (void)columns, (void)to, (void)to_row;
}

#endif
