/* The rows of depthwise convolutions by AVX-512 with its conversions to bf16. */
#include "backend/cpu/layer/cpu_depthwise.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")))
#define CALL static KERNEL_TARGET
#define PART static inline __attribute__((always_inline)) KERNEL_TARGET
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

enum { SIDE = TAM_DEPTHWISE_SIDE, TAPS = TAM_DEPTHWISE_TAPS, BLOCK = TAM_DEPTHWISE_BLOCK, HALF = BLOCK / 2 };

/* The even and the odd channels of a block. */
typedef struct pair {
    __m512 even, odd;
} pair;

/* Channels of a block: the last one may be filled in part. */
typedef struct span {
    bool whole;
    __mmask32 there;
} span;

PART span span_of(int channels, int block) {
    int left = channels - block * BLOCK;
    return left >= BLOCK ? (span){true, 0xffffffffu} : (span){false, (1u << left) - 1};
}

PART pair load(const bool whole, __mmask32 there, const tam_bf16 *x) {
    __m512i both = whole ? _mm512_loadu_si512(x) : _mm512_maskz_loadu_epi16(there, x);
    return (pair){_mm512_castsi512_ps(_mm512_slli_epi32(both, 16)),
                  _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32((int)0xffff0000u)))};
}

PART void store(const bool whole, __mmask32 there, tam_bf16 *y, pair value) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512i both = _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(value.odd, value.even));
    if (whole) {
        _mm512_storeu_si512(y, both);
    } else {
        _mm512_mask_storeu_epi16(y, there, both);
    }
}

PART pair times(pair sum, pair a, pair b) {
    return (pair){_mm512_fmadd_ps(a.even, b.even, sum.even), _mm512_fmadd_ps(a.odd, b.odd, sum.odd)};
}

PART pair zero(void) {
    return (pair){_mm512_setzero_ps(), _mm512_setzero_ps()};
}

PART pair floats_at(const float *at) {
    return (pair){_mm512_loadu_ps(at), _mm512_loadu_ps(at + HALF)};
}

/* Values by channel. */
PART pair parted(const float *values, __mmask32 there) {
    if (values == NULL) {
        return zero();
    }
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    __m512 low = _mm512_maskz_loadu_ps((__mmask16)there, values);
    __m512 high = there >> HALF != 0 ? _mm512_maskz_loadu_ps((__mmask16)(there >> HALF), values + HALF) : zero().even;
    return (pair){_mm512_permutex2var_ps(low, even, high),
                  _mm512_permutex2var_ps(low, _mm512_add_epi32(even, _mm512_set1_epi32(1)), high)};
}

/* The rows of a block that are read; outside the map the walk stands on zeros. */
typedef struct window {
    const tam_bf16 *at[SIDE];
    int64_t step[SIDE];
} window;

static const tam_bf16 zeros[BLOCK];

PART void window_of(const tam_depthwise_row *row, int block, window *w) {
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        w->at[r] = row->from[r] != NULL ? row->from[r] + block * BLOCK : zeros;
        w->step[r] = row->from[r] != NULL ? row->channels : 0;
    }
}

/* Brings column `column` of the rows ahead. */
PART void fetch(const tam_depthwise_row *row, int block, int64_t column) {
    const tam_bf16 *at = row->ahead + column * row->channels + block * BLOCK;
    for (int r = 0; r < row->rows_ahead; r++, at += (int64_t)row->from_w * row->channels) {
        _mm_prefetch((const char *)at, _MM_HINT_T0);
    }
}

/* convolve. */

enum { PLAIN, RELU, ANY };

typedef struct finish {
    pair slope;
    __m512 top;
} finish;

PART __m512 active(__m512 sum, __m512 slope) {
    __mmask16 below = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_NGT_UQ);
    return _mm512_mask_mul_ps(sum, below, sum, slope);
}

PART void put(const int how, const span s, const bool whole, const tam_depthwise_row *row, const finish *f, int64_t at,
              pair sum) {
    if (how == ANY && row->added != NULL) {
        pair added = load(whole, s.there, row->added + at);
        sum = (pair){_mm512_add_ps(sum.even, added.even), _mm512_add_ps(sum.odd, added.odd)};
    }
    if (how == ANY && row->slope != NULL) {
        sum = (pair){active(sum.even, f->slope.even), active(sum.odd, f->slope.odd)};
    } else if (how == RELU || (how == ANY && row->relu)) {
        /* A NaN becomes the second operand. */
        sum = (pair){_mm512_max_ps(sum.even, _mm512_setzero_ps()), _mm512_max_ps(sum.odd, _mm512_setzero_ps())};
        sum = (pair){_mm512_min_ps(sum.even, f->top), _mm512_min_ps(sum.odd, f->top)};
    }
    store(whole, s.there, row->to + at, sum);
}

