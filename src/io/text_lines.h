/* The lines of a text, from memory or from a file that may be larger than the memory. */
#ifndef IO_TEXT_LINES_H
#define IO_TEXT_LINES_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_lines {
    tam_ctx *ctx;
    const char *path;
    int64_t number; /* of the last line that was given out, from 1 */
    /* A file's: */
    int descriptor; /* -1: a text in memory */
    size_t file_size, file_at;
    char *block;
    /* What is in memory, and where the next line begins: */
    const char *data;
    size_t size, at;
} tam_lines;

/* A line without its end, blanks at the end and carriage return; what is separated by blanks or commas. */
typedef struct tam_text {
    const char *at;
    size_t length;
} tam_text;

tam_lines tam_lines_of(tam_ctx *ctx, const char *path, const char *data, size_t size);
/* Reads a file in blocks; ended by tam_lines_close. */
TAM_MUST_USE tam_status tam_lines_open(tam_ctx *ctx, const char *path, tam_lines *lines);
void tam_lines_close(tam_lines *lines);
/* From the beginning again. */
void tam_lines_rewind(tam_lines *lines);

/* The next line that is not empty, without a mark of UTF-8, valid until the next call; line->at is NULL at the end.
 * Fails with TAM_INPUT for a line of more than a megabyte. */
TAM_MUST_USE tam_status tam_lines_next(tam_lines *lines, tam_text *line);
/* How many more lines tam_lines_next will give, of at least `least` bytes; then rewinds. */
TAM_MUST_USE tam_status tam_lines_count(tam_lines *lines, size_t least, int64_t *count);
/* TAM_INPUT with path, line and reason. */
tam_status tam_lines_refuse(const tam_lines *lines, const char *reason);

/* Takes the first, or the last, word off *line; words are separated by runs of blanks and tabs. Empty at the end. */
tam_text tam_text_first(tam_text *line);
tam_text tam_text_last(tam_text *line);
/* Takes what stands before the next comma off *line, without blanks around it. */
tam_text tam_text_column(tam_text *line);

#endif
