/* What full layers in bf16 need of the processor: matrix registers (AMX), and numbers laid out for them.
 * cpu_full_tiles.c says how a layer is cut. Called around tam_gradient_amx_begin and _end where a register is touched.
 *
 * A step is a depth of 32. Rows: [step][32 rows][32], or pairs, [16 pairs of the depth][16 columns][2]. */
#ifndef BACKEND_CPU_FULL_TILES_H
#define BACKEND_CPU_FULL_TILES_H

#include "backend/cpu/layer/cpu_layer.h"
#include "base/bf16.h"

enum {
    TAM_FULL_SIDE = 32, /* rows and columns of a product, and the depth of a step */
    TAM_FULL_LANES = 16,
    TAM_FULL_ROWS = TAM_FULL_SIDE * TAM_FULL_SIDE, /* numbers of a step of rows */
    TAM_FULL_PAIRS = TAM_FULL_SIDE * TAM_FULL_LANES
};

/* How a shape is cut. */
typedef struct tam_full_cut {
    int n, in, out;
    int64_t n_panels, n_blocks, blocks, steps; /* 16 and 32 rows; outputs and inputs by 32 */
    int64_t ranges, range, slices;             /* of forward; range: steps */
    int steps_at_once;
    int data_width, weights_width; /* inputs of a task of backward */
} tam_full_cut;

tam_full_cut tam_full_cut_of(const tam_layer_shape *shape);

/* Backward (full_tiles_backward.c), and the scratch memory that it needs. */
void tam_full_backward_data(tam_layer *layer, const tam_layer_memory *memory);
void tam_full_backward_weights(tam_layer *layer, const tam_layer_memory *memory);
size_t tam_full_backward_bytes(const tam_full_cut *cut, int threads);

static inline int64_t tam_full_groups(int64_t count, int64_t size) {
    return (count + size - 1) / size;
}

static inline int64_t tam_full_least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* What needs the processor's instructions (full_tiles_amx.c); products between tam_gradient_amx_begin and _end. */

/* c [32][32] (16 rows or columns where there is no second half) = a b, or c += a b. In numbers: a_row from row to row,
 * _step from step to step, _half to the second 16 rows or columns. */
typedef struct tam_full_product {
    const tam_bf16 *a, *b;
    int64_t a_row, a_step, a_half;
    int64_t b_step, b_half;
    int steps;
    bool two_rows, two_columns; /* not both missing */
    bool add;
    float *c;
    int64_t c_row;
    const tam_bf16 *ahead; /* what is read soon, a step of rows in each step; NULL: nothing */
} tam_full_product;

bool tam_full_amx_runs_here(void);
void tam_full_amx_multiply(const tam_full_product *product);

/* Up to 32 rows, rounded, with zeros up to 32 rows and whole steps. `ahead`, rows like x, is read soon; or NULL. */
void tam_full_amx_rows(const float *x, int64_t stride, int rows, int columns, const float *ahead, tam_bf16 *to);
/* Up to 32 rows, rounded: their pairs, for each 16 of the columns, which are filled up with zeros to whole 32. */
void tam_full_amx_pairs(const float *x, int64_t stride, int rows, int columns, const float *ahead, tam_bf16 *to);
/* Up to 16 rows, their columns as the depth: pairs for each step, with zeros around. */
void tam_full_amx_turn_pairs(const tam_bf16 *x, int64_t stride, int rows, int64_t columns, tam_bf16 *to);
/* Up to 32 rows of up to 16 columns, rounded: to[column][32], with zeros around; to_row from column to column. */
void tam_full_amx_turn_rows(const float *x, int64_t stride, int rows, int columns, tam_bf16 *to, int64_t to_row);
/* y[column][row] = bias[row] + parts' sums [row][column], up to 16 by 16, added in order; bias may be NULL. */
void tam_full_amx_sum(const float *sums, int64_t stride, int parts, int64_t part, int rows, int columns,
                      const float *bias, float *y, int64_t y_row);
/* Copies rows to memory that is not read soon. */
void tam_full_amx_write(const float *from, int64_t from_row, int rows, int columns, float *to, int64_t to_row);

#endif