/* The next column of all rows, widened, and what each of `columns` columns of taps makes of it. */
PART void read_column(const bool whole, const span s, window *w, pair x[SIDE]) {
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        x[r] = load(whole, s.there, w->at[r]);
        w->at[r] += w->step[r];
    }
}

PART pair add_column(pair sum, const pair *weight, const int tap, const pair x[SIDE]) {
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        sum = times(sum, weight[r * SIDE + tap], x[r]);
    }
    return sum;
}

PART void convolve_block(const int stride, const int how, const bool whole, const span s, const tam_depthwise_row *row,
                         int block) {
    const int first = block * BLOCK;
    const pair bias = parted(row->bias != NULL ? row->bias + first : NULL, s.there);
    finish f = {.top = _mm512_set1_ps(row->top > 0 ? row->top : __builtin_inff())};
    f.slope = parted(row->slope != NULL ? row->slope + first : NULL, s.there);
    pair weight[TAPS], x[SIDE];
    UNROLL
    for (int k = 0; k < TAPS; k++) {
        weight[k] = floats_at(row->packed + block * TAM_DEPTHWISE_WEIGHTS + k * BLOCK);
    }
    window w;
    window_of(row, block, &w);
    read_column(whole, s, &w, x);
    pair sum = add_column(bias, weight, 1, x);
    pair next = stride == 1 ? add_column(bias, weight, 0, x) : bias;
    int64_t at = first;
    fetch(row, block, 0);
    for (int column = 1; column < row->to_w; column++, at += row->channels) {
        read_column(whole, s, &w, x);
        fetch(row, block, stride * column);
        pair done = add_column(sum, weight, 2, x);
        if (stride == 2) {
            next = add_column(bias, weight, 0, x);
            read_column(whole, s, &w, x);
            fetch(row, block, stride * column - 1);
            sum = add_column(next, weight, 1, x);
        } else {
            sum = add_column(next, weight, 1, x);
            next = add_column(bias, weight, 0, x);
        }
        put(how, s, whole, row, &f, at, done);
    }
    if (stride == 2 && row->from_w == 2 * row->to_w) {
        read_column(whole, s, &w, x);
        fetch(row, block, row->from_w - 1);
        sum = add_column(sum, weight, 2, x);
    }
    put(how, s, whole, row, &f, at, sum);
}

#define FOR_BLOCKS(part, ...)                                 \
    for (int block = row->first; block < row->end; block++) { \
        const span s = span_of(row->channels, block);         \
        if (s.whole) {                                        \
            part(__VA_ARGS__, true, s, row, block);           \
        } else {                                              \
            part(__VA_ARGS__, false, s, row, block);          \
        }                                                     \
    }

CALL void convolve_plain(const tam_depthwise_row *row) {
    if (row->stride == 1) {
        FOR_BLOCKS(convolve_block, 1, PLAIN)
    } else {
        FOR_BLOCKS(convolve_block, 2, PLAIN)
    }
}

CALL void convolve_relu(const tam_depthwise_row *row) {
    if (row->stride == 1) {
        FOR_BLOCKS(convolve_block, 1, RELU)
    } else {
        FOR_BLOCKS(convolve_block, 2, RELU)
    }
}

CALL void convolve_any(const tam_depthwise_row *row) {
    if (row->stride == 1) {
        FOR_BLOCKS(convolve_block, 1, ANY)
    } else {
        FOR_BLOCKS(convolve_block, 2, ANY)
    }
}

CALL void convolve(const tam_depthwise_row *row) {
    if (row->added != NULL || row->slope != NULL) {
        convolve_any(row);
    } else if (row->relu) {
        convolve_relu(row);
    } else {
        convolve_plain(row);
    }
}

/* spread. A column of dy between two of dx, m: dx[2 m] = w[1] dy[m], dx[2 m + 1] = w[2] dy[m] + w[0] dy[m + 1]. */

