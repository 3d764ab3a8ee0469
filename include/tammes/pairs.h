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
    int folds;            /* of the list: LFW's first line; 1 for its development lists, 10 for CSV */
    int64_t images;       /* different images in the list */
    const int64_t *image; /* [images] their numbers in the data set, rising */
    const int64_t *rows;  /* [count, 2] pairs as numbers into image */
    const uint8_t *same;  /* [count] 1 same class, 0 different */
} tam_pairs_info;

/* Reads a list of pairs of images of the data set: LFW's pairs.txt (`name i j`, `name1 i name2 j`, the file is
 * name/name_000i with any ending) or CSV lines `path_a,path_b,same` with paths from the data set's folder. *out is the
 * caller's (tam_pairs_free). Fails with TAM_INPUT; the sentence names the line, or the image that the data set lacks.
 */
TAM_API TAM_MUST_USE tam_status tam_pairs_open(tam_ctx *ctx, const char *path, const tam_dataset *dataset,
                                               tam_pairs **out);
TAM_API void tam_pairs_free(tam_pairs *pairs);
TAM_API tam_pairs_info tam_pairs_describe(const tam_pairs *pairs);

#ifdef __cplusplus
}
#endif
#endif
