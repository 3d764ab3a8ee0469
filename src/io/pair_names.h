/* Lists of image pairs, in the form of the LFW protocol (pairs.txt), of its descendants CALFW and CPLFW, or as CSV. */
#ifndef IO_PAIR_NAMES_H
#define IO_PAIR_NAMES_H

#include <stdbool.h>

#include "base/memory.h"

typedef struct tam_pair_names {
    int64_t count;
    int folds;          /* of the first line; else 10 */
    const char **names; /* [count, 2]; LFW: "Name/Name_0007" without an ending */
    uint8_t *same;      /* [count] 0 or 1 */
    bool stems;         /* names come without the ending of the file */
} tam_pair_names;

/* Reads the bytes of a list; everything is taken from the arena. Forms:
 *   LFW   line 1 "FOLDS PAIRS" or "PAIRS" (one fold); then per fold PAIRS lines "name i j" (same) and PAIRS lines
 *         "name1 i name2 j" (different), separated by tabs, or by spaces if there are no tabs
 *   CALFW two consecutive lines "file label" for a pair, with one label: 0 different, else same (CALFW's numbers of
 *         folds, CPLFW's 1). Where all same pairs come before all others, or after, the pairs are put together in ten
 *         folds: with 3000 of each, fold f has the same pairs 300 f to 300 f + 299, then the others of these numbers
 *   CSV   lines "path_a,path_b,same" with same 0 or 1; a first line "path_a,path_b,same" is passed over. A
 *         field in quotes may hold commas, but no quotes
 * Fails with TAM_INPUT; the sentence names `path` and the line. */
TAM_MUST_USE tam_status tam_pair_names_parse(tam_ctx *ctx, tam_arena *arena, const char *path, const char *data,
                                             size_t size, tam_pair_names *pairs);

/* Whether a text that begins so is such a list. */
bool tam_pair_names_recognise(const char *start, size_t size);

#endif