PART void spread_block(const int rows, const bool whole, const span s, const tam_depthwise_row *row, int block) {
    const int64_t step = row->channels;
    pair weight[2][SIDE], here[2], next[2];
    const tam_bf16 *from[2];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int t = 0; t < SIDE; t++) {
            const int tap = row->tap[r] * SIDE + t;
            weight[r][t] = floats_at(row->packed + block * TAM_DEPTHWISE_WEIGHTS + tap * BLOCK);
        }
        from[r] = row->from[r] + block * BLOCK;
        here[r] = load(whole, s.there, from[r]);
    }
    tam_bf16 *to = row->to + block * BLOCK;
    for (int m = 0; m < row->from_w; m++, to += 2 * step) {
        pair even = zero(), odd = zero();
        const bool last = m + 1 == row->from_w;
        fetch(row, block, m);
        UNROLL
        for (int r = 0; r < rows; r++) {
            from[r] += last ? 0 : step;
            next[r] = last ? zero() : load(whole, s.there, from[r]);
            even = times(even, weight[r][1], here[r]);
            odd = times(odd, weight[r][2], here[r]);
            odd = last ? odd : times(odd, weight[r][0], next[r]);
            here[r] = next[r];
        }
        store(whole, s.there, to, even);
        if (2 * m + 1 < row->to_w) {
            store(whole, s.there, to + step, odd);
        }
    }
}

CALL void spread(const tam_depthwise_row *row) {
    if (row->from[1] == NULL) {
        FOR_BLOCKS(spread_block, 1)
    } else {
        FOR_BLOCKS(spread_block, 2)
    }
}

/* weigh. What is read serves the columns of dy beside it; sums stay in registers for a row. */

PART void weigh_column(pair *sum, const int tap, const pair x[SIDE], pair d) {
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        sum[r * SIDE + tap] = times(sum[r * SIDE + tap], x[r], d);
    }
}

PART void weigh_block(const int stride, const bool whole, const span s, const tam_depthwise_row *row, int block) {
    float *sums = row->sums + block * TAM_DEPTHWISE_SUMS;
    const tam_bf16 *dy = row->dy + block * BLOCK;
    const int64_t step = row->channels;
    pair sum[TAPS], x[SIDE];
    window w;
    window_of(row, block, &w);
    UNROLL
    for (int k = 0; k < TAPS; k++) {
        sum[k] = floats_at(sums + k * BLOCK);
    }
    pair before = zero(), here = load(whole, s.there, dy), all = zero();
    for (int column = 0; column < row->to_w; column++) {
        const bool last = column + 1 == row->to_w;
        dy += last ? 0 : step;
        const pair next = last ? zero() : load(whole, s.there, dy);
        _mm_prefetch((const char *)(dy + row->to_w * step), _MM_HINT_T0);
        fetch(row, block, stride * column);
        read_column(whole, s, &w, x);
        weigh_column(sum, 1, x, here);
        if (stride == 2) {
            if (2 * column + 1 < row->from_w) {
                fetch(row, block, stride * column + 1);
                read_column(whole, s, &w, x);
                weigh_column(sum, 2, x, here);
                weigh_column(sum, 0, x, next);
            }
        } else {
            weigh_column(sum, 2, x, before);
            weigh_column(sum, 0, x, next);
        }
        all = (pair){_mm512_add_ps(all.even, here.even), _mm512_add_ps(all.odd, here.odd)};
        before = here;
        here = next;
    }
    UNROLL
    for (int k = 0; k < TAPS; k++) {
        _mm512_storeu_ps(sums + k * BLOCK, sum[k].even);
        _mm512_storeu_ps(sums + k * BLOCK + HALF, sum[k].odd);
    }
    sums += TAM_DEPTHWISE_WEIGHTS;
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), all.even));
    _mm512_storeu_ps(sums + HALF, _mm512_add_ps(_mm512_loadu_ps(sums + HALF), all.odd));
}

CALL void weigh(const tam_depthwise_row *row) {
    if (row->stride == 1) {
        FOR_BLOCKS(weigh_block, 1)
    } else {
        FOR_BLOCKS(weigh_block, 2)
    }
}

static const tam_depthwise_kernels table = {convolve, spread, weigh};

const tam_depthwise_kernels *tam_depthwise_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512bf16");
    return runs ? &table : NULL;
}
#else
const tam_depthwise_kernels *tam_depthwise_avx512(void) {
    return NULL;
}
#endif
