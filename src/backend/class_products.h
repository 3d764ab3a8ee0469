/* The class head's products with one tile of class weights: how a backend reads, multiplies and moves rows of w.
 * N samples, T rows of w, D wide; docs/head.md shows the step that these are part of:
 *
 *     first pass    logits:      p = x w^T                        [N, T]
 *                   (the head makes t of p: the gradient lengths G = f t, up to a factor f_i of each sample)
 *                   embeddings:  dx += t w^                       [N, D],  w^_j = w_j / |w_j|
 *     second pass   weights:     dw_j = (sum_i t_ij f_i x_i) / |w_j|, its projection, and the update of row j
 *
 * Each call runs on its task's own thread and gives the same bits whatever the number of threads. Nothing allocates. */
#ifndef BACKEND_CLASS_PRODUCTS_H
#define BACKEND_CLASS_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How w and momentum are stored, and in what precision they are multiplied. Sums are f32 always. */
typedef enum tam_class_dtype {
    TAM_CLASS_F32,       /* f32 rows, f32 products */
    TAM_CLASS_BF16,      /* f32 rows, products of factors rounded to bf16 */
    TAM_CLASS_BF16_LEAN, /* bf16 rows and momentum, rounded at random when they move; products as above */
    TAM_CLASS_DTYPES
} tam_class_dtype;

/* The samples as factors of a product, each laid out as its kernel likes to read it. */
typedef enum tam_class_pack {
    TAM_PACK_FOR_LOGITS, /* x, summed over D */
    TAM_PACK_FOR_WEIGHTS /* f x, summed over N */
} tam_class_pack;

typedef struct tam_class_tile {
    int n, dim;             /* N, D */
    int64_t rows;           /* T, at least 1 */
    const int64_t *row;     /* [T] which rows of w and momentum these are, ascending */
    void *w, *momentum;     /* [*, D], f32 or bf16 */
    const float *inverse_w; /* [T] 1/|w_j|, 0 for a zero row; 1 where the loss takes w as it is */
    int64_t stride;         /* from one sample's p or t to the next: T rounded up to TAM_CLASS_MULTIPLE */
    void *room;             /* room_bytes, the task's own. What `logits` leaves there is for `embeddings` */
    bool kept;              /* the slot is read in the second pass only: it is written past the caches */
} tam_class_tile;

enum { TAM_CLASS_MULTIPLE = 16 };

static inline int64_t tam_class_stride(int64_t rows) {
    return (rows + TAM_CLASS_MULTIPLE - 1) / TAM_CLASS_MULTIPLE * TAM_CLASS_MULTIPLE;
}

/* A sample whose own class is in the tile: dw_row += g x + along w_row, before the projection; g is not divided by
 * |w|, so that the row's sum can be. */
typedef struct tam_class_own {
    int64_t place;  /* in the tile, [0, T) */
    float g, along; /* G_iy; (dL_i/d|w_y|) / |w_y| where w is free in its length */
    const float *x; /* [D] */
} tam_class_own;

struct tam_sgd;

/* What becomes of dw. In this order, for row j: its sum over samples, plus what its own samples add, divided by |w_j|;
 * minus its part along w_j (unit_w); then out to `dw`, or into momentum and w. */
typedef struct tam_class_update {
    const tam_class_own *own; /* [owns] ascending by place */
    int owns;
    bool unit_w;               /* dw_j -= (dw_j . w^_j) w^_j */
    const float *rescale;      /* [N] powers of two: t_ij counts so many times; NULL: all 1 */
    float *dw;                 /* [*, D] by row of w, or NULL */
    const struct tam_sgd *sgd; /* or NULL: w stays */
    uint64_t rounding;         /* random key of this step, for rows in bf16 */
} tam_class_update;

typedef struct tam_class_products {
    const char *name;  /* of the kernels: "avx512", "amx", ... */
    bool lengths_late; /* `logits` does not read inverse_w, which may be measured after it, when w is in the cache */

    /* Sizes; each is a sum of products of its arguments that cannot overflow for N, T <= 2^20 and D <= 2^20. */
    size_t (*packed_bytes)(tam_class_pack pack, int n, int dim);
    size_t (*slot_bytes)(int n, int64_t stride);
    size_t (*room_bytes)(int n, int dim, int64_t rows);

    /* Lays out x [N, D], row i times factor[i] (NULL: 1). A task of the team each: `task` in [0, pack_tasks). */
    int64_t (*pack_tasks)(tam_class_pack pack, int n, int dim);
    void (*pack)(tam_class_pack pack, int n, int dim, const float *x, const float *factor, void *packed, int64_t task);

    /* p [N, stride]; the columns from T on may receive anything finite. */
    void (*logits)(const tam_class_tile *tile, const void *packed, float *p);
    /* dx [N, D] += t w^, and t goes into the slot; either may be NULL. Follows `logits` of the same tile. */
    void (*embeddings)(const tam_class_tile *tile, const float *t, void *slot, float *dx);
    void (*weights)(const tam_class_tile *tile, void *slot, const void *packed, const tam_class_update *update);
    /* sums [T]: sum_i f_i t_ij (rescale as in the update), the gradient of biases. */
    void (*column_sums)(const tam_class_tile *tile, const void *slot, const float *factor, const float *rescale,
                        float *sums);
} tam_class_products;

#endif
