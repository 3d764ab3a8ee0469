/* What to validate on, in one word: a data set ("DIR"), a verification set ("lfw.bin"), or images and a list of pairs
 * of them ("DIR:pairs.txt"). */
#ifndef DATA_VALIDATION_PATH_H
#define DATA_VALIDATION_PATH_H

#include <stdbool.h>

#include "base/memory.h"

typedef struct tam_validation_path {
    const char *data;
    const char *list; /* NULL: none, or the data hold their own pairs */
    bool pairs;       /* pairs are listed; else the data have labels */
} tam_validation_path;

/* A path that is there is meant whole, whatever is in it; else what is behind its last colon is the list. Strings are
 * `path` or the arena's. Fails with TAM_INPUT as tam_pairs_inside. */
TAM_MUST_USE tam_status tam_validation_path_read(tam_ctx *ctx, tam_arena *arena, const char *path,
                                                 tam_validation_path *read);

#endif
