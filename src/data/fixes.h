/* Labels and classes of a source as a list of fixes leaves them (io/fix_list.h). */
#ifndef DATA_FIXES_H
#define DATA_FIXES_H

#include "base/memory.h"
#include "data/reader.h"

typedef struct tam_fixed {
    tam_arena *arena; /* of the names that the list adds */
    int32_t classes;  /* that have images */
    const char **class_names;
    int32_t *class_of; /* [source->count] -1: dropped; in data without labels else 0 */
} tam_fixed;

/* Applies the list at `path`; NULL: the source as it is, classes without images included. Images move first, then
 * classes merge, whatever the order of the lines; a class that is left without images is none any more. Names in byte
 * order stay so; else new classes come behind the source's, in byte order. Fails with TAM_INPUT; the sentence names the
 * line: an image or class that the data do not have, a key that several images share, two fixes that contradict each
 * other, merges in a circle. */
TAM_MUST_USE tam_status tam_fixes_apply(tam_ctx *ctx, const char *path, const tam_source *source, tam_fixed *fixed);
void tam_fixes_free(tam_ctx *ctx, tam_fixed *fixed);

#endif
