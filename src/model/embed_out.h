/* Files of embeddings, written row by row: an array of numpy with its neighbours, or one safetensors file. */
#ifndef MODEL_EMBED_OUT_H
#define MODEL_EMBED_OUT_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/stream.h"
#include "io/safetensors.h"
#include "tammes/data.h"

/* What will be written. */
typedef struct tam_embed_plan {
    const char *out;
    const tam_dataset *dataset; /* labels, class names and keys of the rows */
    tam_dataset_info info;
    int dim;
    bool quality;
    const tam_metadata *metadata; /* of safetensors */
    int metadata_count;
} tam_embed_plan;

typedef struct tam_embed_out tam_embed_out;

typedef struct tam_embed_kind {
    const char *ending; /* of the file's name */
    /* The plan, and what it points to, must outlive the result. On failure nothing is left. */
    tam_status (*open)(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_out **out);
    /* The next n rows, x [n, dim] in little-endian f32, and their qualities. */
    tam_status (*add)(tam_embed_out *out, int n, const float *x, const float *quality);
    /* All files appear or none does; frees in any case. */
    tam_status (*commit)(tam_embed_out *out, int64_t *files, uint64_t *bytes);
    void (*abandon)(tam_embed_out *out);
} tam_embed_kind;

extern const tam_embed_kind tam_embed_npy, tam_embed_safetensors;

/* Texts with a line for each class name, or for each row's key. */
typedef enum tam_embed_text { TAM_EMBED_CLASSES, TAM_EMBED_KEYS } tam_embed_text;
/* The bytes that the text has; UINT64_MAX with a sentence when memory ran out. */
uint64_t tam_embed_text_bytes(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_text text);
TAM_MUST_USE tam_status tam_embed_text_write(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_text text,
                                             tam_stream *stream);
/* The labels as little-endian int64. */
TAM_MUST_USE tam_status tam_embed_labels_write(const tam_embed_plan *plan, tam_stream *stream);

#endif
