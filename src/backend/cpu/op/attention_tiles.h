/* What attention in bf16 needs of the processor: products by matrix registers (AMX) and what lies between them.
 *
 * Sides of products are multiples of 32. A left factor lies row by row; a right one in panels of 16 columns, and in a
 * panel, for each pair of rows, the 16 columns' two numbers: [columns / 16][rows / 2][16][2]. */
#ifndef BACKEND_CPU_ATTENTION_TILES_H
#define BACKEND_CPU_ATTENTION_TILES_H

#include <stdbool.h>
#include <stdint.h>

enum { TAM_ATTENTION_SIDE = 32, TAM_ATTENTION_LANES = 16 };

bool tam_attention_tiles_run_here(void);
/* Around the products of a call. */
void tam_attention_tiles_begin(void);
void tam_attention_tiles_end(void);

typedef struct tam_attention_product {
    int64_t rows, columns, depth;
    const uint16_t *a, *b;
    int64_t a_stride, b_panel; /* numbers from row to row, from panel to panel */
    float *c;
    int64_t c_stride;
    bool add; /* to what is in c */
} tam_attention_product;
void tam_attention_tiles_multiply(const tam_attention_product *product);

/* rows [count][depth] as a right factor whose columns they are: [count / 16][depth / 2][16][2]. */
void tam_attention_tiles_columns(int64_t count, int64_t depth, const uint16_t *rows, uint16_t *to);
/* rows [depth][count] as a right factor: [count / 16][depth / 2][16][2]. */
void tam_attention_tiles_rows(int64_t depth, int64_t count, const uint16_t *rows, uint16_t *to);
/* to [columns][rows] = x [rows][columns]. */
void tam_attention_tiles_turn(int64_t rows, int64_t columns, const uint16_t *x, uint16_t *to);
/* The same of f32, from row to row x_stride. */
void tam_attention_tiles_transpose(int64_t rows, int64_t columns, const float *x, int64_t x_stride, float *to);
/* Numbers of one row rounded; behind `count` zeros up to `width`. */
void tam_attention_tiles_round(int64_t count, int64_t width, const float *x, uint16_t *to);

/* Rows of `count` numbers, `stride` apart, each filled up with zeros to `width`, a multiple of 32. */
void tam_attention_tiles_get(int64_t rows, int64_t count, int64_t width, const uint16_t *x, int64_t stride,
                             uint16_t *to);
/* The first `count` numbers of each row of `width`, rounded. */
void tam_attention_tiles_put(int64_t rows, int64_t count, const float *x, int64_t width, uint16_t *to, int64_t stride);

/* most[t] = the largest of the first `tokens` scores of row t, times scale; what is behind them in the row, `padded`
 * numbers long, becomes -inf. */
void tam_attention_tiles_most(int64_t rows, int64_t tokens, int64_t padded, float scale, float *scores, float *most);
/* p = 2^(scale score - most) of rows `first` to `last`, and the sum of each row. */
void tam_attention_tiles_weights(int64_t first, int64_t last, int64_t padded, float scale, const float *scores,
                                 const float *most, uint16_t *p, float *sums);

/* In backward rows are keys and columns are queries, 32 of them: p = 2^(scale score - log_sum of the column) by rows
 * p_stride apart, along += p dp. scores and dp: [rows][32]. */
void tam_attention_tiles_again(int64_t rows, float scale, const float *scores, const float *dp, const float *log_sums,
                               float *along, uint16_t *p, int64_t p_stride);
/* dscore = p (dp - along) share of `rows` rows: to dscore by rows, stride as p's, and to `right` as two panels of a
 * right factor, panels apart. An odd last row is paired with zeros. */
void tam_attention_tiles_gradients(int64_t rows, float share, const uint16_t *p, int64_t stride, const float *dp,
                                   const float *along, uint16_t *dscore, uint16_t *right, int64_t panel);

#endif
