/* Embeddings in files, of this program or any other tool: an array of numpy NAME.npy [N, D] of floats, and beside it,
 * each where it is there, NAME.labels.npy (whole numbers, a class for each row), NAME.classes.txt (line k: the name of
 * class k, from 0) and NAME.paths.txt (line i: the key of row i, by which lists of pairs name it). */
#ifndef TAMMES_EMBEDDINGS_H
#define TAMMES_EMBEDDINGS_H

#include <signal.h>

#include "tammes/data.h"
#include "tammes/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_embeddings tam_embeddings;

typedef struct tam_embeddings_info {
    int64_t count, classes; /* rows; classes 0: without labels */
    int dim;
} tam_embeddings_info;

/* Whether the file at `path` is an array of vectors (or labels) rather than of images, by its header. What is not there
 * is none. Fails with TAM_INPUT for an array that is damaged. */
TAM_API TAM_MUST_USE tam_status tam_embeddings_inside(tam_ctx *ctx, const char *path, int *inside);

/* Opens config->path. config->labels names another file of labels: an .npy of whole numbers, or a text with one label
 * on each line. Fixes and choices of classes are applied as to images; size, channels and cache are not looked at. *out
 * is the caller's (tam_embeddings_free). Fails as tam_dataset_open, and with TAM_INPUT where shape, type or lengths do
 * not fit. */
TAM_API TAM_MUST_USE tam_status tam_embeddings_open(tam_ctx *ctx, const tam_dataset_config *config,
                                                    tam_embeddings **out);
TAM_API void tam_embeddings_free(tam_embeddings *embeddings);
TAM_API tam_embeddings_info tam_embeddings_describe(const tam_embeddings *embeddings);
/* The same rows as a data set with labels, class names and keys, but without images: tam_pairs_open takes it, also with
 * a verification .bin of as many images as there are rows. Owned by the embeddings. */
TAM_API tam_dataset *tam_embeddings_dataset(const tam_embeddings *embeddings);
/* Rows first to first + count - 1 as f32: x [count, dim]. Fails with TAM_INPUT for NaN or infinity (also of an f64
 * beyond f32), naming the row and its key. */
TAM_API TAM_MUST_USE tam_status tam_embeddings_read(const tam_embeddings *embeddings, int64_t first, int64_t count,
                                                    float *x);
/* The rows with the numbers row [count], in that order. */
TAM_API TAM_MUST_USE tam_status tam_embeddings_read_listed(const tam_embeddings *embeddings, int64_t count,
                                                           const int64_t *row, float *x);

/* Zero means default. */
typedef struct tam_embed_config {
    const char *out; /* NAME.npy, f32, with what lies beside it; or NAME.safetensors with all of it: "embeddings"
                        [N, D], "labels" [N] of int64, "quality" [N], "paths" and "classes", texts of UTF-8 or other
                        bytes. No default; what exists is refused */
    int flip;        /* 1: the mirror image's embedding is added */
    int normalise;   /* 1: rows of length 1 (a zero row stays zero); 0: as the net gives them */
    int norms;       /* 1: the rows' lengths before that as NAME.quality.npy. 0: only where the loss makes them a
                        quality (magface) */
    const volatile sig_atomic_t *stop;                       /* non-zero: nothing is left, TAM_STOPPED; may be NULL */
    void (*progress)(void *user, int64_t done, int64_t all); /* at most a few times a second; may be NULL */
    void *progress_user;
} tam_embed_config;

typedef struct tam_embed_result {
    int64_t count, classes, files;
    int dim, quality; /* quality: 1 when lengths were written */
    uint64_t bytes;   /* of all files */
} tam_embed_result;

/* Embeds a data set into a file, in the data's order; no more than a batch of rows is in memory. The data set must
 * deliver the model's size and channels (TAM_CONFIG). Fails with TAM_CONFIG (a file is there already, an unknown
 * ending), TAM_INPUT (an image that cannot be read, named; an embedding that is not finite) or TAM_RESOURCES; then
 * nothing of it is left. */
TAM_API TAM_MUST_USE tam_status tam_model_embed_file(tam_model *model, tam_dataset *dataset,
                                                     const tam_embed_config *config, tam_embed_result *result);

#ifdef __cplusplus
}
#endif
#endif
