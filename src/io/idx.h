/* IDX files (the MNIST family), plain or gzipped: big-endian, 00 00 TYPE NDIM, NDIM sizes of 32 bits, then the values.
 * Only bytes (TYPE 08) are read. */
#ifndef IO_IDX_H
#define IO_IDX_H

#include "base/ctx.h"

enum { TAM_IDX_MOST_DIMS = 3 };

typedef struct tam_idx {
    int dims;
    int64_t size[TAM_IDX_MOST_DIMS]; /* each at least 1 */
    uint8_t *values;                 /* tam_release */
} tam_idx;

/* Decodes a file in memory that must have `dims` dimensions (at most TAM_IDX_MOST_DIMS); `name` is for sentences. Fails
 * with TAM_INPUT when it is cut short, too long, or its gzip checksum is wrong. What is allocated is bounded by what
 * the file's bytes can hold. */
TAM_MUST_USE tam_status tam_idx_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, int dims,
                                       tam_idx *idx);
TAM_MUST_USE tam_status tam_idx_read(tam_ctx *ctx, const char *path, int dims, tam_idx *idx);
void tam_idx_free(tam_ctx *ctx, tam_idx *idx);

#endif
