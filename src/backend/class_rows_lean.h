/* Rows of class weights in bf16 that move: each number rounded at random to one of its two neighbours. */
#ifndef BACKEND_CLASS_ROWS_LEAN_H
#define BACKEND_CLASS_ROWS_LEAN_H

#include "backend/class_products.h"

/* The end of `weights` for row k of the tile: dw [D] holds its sum and is overwritten. The random bits of
 * a number depend on (update->rounding, the row, d) alone. */
void tam_class_lean_finish(const tam_class_tile *tile, const tam_class_update *update, int64_t k, float *dw);
/* The step of SGD of a row whose sum is 0: the same bits as with one. */
void tam_class_lean_coast(const tam_class_tile *tile, const tam_class_update *update, int64_t k);

#endif
