/* The class head's products of factors rounded to bf16 on any processor: bf16 made f32 on the way to the product. */
#include "backend/cpu/class/class_bf16.h"

#include <string.h>

#include "base/kernel.h"

enum { LANES = TAM_BF16_LANES, DEPTH = TAM_BF16_DEPTH };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef uint32_t bits __attribute__((vector_size(LANES * sizeof(uint32_t))));

TAM_KERNEL static void round_rows(int64_t dim, const float *const row[2], const float s[2], tam_bf16 *const a[2],
                                  tam_bf16 *b, int64_t b_stride) {
    for (int k = 0; k < 2 && a[0] != NULL; k++) {
        const float *from = row[k];
        tam_bf16 *to = a[k];
        for (int64_t d = 0; d < dim; d++) {
            to[d] = tam_bf16_nearest(from[d]);
        }
    }
    const float *row0 = row[0], *row1 = row[1];
    float s0 = s[0], s1 = s[1];
    for (int64_t d = 0; d < dim; d += LANES) {
        uint32_t pair[LANES];
        for (int k = 0; k < LANES; k++) {
            pair[k] = tam_bf16_nearest(s0 * row0[d + k]) | (uint32_t)tam_bf16_nearest(s1 * row1[d + k]) << 16;
        }
        memcpy(b, pair, sizeof pair);
        b += b_stride;
    }
}

TAM_KERNEL static void scale_rows(int64_t dim, const tam_bf16 *const row[2], const float s[2], tam_bf16 *b,
                                  int64_t b_stride) {
    const tam_bf16 *row0 = row[0], *row1 = row[1];
    float s0 = s[0], s1 = s[1];
    for (int64_t d = 0; d < dim; d += LANES) {
        uint32_t pair[LANES];
        for (int k = 0; k < LANES; k++) {
            pair[k] = tam_bf16_nearest(s0 * tam_bf16_value(row0[d + k])) |
                      (uint32_t)tam_bf16_nearest(s1 * tam_bf16_value(row1[d + k])) << 16;
        }
        memcpy(b, pair, sizeof pair);
        b += b_stride;
    }
}

TAM_KERNEL static void round_slot(const float *t, int64_t t_stride, tam_bf16 *row, int64_t row_stride, tam_bf16 *column,
                                  int64_t column_stride) {
    for (int64_t i = 0; i < DEPTH; i++) {
        tam_bf16 rounded[LANES];
        for (int k = 0; k < LANES; k++) {
            rounded[k] = tam_bf16_nearest(t[i * t_stride + k]);
        }
        memcpy(row + i * row_stride, rounded, sizeof rounded);
        for (int k = 0; k < LANES; k++) {
            column[k * column_stride + i] = rounded[k];
        }
    }
}

TAM_KERNEL static void round_columns(const float *x, int64_t x_stride, const float s[LANES], tam_bf16 *b) {
    for (int64_t i = 0; i < LANES; i++) {
        tam_bf16 rounded[DEPTH];
        for (int k = 0; k < DEPTH; k++) {
            rounded[k] = tam_bf16_nearest(s[i] * x[i * x_stride + k]);
        }
        for (int k = 0; k < LANES; k++) {
            memcpy(b + k * DEPTH + 2 * i, rounded + 2 * k, 2 * sizeof *b);
        }
    }
}

static void transpose(const float *c, int64_t c_stride, float *p, int64_t p_stride) {
    for (int64_t i = 0; i < LANES; i++) {
        for (int64_t k = 0; k < LANES; k++) {
            p[i * p_stride + k] = c[k * c_stride + i];
        }
    }
}

enum { MOST_ROWS = 8 };

/* Some rows of C by one panel: as many as keep their sums in registers and hide the latency of one. */
TAM_KERNEL_PART void multiply(const tam_bf16_block *block, int64_t first, int64_t column, const int rows) {
    const tam_bf16 *a = block->a + first * block->a_stride, *b = block->b + column * block->b_stride;
    float *c = block->c + first * block->c_stride + column * LANES;
    lanes sum[MOST_ROWS] = {{0.0f}};
    for (int64_t k = 0; k < block->depth; k += 2) {
        bits of_b;
        memcpy(&of_b, b + k * LANES, sizeof of_b);
        lanes even = (lanes)(of_b << 16), odd = (lanes)(of_b & 0xffff0000u);
        for (int i = 0; i < rows; i++) {
            uint32_t pair;
            memcpy(&pair, a + i * block->a_stride + k, sizeof pair);
            bits of_a = pair | (bits){0};
            sum[i] += (lanes)(of_a << 16) * even;
            sum[i] += (lanes)(of_a & 0xffff0000u) * odd;
        }
    }
    for (int i = 0; i < rows; i++) {
        memcpy(c + i * block->c_stride, &sum[i], sizeof sum[i]);
    }
}

TAM_KERNEL_PART void multiply_rows(const tam_bf16_block *block, const int rows) {
    for (int64_t column = 0; column < block->columns; column++) {
        for (int64_t first = 0; first < block->rows * LANES; first += rows) {
            multiply(block, first, column, rows);
        }
    }
}

TAM_KERNEL static void multiply_narrow(const tam_bf16_block *block) {
    multiply_rows(block, 4);
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void multiply_wide(const tam_bf16_block *block) {
    multiply_rows(block, MOST_ROWS);
}

static void multiply_block(const tam_bf16_block *block) {
    (__builtin_cpu_supports("avx512f") ? multiply_wide : multiply_narrow)(block);
}
#else
static void multiply_block(const tam_bf16_block *block) {
    multiply_narrow(block);
}
#endif

static void nothing(void) {
}

static const tam_bf16_kind kind = {
    .begin = nothing,
    .end = nothing,
    .block = multiply_block,
    .round_rows = round_rows,
    .scale_rows = scale_rows,
    .round_slot = round_slot,
    .round_columns = round_columns,
    .transpose = transpose,
};
TAM_BF16_TABLES(kind, "plain", plain, true)
