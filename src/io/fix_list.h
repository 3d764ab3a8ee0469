/* Lists of fixes to a data set: which images and classes to leave out or to rename. The data themselves stay as they
 * are.
 *
 *     # tammes fixes 1
 *     drop<TAB>IMAGE
 *     move<TAB>IMAGE<TAB>CLASS
 *     merge<TAB>CLASS<TAB>INTO
 *
 * Images by their keys, classes by their names, where \t, \n, \\ and \xNN stand for a tab, a newline, a backslash and
 * any other byte. Lines that begin with # are remarks; every line ends in a newline, the last one too. */
#ifndef IO_FIX_LIST_H
#define IO_FIX_LIST_H

#include <stdbool.h>

#include "base/memory.h"
#include "base/stream.h"

typedef enum tam_fix_kind { TAM_FIX_DROP, TAM_FIX_MOVE, TAM_FIX_MERGE } tam_fix_kind;

typedef struct tam_fix {
    tam_fix_kind kind;
    int64_t line;     /* in the file, from 1 */
    const char *name; /* of the image; TAM_FIX_MERGE: of the class that goes */
    const char *into; /* class; NULL with TAM_FIX_DROP */
} tam_fix;

typedef struct tam_fix_list {
    int64_t count;
    tam_fix *fixes; /* in the order of the lines */
} tam_fix_list;

/* Reads the bytes of a list; everything is taken from the arena. Fails with TAM_INPUT; the sentence names `path` and
 * the line. A list that was cut short within a line is refused: half a name may be another's. */
TAM_MUST_USE tam_status tam_fix_list_parse(tam_ctx *ctx, tam_arena *arena, const char *path, const uint8_t *data,
                                           size_t size, tam_fix_list *list);

/* Writes a list: the first line, then fixes and remarks. A remark may hold any bytes, they are escaped. */
TAM_MUST_USE tam_status tam_fix_list_begin(tam_stream *stream);
TAM_MUST_USE tam_status tam_fix_list_remark(tam_stream *stream, const char *words);
/* `proposed`: as a remark, to be taken up by deleting the "# " before it. */
TAM_MUST_USE tam_status tam_fix_list_add(tam_stream *stream, tam_fix_kind kind, const char *name, const char *into,
                                         bool proposed);

#endif
