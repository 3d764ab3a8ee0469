/* The class head's products of factors rounded to bf16 on any processor: bf16 made f32 on the way to the product. */
#include "backend/cpu/class_bf16.h"

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

/* Four rows of C by one panel. */
TAM_KERNEL_PART void multiply(const tam_bf16_block *block, int64_t first, int64_t column) {
    enum { ROWS = 4 };
    const tam_bf16 *a = block->a + first * block->a_stride, *b = block->b + column * block->b_stride;
    float *c = block->c + first * block->c_stride + column * LANES;
    lanes sum[ROWS] = {{0.0f}};
    for (int64_t k = 0; k < block->depth; k += 2) {
        bits pair, even, odd;
        lanes even_value, odd_value;
        memcpy(&pair, b + k * LANES, sizeof pair);
        even = pair << 16;
        odd = pair & 0xffff0000u;
        memcpy(&even_value, &even, sizeof even);
        memcpy(&odd_value, &odd, sizeof odd);
        for (int i = 0; i < ROWS; i++) {
            const tam_bf16 *of_a = a + i * block->a_stride + k;
            sum[i] += tam_bf16_value(of_a[0]) * even_value;
            sum[i] += tam_bf16_value(of_a[1]) * odd_value;
        }
    }
    for (int i = 0; i < ROWS; i++) {
        memcpy(c + i * block->c_stride, &sum[i], sizeof sum[i]);
    }
}

TAM_KERNEL static void multiply_block(const tam_bf16_block *block) {
    for (int64_t column = 0; column < block->columns; column++) {
        for (int64_t first = 0; first < block->rows * LANES; first += 4) {
            multiply(block, first, column);
        }
    }
}

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
