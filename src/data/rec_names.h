/* Names of the classes of a RecordIO file: those of a text beside it, or the decimals of its labels. */
#ifndef DATA_REC_NAMES_H
#define DATA_REC_NAMES_H

#include <stdint.h>

#include "base/memory.h"

/* names [classes], strings in the arena, for the classes with these numbers. The text is NAME.classes.txt beside
 * NAME.rec, else classes.txt in its folder: one name a line (base/escape.h), line k for the label k - 1. It counts when
 * it has at least `numbers` lines, none is empty, and the first `numbers` differ; any other is passed over with a
 * warning. */
TAM_MUST_USE tam_status tam_rec_names(tam_ctx *ctx, const char *path, int32_t numbers, int32_t classes,
                                      const int32_t *number, tam_arena *arena, const char **names);

#endif
