/* The f32 product that class_f32_kernel.h is made of: sums that stay in registers, and where they go from there. */
#include <string.h>

#include "backend/class_products.h"

#define PART static inline __attribute__((always_inline)) KERNEL_TARGET
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vec4 __attribute__((vector_size(16), aligned(4), may_alias));

/* AHEAD: steps of k by which b comes into the nearest cache before it is needed. */
enum { WIDTH = VECTORS * LANES, BLOCK = TAM_CLASS_MULTIPLE, AHEAD = 8, LINE = 64 };

/* Memory that comes into the cache while a product runs: `count` pieces, for `steps` steps of k each (the last one to
 * the end), every step `stride` bytes further. */
typedef struct ahead {
    int64_t count, steps, stride;
    const char *at[2 * BLOCK];
} ahead;

PART int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

PART int64_t round_up(int64_t count) {
    return (count + LANES - 1) / LANES * LANES;
}

PART int64_t panel_count(int64_t count) {
    return (count + WIDTH - 1) / WIDTH;
}

/* Lanes of a panel, with its padding. */
PART int64_t panel_width(int64_t count, int64_t panel) {
    return least(WIDTH, round_up(count) - panel * WIDTH);
}

/* How `depth` steps read that many pieces of that many bytes. */
PART ahead pace(int64_t depth, int64_t count, int64_t bytes) {
    int64_t steps = depth > count ? depth / count : 1;
    return (ahead){.count = least(count, depth), .steps = steps, .stride = (bytes + steps - 1) / steps};
}

/* sum[r][lane] = sum_k a[r][k step] b[k][lane]. `vectors` is a constant wherever this is called. */
PART void multiply(const int vectors, int64_t depth, const float *const a[ROWS], int64_t step, const float *b,
                   const ahead *next, vec sum[ROWS][VECTORS]) {
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            sum[r][v] = (vec){0};
        }
    }
    int64_t k = 0;
    for (int64_t piece = 0; piece < next->count; piece++) {
        const char *coming = next->at[piece];
        int64_t end = piece + 1 < next->count ? k + next->steps : depth;
        for (; k < end; k++) {
            vec right[VECTORS];
            UNROLL
            for (int v = 0; v < vectors; v++) {
                right[v] = *(const vec *)(b + v * LANES);
            }
            UNROLL
            for (int v = 0; v < vectors; v += LINE / 4 / LANES) {
                __builtin_prefetch(b + (AHEAD * vectors + v) * LANES, 0, 3);
            }
            __builtin_prefetch(coming, 0, 2);
            coming += next->stride;
            b += vectors * LANES;
            UNROLL
            for (int r = 0; r < ROWS; r++) {
                vec left = a[r][k * step] - (vec){0};
                UNROLL
                for (int v = 0; v < vectors; v++) {
                    sum[r][v] += left * right[v];
                }
            }
        }
    }
}

/* `count` of the lanes of a row of sums, from the first. */
PART void put(const int vectors, const vec *sum, int64_t count, float *to) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        if ((v + 1) * LANES <= count) {
            *(vec *)(to + v * LANES) = sum[v];
        } else if (v * LANES < count) {
            vec value = sum[v];
            memcpy(to + v * LANES, &value, (size_t)(count - v * LANES) * sizeof *to);
        }
    }
}

PART void add(const int vectors, const vec *sum, int64_t count, float *to) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        if ((v + 1) * LANES <= count) {
            *(vec *)(to + v * LANES) += sum[v];
        } else {
            for (int64_t d = v * LANES; d < count; d++) {
                to[d] += sum[v][d - v * LANES];
            }
        }
    }
}

/* Four rows of four numbers, `from` apart, to four columns, `to` apart. */
PART void transpose(const float *in, int64_t from, float *out, int64_t to) {
    vec4 a = *(const vec4 *)in, b = *(const vec4 *)(in + from);
    vec4 c = *(const vec4 *)(in + 2 * from), d = *(const vec4 *)(in + 3 * from);
    vec4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    vec4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(vec4 *)out = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    *(vec4 *)(out + to) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    *(vec4 *)(out + 2 * to) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *(vec4 *)(out + 3 * to) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

#if LANES == 16 && ROWS == 8
typedef float vec8 __attribute__((vector_size(32), aligned(4), may_alias));

/* Eight rows of sixteen numbers to sixteen columns of eight, in registers: fours within each quarter of a vector, then
 * the quarters of rows 0 to 3 beside those of rows 4 to 7. */
PART void transpose_sums(vec sum[ROWS][VECTORS], const int v, float *p, int64_t stride) {
    vec fours[2][4];
    UNROLL
    for (int h = 0; h < 2; h++) {
        vec a = sum[4 * h][v], b = sum[4 * h + 1][v], c = sum[4 * h + 2][v], d = sum[4 * h + 3][v];
        vec ab = __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        vec cd = __builtin_shufflevector(c, d, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        fours[h][0] = __builtin_shufflevector(ab, cd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        fours[h][1] = __builtin_shufflevector(ab, cd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        ab = __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
        cd = __builtin_shufflevector(c, d, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
        fours[h][2] = __builtin_shufflevector(ab, cd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        fours[h][3] = __builtin_shufflevector(ab, cd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
    UNROLL
    for (int k = 0; k < 4; k++) {
        vec low = fours[0][k], high = fours[1][k];
        float *to = p + k * stride;
        *(vec8 *)to = __builtin_shufflevector(low, high, 0, 1, 2, 3, 16, 17, 18, 19);
        *(vec8 *)(to + 4 * stride) = __builtin_shufflevector(low, high, 4, 5, 6, 7, 20, 21, 22, 23);
        *(vec8 *)(to + 8 * stride) = __builtin_shufflevector(low, high, 8, 9, 10, 11, 24, 25, 26, 27);
        *(vec8 *)(to + 12 * stride) = __builtin_shufflevector(low, high, 12, 13, 14, 15, 28, 29, 30, 31);
    }
}
#endif

/* Sums [ROWS classes][lanes] into p, of which `count` samples exist. */
PART void put_transposed(const int vectors, vec sum[ROWS][VECTORS], int64_t count, float *p, int64_t stride) {
#if LANES == 16 && ROWS == 8
    if (count == vectors * LANES) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            transpose_sums(sum, v, p + v * LANES * stride, stride);
        }
        return;
    }
#endif
    float block[ROWS * WIDTH];
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        put(vectors, sum[r], WIDTH, block + r * WIDTH);
    }
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        UNROLL
        for (int r = 0; r < ROWS; r += 4) {
            transpose(block + r * WIDTH + i, WIDTH, p + i * stride + r, stride);
        }
    }
    for (; i < count; i++) {
        for (int r = 0; r < ROWS; r++) {
            p[i * stride + r] = block[r * WIDTH + i];
        }
    }
}
