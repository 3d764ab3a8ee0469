/* Arrays of numpy, .npy of versions 1 to 3: a header that tells the type and the shape, then the values in C order.
 * Fortran's order, objects and structures are refused. The file stays where it is; values are read by their place. */
#ifndef IO_NPY_H
#define IO_NPY_H

#include <stdbool.h>

#include "base/ctx.h"

enum { TAM_NPY_MOST_DIMS = 8, TAM_NPY_HEADER = 128 };

typedef enum tam_npy_type {
    TAM_NPY_B1, /* a truth value of one byte */
    TAM_NPY_U1,
    TAM_NPY_U2,
    TAM_NPY_U4,
    TAM_NPY_U8,
    TAM_NPY_I1,
    TAM_NPY_I2,
    TAM_NPY_I4,
    TAM_NPY_I8,
    TAM_NPY_F2,
    TAM_NPY_F4,
    TAM_NPY_F8
} tam_npy_type;

typedef struct tam_npy {
    tam_ctx *ctx;
    const char *name; /* for sentences; not owned */
    int version;      /* 1, 2 or 3 */
    tam_npy_type type;
    int dims;
    int64_t shape[TAM_NPY_MOST_DIMS];
    int64_t count; /* values: the product of the shape, 1 without dimensions */
    int64_t rows;  /* shape[0], or 1 */
    int64_t row;   /* values of a row: the product of the other sides */
    /* the inside */
    const uint8_t *data; /* of an array in memory */
    int descriptor;      /* of a file, or -1 */
    uint64_t start;      /* where the values begin */
    bool swapped;        /* values are big-endian */
} tam_npy;

/* "float32" and so on, as numpy says it; bytes of a value. */
const char *tam_npy_type_name(tam_npy_type type);
size_t tam_npy_type_size(tam_npy_type type);

/* From a file, or from memory; *npy is closed by tam_npy_close, also after a failure. `path`, `name` and `data` must
 * outlive it. Fails with TAM_INPUT: not an array, another order or type, more or fewer bytes than its header counts. */
TAM_MUST_USE tam_status tam_npy_open(tam_ctx *ctx, const char *path, tam_npy *npy);
TAM_MUST_USE tam_status tam_npy_view(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_npy *npy);
void tam_npy_close(tam_npy *npy);

/* Values first to first + count - 1 of all, in C order, which the caller knows to be there; thread-safe and without
 * allocation. As they are stored, in this machine's byte order: */
TAM_MUST_USE tam_status tam_npy_read(const tam_npy *npy, int64_t first, int64_t count, void *values);
/* Of any type as f32. 64-bit numbers are rounded; f64 beyond f32 becomes infinite. */
TAM_MUST_USE tam_status tam_npy_read_f32(const tam_npy *npy, int64_t first, int64_t count, float *values);
/* Whole numbers of any type; fails with TAM_INPUT, naming its place, for one that is not whole or beyond 2^63 - 1. */
TAM_MUST_USE tam_status tam_npy_read_i64(const tam_npy *npy, int64_t first, int64_t count, int64_t *values);

/* A header of version 1 as numpy writes it, little-endian; false where it does not fit (a shape of absurd sides). */
bool tam_npy_header(tam_npy_type type, int dims, const int64_t *shape, uint8_t header[TAM_NPY_HEADER]);
/* Writes an array whole, or nothing. Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_npy_write(tam_ctx *ctx, const char *path, tam_npy_type type, int dims, const int64_t *shape,
                                      const void *values);

#endif
