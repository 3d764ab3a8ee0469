/* safetensors files: u64 length of a JSON header, the header, then the arrays' bytes (little-endian, row-major), with
 * no hole and no overlap. Our files also hold a CRC-32 of every array ("crc32.NAME") and of the other metadata
 * ("crc32") among the metadata; where one is present it is checked. */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum { TAM_TENSOR_DIMS = 8 };

/* X(name, bytes of one number). What else the format knows is refused by name. */
#define TAM_DTYPE_LIST(X) X(F32, 4) X(F64, 8) X(I32, 4) X(I64, 8) X(U8, 1) X(BF16, 2)

typedef enum tam_dtype {
#define TAM_DTYPE_ENUM(name, bytes) TAM_DTYPE_##name,
    TAM_DTYPE_LIST(TAM_DTYPE_ENUM)
#undef TAM_DTYPE_ENUM
} tam_dtype;

/* An array in a file that was read, or to be written. */
typedef struct tam_tensor {
    const char *name;
    tam_dtype dtype;
    int dims;
    int64_t size[TAM_TENSOR_DIMS];
    const void *data; /* parsed from memory: where it lies there, not aligned; of an opened file: NULL */
    size_t bytes;
    size_t at; /* of what was read: where it begins, in bytes behind the header */
} tam_tensor;

/* One string of the metadata; UTF-8. */
typedef struct tam_metadata {
    const char *key, *value;
} tam_metadata;

typedef struct tam_tensors tam_tensors;

/* Opens a file, whose arrays stay in it: it may be larger than the memory. All of it is read once for the checksums.
 * *out is the caller's (tam_tensors_free). Fails with TAM_INPUT (missing, corrupt: the sentence names the file and the
 * array) or TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_tensors_open(tam_ctx *ctx, const char *path, tam_tensors **out);
/* The same from memory, which must stay as it is for the result's life; `path` is for the sentences. */
TAM_MUST_USE tam_status tam_tensors_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size,
                                          tam_tensors **out);
void tam_tensors_free(tam_tensors *tensors);

int tam_tensors_count(const tam_tensors *tensors);
/* In the header's order. */
const tam_tensor *tam_tensors_at(const tam_tensors *tensors, int index);
/* NULL when there is none of that name. */
const tam_tensor *tam_tensors_find(const tam_tensors *tensors, const char *name);
/* A string of the metadata, or NULL. */
const char *tam_tensors_text(const tam_tensors *tensors, const char *key);
/* The metadata in the header's order, without the checksums: fills texts [room] as far as they reach; returns how many
 * there are. */
int tam_tensors_texts(const tam_tensors *tensors, tam_metadata *texts, int room);
/* Copies `bytes` bytes of an array, from byte `from` of it on. Fails with TAM_INPUT when the file cannot be read any
 * more. */
TAM_MUST_USE tam_status tam_tensors_read(const tam_tensors *tensors, const tam_tensor *item, size_t from, size_t bytes,
                                         void *values);

/* Writes a file (tam_file_write: the old one or the new one, never half). Same arguments, same bytes. Fails with
 * TAM_RESOURCES, or TAM_INTERNAL for a string that is not UTF-8 or a name used twice. */
TAM_MUST_USE tam_status tam_tensors_write(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                                          const tam_metadata *metadata, int metadata_count);

/* The same with arrays of an opened file among them: those without data are `from`'s and go over piece by piece, for
 * they may be larger than the memory. */
TAM_MUST_USE tam_status tam_tensors_write_again(tam_ctx *ctx, const char *path, const tam_tensors *from,
                                                const tam_tensor *tensors, int count, const tam_metadata *metadata,
                                                int metadata_count);

/* What stands before the arrays of a file that the caller writes himself, the bytes of the arrays behind it in their
 * order; their data are not looked at, so there are no checksums. *header (tam_release) has *size bytes. Fails as
 * above. */
TAM_MUST_USE tam_status tam_tensors_header(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                                           const tam_metadata *metadata, int metadata_count, uint8_t **header,
                                           size_t *size);

#endif
