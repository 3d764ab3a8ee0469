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

/* A walk along a block of the rows that are read, and of those that will be read next: these into the cache. Copied
 * from what the caller hands over, because any store could change that. */
typedef struct walk {
    const char *row[SIDE], *ahead;
    int64_t at, step, below; /* bytes: of the next column, to the one behind it, and to the next row ahead */
} walk;

PART void start(const int rows, const tam_depthwise_row *row, int block, walk *w) {
    UNROLL
    for (int r = 0; r < rows; r++) {
        w->row[r] = (const char *)(row->from[r] + block * BLOCK);
    }
    w->ahead = (const char *)(row->ahead + block * BLOCK);
    w->at = 0;
    w->step = (int64_t)row->channels * (int64_t)sizeof(tam_bf16);
    w->below = row->from_w * w->step;
}

/* The next column of `rows` rows, widened; brings `ahead` rows of that column into the cache. */
PART void read_column(const int rows, const int ahead, const bool whole, const span s, walk *w, pair *x) {
    UNROLL
    for (int r = 0; r < rows; r++) {
        x[r] = load(whole, s.there, (const tam_bf16 *)(const void *)(w->row[r] + w->at));
    }
    UNROLL
    for (int r = 0; r < ahead; r++) {
        _mm_prefetch(w->ahead + w->at + r * w->below, _MM_HINT_T1);
    }
    w->at += w->step;
}

/* convolve. */

enum { PLAIN, RELU, ANY };

typedef struct finish {
    const tam_bf16 *added;
    bool is_sloped, is_cut;
    pair slope;
    __m512 top;
} finish;

PART finish finish_of(const tam_depthwise_row *row, int block, const span s) {
    return (finish){
        .added = row->added,
        .is_sloped = row->slope != NULL,
        .is_cut = row->relu,
        .slope = parted(row->slope != NULL ? row->slope + block * BLOCK : NULL, s.there),
        .top = _mm512_set1_ps(row->top > 0 ? row->top : __builtin_inff()),
    };
}

PART __m512 active(__m512 sum, __m512 slope) {
    __mmask16 below = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_NGT_UQ);
    return _mm512_mask_mul_ps(sum, below, sum, slope);
}

/* A NaN becomes the second operand. */
PART __m512 between(__m512 sum, __m512 top) {
    return _mm512_min_ps(_mm512_max_ps(sum, _mm512_setzero_ps()), top);
}

PART pair finished(const int how, const bool whole, const span s, const finish *f, int64_t at, pair sum) {
    if (how == ANY && f->added != NULL) {
        pair added = load(whole, s.there, f->added + at);
        sum = (pair){_mm512_add_ps(sum.even, added.even), _mm512_add_ps(sum.odd, added.odd)};
    }
    if (how == ANY && f->is_sloped) {
        sum = (pair){active(sum.even, f->slope.even), active(sum.odd, f->slope.odd)};
    } else if (how == RELU || (how == ANY && f->is_cut)) {
        sum = (pair){between(sum.even, f->top), between(sum.odd, f->top)};
    }
    return sum;
}

PART pair add_column(pair sum, const pair *weight, const int tap, const pair x[SIDE]) {
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        sum = times(sum, weight[r * SIDE + tap], x[r]);
    }
    return sum;
}

/* What is read belongs to the column before, to its own and to the next. */
PART void convolve_block(const int stride, const int how, const bool whole, const span s, const tam_depthwise_row *row,
                         int block) {
    const pair bias = parted(row->bias != NULL ? row->bias + block * BLOCK : NULL, s.there);
    const finish f = finish_of(row, block, s);
    const int64_t step = row->channels, end = block * BLOCK + (row->to_w - 1) * step;
    const bool is_even = row->from_w % 2 == 0;
    tam_bf16 *to = row->to;
    pair weight[TAPS], x[SIDE];
    UNROLL
    for (int k = 0; k < TAPS; k++) {
        weight[k] = floats_at(row->packed + block * TAM_DEPTHWISE_WEIGHTS + k * BLOCK);
    }
    walk w;
    start(SIDE, row, block, &w);
    read_column(SIDE, stride, whole, s, &w, x);
    pair sum = add_column(bias, weight, 1, x);
    pair next = add_column(bias, weight, 0, x);
    int64_t at = block * BLOCK;
    for (; at < end; at += step) {
        read_column(SIDE, stride, whole, s, &w, x);
        pair done = add_column(sum, weight, 2, x);
        if (stride == 2) {
            next = add_column(bias, weight, 0, x);
            read_column(SIDE, stride, whole, s, &w, x);
            sum = add_column(next, weight, 1, x);
        } else {
            sum = add_column(next, weight, 1, x);
            next = add_column(bias, weight, 0, x);
        }
        store(whole, s.there, to + at, finished(how, whole, s, &f, at, done));
    }
    if (stride == 2 && is_even) {
        read_column(SIDE, stride, whole, s, &w, x);
        sum = add_column(sum, weight, 2, x);
    }
    store(whole, s.there, to + at, finished(how, whole, s, &f, at, sum));
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
    const bool is_even = row->to_w % 2 == 0;
    pair weight[2][SIDE], here[2], next[2];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int t = 0; t < SIDE; t++) {
            const int tap = row->tap[r] * SIDE + t;
            weight[r][t] = floats_at(row->packed + block * TAM_DEPTHWISE_WEIGHTS + tap * BLOCK);
        }
    }
    walk w;
    start(rows, row, block, &w);
    read_column(rows, rows - 1, whole, s, &w, here);
    tam_bf16 *to = row->to + block * BLOCK;
    for (int m = row->from_w - 1; m >= 0; m--, to += 2 * step) {
        pair even = zero(), odd = zero();
        UNROLL
        for (int r = 0; r < rows; r++) {
            even = times(even, weight[r][1], here[r]);
            odd = times(odd, weight[r][2], here[r]);
        }
        store(whole, s.there, to, even);
        if (m > 0) {
            read_column(rows, rows - 1, whole, s, &w, next);
            UNROLL
            for (int r = 0; r < rows; r++) {
                odd = times(odd, weight[r][0], next[r]);
                here[r] = next[r];
            }
        } else if (!is_even) {
            return;
        }
        store(whole, s.there, to + step, odd);
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
    const int64_t step = row->channels, below = row->to_w * step;
    const bool is_even = row->from_w % 2 == 0, sum_dy = row->sum_dy;
    pair sum[TAPS], x[SIDE];
    UNROLL
    for (int k = 0; k < TAPS; k++) {
        sum[k] = floats_at(sums + k * BLOCK);
    }
    walk w;
    start(SIDE, row, block, &w);
    pair before = zero(), here = load(whole, s.there, dy), all = zero();
    for (int column = row->to_w - 1; column >= 0; column--) {
        dy += step;
        const pair next = column == 0 ? zero() : load(whole, s.there, dy);
        _mm_prefetch((const char *)(dy + below), _MM_HINT_T1);
        read_column(SIDE, stride, whole, s, &w, x);
        weigh_column(sum, 1, x, here);
        if (stride == 1) {
            weigh_column(sum, 2, x, before);
            weigh_column(sum, 0, x, next);
        } else if (column > 0 || is_even) {
            read_column(SIDE, stride, whole, s, &w, x);
            weigh_column(sum, 2, x, here);
            weigh_column(sum, 0, x, next);
        }
        if (sum_dy) {
            all = (pair){_mm512_add_ps(all.even, here.even), _mm512_add_ps(all.odd, here.odd)};
        }
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
