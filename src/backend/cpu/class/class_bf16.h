/* The class head's products of factors rounded to bf16: what the kinds of processors share (class_bf16.c) and what each
 * does in its own way.
 *
 * A product is C [M, L] = A [M, K] B [K, L] with sums in f32. A lies row by row. B lies in panels of 16 columns, and in
 * a panel, for each pair of rows of B, the 16 columns' two numbers: [L/16][K/2][16][2]. K is a multiple of 32 and M and
 * L are multiples of 16: what is missing is filled with zeros. */
#ifndef BACKEND_CPU_CLASS_BF16_H
#define BACKEND_CPU_CLASS_BF16_H

#include "backend/class_products.h"
#include "base/bf16.h"

enum {
    TAM_BF16_LANES = 16, /* rows and columns of a part of C */
    TAM_BF16_DEPTH = 32, /* K is a multiple of this */
    TAM_BF16_BLOCK = 32  /* rows and columns of a block of C: 2 x 2 parts */
};

static inline int64_t tam_bf16_up(int64_t n, int64_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

/* One block of C: [16 rows, 16 columns] with rows and columns 1 or 2. `a` at its first row, `b` at its first panel. The
 * same rows of A meet one panel of B after another. */
typedef struct tam_bf16_block {
    int rows, columns;
    int64_t depth; /* K */
    const tam_bf16 *a;
    int64_t a_stride;
    const tam_bf16 *b;
    int64_t b_stride; /* from panel to panel */
    float *c;
    int64_t c_stride;
    const char *ahead[2]; /* memory that will soon be read, fetched meanwhile: `lines` of 64 bytes of each from every */
    int lines;            /* 32 of K */
} tam_bf16_block;

typedef struct tam_bf16_kind {
    /* Around the blocks of a call. */
    void (*begin)(void);
    void (*end)(void);
    void (*block)(const tam_bf16_block *block);
    /* Two rows of f32, `dim` a multiple of 32: rounded row by row to a0 and a1 (NULL: not wanted); times s0 and s1 and
     * then rounded, as pairs, 16 to each panel. */
    void (*round_rows)(int64_t dim, const float *const row[2], const float s[2], tam_bf16 *const a[2], tam_bf16 *b,
                       int64_t b_stride);
    /* The pairs of two rows that are bf16. */
    void (*scale_rows)(int64_t dim, const tam_bf16 *const row[2], const float s[2], tam_bf16 *b, int64_t b_stride);
    /* t [32, 16]: rounded to `row` [32, 16], and transposed to `column` [16, 32]. */
    void (*round_slot)(const float *t, int64_t t_stride, tam_bf16 *row, int64_t row_stride, tam_bf16 *column,
                       int64_t column_stride);
    /* x [16, 32], row i times s[i], rounded and transposed as pairs: [16][16][2]. */
    void (*round_columns)(const float *x, int64_t x_stride, const float s[TAM_BF16_LANES], tam_bf16 *b);
    /* p [16, 16] = the transpose of c. */
    void (*transpose)(const float *c, int64_t c_stride, float *p, int64_t p_stride);
} tam_bf16_kind;

/* The kernels of each kind, for rows in f32 and in bf16; NULL where this processor or its system cannot run them. */
const tam_class_products *tam_class_bf16_amx(void);
const tam_class_products *tam_class_lean_amx(void);
const tam_class_products *tam_class_bf16_avx512(void);
const tam_class_products *tam_class_lean_avx512(void);
const tam_class_products *tam_class_bf16_plain(void);
const tam_class_products *tam_class_lean_plain(void);

/* What the kinds make their tables of. */
size_t tam_bf16_packed_bytes(tam_class_pack pack, int n, int dim);
size_t tam_bf16_slot_bytes(int n, int64_t stride);
size_t tam_bf16_room_bytes(int n, int dim, int64_t rows);
int64_t tam_bf16_pack_tasks(tam_class_pack pack, int n, int dim);
void tam_bf16_pack(const tam_bf16_kind *kind, tam_class_pack pack, int n, int dim, const float *x, const float *factor,
                   void *packed, int64_t task);
void tam_bf16_logits(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, const void *packed,
                     float *p);
void tam_bf16_embeddings(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, const float *t,
                         void *slot, float *dx);
void tam_bf16_weights(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, void *slot,
                      const void *packed, const tam_class_update *update);
void tam_bf16_column_sums(const tam_class_tile *tile, const void *slot, const float *factor, const float *rescale,
                          float *sums);

#define TAM_BF16_TABLE(name_, suffix)                                                                                  \
    {                                                                                                                  \
        .name = (name_), .packed_bytes = tam_bf16_packed_bytes, .slot_bytes = tam_bf16_slot_bytes,                     \
        .room_bytes = tam_bf16_room_bytes, .pack_tasks = tam_bf16_pack_tasks, .pack = pack, .logits = logits_##suffix, \
        .embeddings = embeddings_##suffix, .weights = weights_##suffix, .column_sums = tam_bf16_column_sums            \
    }

/* The tables of one kind, whose functions know their kind and dtype. */
#define TAM_BF16_TABLES(kind, name, suffix, runs_here)                                                           \
    static void pack(tam_class_pack for_what, int n, int dim, const float *x, const float *factor, void *packed, \
                     int64_t task) {                                                                             \
        tam_bf16_pack(&(kind), for_what, n, dim, x, factor, packed, task);                                       \
    }                                                                                                            \
    static void embeddings_bf16(const tam_class_tile *tile, const float *t, void *slot, float *dx) {             \
        tam_bf16_embeddings(&(kind), TAM_CLASS_BF16, tile, t, slot, dx);                                         \
    }                                                                                                            \
    static void embeddings_lean(const tam_class_tile *tile, const float *t, void *slot, float *dx) {             \
        tam_bf16_embeddings(&(kind), TAM_CLASS_BF16_LEAN, tile, t, slot, dx);                                    \
    }                                                                                                            \
    static void logits_bf16(const tam_class_tile *tile, const void *packed, float *p) {                          \
        tam_bf16_logits(&(kind), TAM_CLASS_BF16, tile, packed, p);                                               \
    }                                                                                                            \
    static void logits_lean(const tam_class_tile *tile, const void *packed, float *p) {                          \
        tam_bf16_logits(&(kind), TAM_CLASS_BF16_LEAN, tile, packed, p);                                          \
    }                                                                                                            \
    static void weights_bf16(const tam_class_tile *tile, void *slot, const void *packed,                         \
                             const tam_class_update *update) {                                                   \
        tam_bf16_weights(&(kind), TAM_CLASS_BF16, tile, slot, packed, update);                                   \
    }                                                                                                            \
    static void weights_lean(const tam_class_tile *tile, void *slot, const void *packed,                         \
                             const tam_class_update *update) {                                                   \
        tam_bf16_weights(&(kind), TAM_CLASS_BF16_LEAN, tile, slot, packed, update);                              \
    }                                                                                                            \
    const tam_class_products *tam_class_bf16_##suffix(void) {                                                    \
        static const tam_class_products products = TAM_BF16_TABLE(name, bf16);                                   \
        return (runs_here) ? &products : NULL;                                                                   \
    }                                                                                                            \
    const tam_class_products *tam_class_lean_##suffix(void) {                                                    \
        static const tam_class_products products = TAM_BF16_TABLE(name, lean);                                   \
        return (runs_here) ? &products : NULL;                                                                   \
    }

/* A kind that this program cannot be built for. */
#define TAM_BF16_NO_TABLES(suffix)                            \
    const tam_class_products *tam_class_bf16_##suffix(void) { \
        return NULL;                                          \
    }                                                         \
    const tam_class_products *tam_class_lean_##suffix(void) { \
        return NULL;                                          \
    }

#endif
