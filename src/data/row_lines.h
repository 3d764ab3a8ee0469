/* A text with one line for each row of an array: keys or labels, escaped as names in lists are (base/escape.h). */
#ifndef DATA_ROW_LINES_H
#define DATA_ROW_LINES_H

#include "base/ctx.h"

typedef struct tam_row_lines {
    tam_ctx *ctx;
    char *text;
    size_t *at; /* [count] where line i begins in the text; it ends with a zero byte */
} tam_row_lines;

/* Reads a file of exactly `count` lines; `of` is what has the rows, for sentences. Afterwards tam_row_lines_free; a
 * failure leaves {0}. Fails with TAM_INPUT: more or fewer lines, an empty one, a zero byte in one. */
TAM_MUST_USE tam_status tam_row_lines_read(tam_ctx *ctx, const char *path, int64_t count, const char *of,
                                           tam_row_lines *out);
/* The same of a text in memory, with room for one byte behind it; it becomes *out's, or is freed (tam_release). */
TAM_MUST_USE tam_status tam_row_lines_cut(tam_ctx *ctx, const char *path, char *text, size_t size, int64_t count,
                                          const char *of, tam_row_lines *out);
void tam_row_lines_free(tam_row_lines *lines);

static inline const char *tam_row_line(const tam_row_lines *lines, int64_t i) {
    return lines->text + lines->at[i];
}

#endif
