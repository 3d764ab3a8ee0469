/* Listed pairs of images, for verification by a published or own protocol. */
#ifndef TAMMES_PAIRS_H
#define TAMMES_PAIRS_H

#include "tammes/data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_pairs tam_pairs;

/* Arrays are owned by the pairs. */
typedef struct tam_pairs_info {
    int64_t count;
    int64_t missing;      /* pairs that were left out, for the data set lacks an image of them */
    int folds;            /* of the list: LFW's first line; 1 for its development lists, 10 for CSV and for a .bin */
    int64_t images;       /* different images in the list */
    const int64_t *image; /* [images] their numbers in the data set, rising */
    const int64_t *rows;  /* [count, 2] pairs as numbers into image */
    const uint8_t *same;  /* [count] 1 same class, 0 different */
} tam_pairs_info;

/* Reads a list of pairs of images of the data set: LFW's pairs.txt (`name i j`, `name1 i name2 j`, the file is
 * name/name_000i with any ending), CALFW's and CPLFW's form (two lines `file label` for a pair, put together in ten
 * folds), or CSV lines `path_a,path_b,same`. Names are keys of images; without a folder, of the only image whose file
 * is called so. A verification .bin holds pairs of its own: then the data set must be that same file, and path may be
 * NULL. *out is the caller's (tam_pairs_free). Fails with TAM_INPUT; the sentence names the line, or the images that
 * the data set lacks (how many, and some of them), or with TAM_CONFIG (a .bin that is not the data set, NULL for data
 * without pairs). */
TAM_API TAM_MUST_USE tam_status tam_pairs_open(tam_ctx *ctx, const char *path, const tam_dataset *dataset,
                                               tam_pairs **out);
/* The same, but pairs whose images the data set lacks are left out and counted; the folds are cut from those that are
 * left. It fails where none is. */
TAM_API TAM_MUST_USE tam_status tam_pairs_open_present(tam_ctx *ctx, const char *path, const tam_dataset *dataset,
                                                       tam_pairs **out);
/* Whether the file at `path` is data with pairs of its own (a verification .bin), by its first bytes. Fails with
 * TAM_INPUT when they cannot be read; what is not there has none. */
TAM_API TAM_MUST_USE tam_status tam_pairs_inside(tam_ctx *ctx, const char *path, int *inside);
TAM_API void tam_pairs_free(tam_pairs *pairs);
TAM_API tam_pairs_info tam_pairs_describe(const tam_pairs *pairs);

#ifdef __cplusplus
}
#endif
#endif
