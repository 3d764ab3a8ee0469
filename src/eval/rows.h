/* Embeddings made ready for all-against-all products: checked, normalised, packed. */
#ifndef EVAL_ROWS_H
#define EVAL_ROWS_H

#include "base/ctx.h"

/* Rows lie in panels of TAM_PANEL, transposed, so that one vector load takes a column of a panel; products are made in
 * square tiles of TAM_TILE rows, which keep both factors in the second-level cache. */
enum { TAM_PANEL = 16, TAM_TILE = 128 };

typedef struct tam_rows {
    int64_t count; /* rows; filled up with zero rows to a whole number of tiles */
    int64_t tiles;
    int d;
    float *panels; /* [tiles * TAM_TILE / TAM_PANEL, d, TAM_PANEL] */
} tam_rows;

/* Fails with TAM_CONFIG for impossible sizes and with TAM_INPUT for NaN and infinite values in e [n, d], naming the
 * first such row; `what` says what kind of row it is ("gallery row"). */
TAM_MUST_USE tam_status tam_rows_check(tam_ctx *ctx, int64_t n, int d, const float *e, const char *what);

/* Packs row order[i] of the checked rows e [n, d] as row i (order NULL: row i), divided by its length; the length is an
 * f64 sum, a zero row stays zero. */
TAM_MUST_USE tam_status tam_rows_pack(tam_ctx *ctx, int64_t n, int d, const float *e, const uint32_t *order,
                                      tam_rows *rows);
void tam_rows_free(tam_ctx *ctx, tam_rows *rows);

/* scores [TAM_TILE, TAM_TILE] = cosines of the rows of tile_a of a with the rows of tile_b of b. Each cosine is one sum
 * over d in rising order, so it depends on its two rows only, not on where they lie. */
void tam_rows_tile(const tam_rows *a, int64_t tile_a, const tam_rows *b, int64_t tile_b, float *scores);

/* One tile of scores for each worker, [threads, TAM_TILE, TAM_TILE]. */
float *tam_rows_scratch(tam_ctx *ctx);

#endif
