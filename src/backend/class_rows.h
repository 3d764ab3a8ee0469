/* Rows of class weights as they are stored, f32 or bf16: what all backends on this machine's memory share. */
#ifndef BACKEND_CLASS_ROWS_H
#define BACKEND_CLASS_ROWS_H

#include "backend/class_products.h"

static inline size_t tam_class_number_bytes(tam_class_dtype dtype) {
    return dtype == TAM_CLASS_BF16_LEAN ? 2 : 4;
}

/* Row `row` of w [*, dim] as f32. */
void tam_class_row_read(tam_class_dtype dtype, const void *w, int64_t row, int dim, float *values);
/* To the nearest where it is stored as bf16. */
void tam_class_row_write(tam_class_dtype dtype, void *w, int64_t row, int dim, const float *values);

/* inverse[k] = 1/|w_row[k]|, 0 for a zero row, exact for lengths from 1e-30 to 1e30; with unit_w false all 1. Returns
 * false when a number among them is NaN or infinite. */
bool tam_class_rows_measure(tam_class_dtype dtype, const void *w, int dim, int64_t count, const int64_t *row,
                            bool unit_w, float *inverse);

/* The end of `weights` for rows [first, first + count) of the tile: dw [count, D] holds sum_i t_ij f_i x_i and is
 * overwritten. */
void tam_class_rows_finish(tam_class_dtype dtype, const tam_class_tile *tile, const tam_class_update *update,
                           int64_t first, int64_t count, float *dw);

/* The rows move by momentum and decay alone: their gradient is taken to be 0, and has no own samples. */
void tam_class_rows_coast(tam_class_dtype dtype, const tam_class_tile *tile, const tam_class_update *update);

#endif
