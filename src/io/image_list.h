/* Lists of images with labels, as text. Forms, told apart by the first line that is neither empty nor a comment (#):
 *   plain    path<tab>label, or path<spaces>label (the last word is the label); or a path alone on every line
 *   table    the first line names the columns, separated by commas or tabs: path, label, split, and others, which are
 *            passed over; fields may be quoted as in CSV. label and split may be missing
 *   MXNet    index<tab>label<tab>path, or aligned<tab>path<tab>label, then perhaps four numbers of a box and perhaps
 *            ten of landmarks, which are passed over
 * Lines end with \n or \r\n; a mark of UTF-8 at the start is passed over. Outside tables escapes are undone
 * (base/escape.h). */
#ifndef IO_IMAGE_LIST_H
#define IO_IMAGE_LIST_H

#include <stdbool.h>

#include "base/ctx.h"

#define TAM_LIST_NONE SIZE_MAX

typedef struct tam_list_row {
    size_t path, label, split; /* where in `text` each begins, ended by a zero byte; TAM_LIST_NONE: there is none */
    int64_t line;              /* from 1 */
} tam_list_row;

typedef struct tam_image_list {
    tam_ctx *ctx;
    char *text;
    tam_list_row *rows; /* [count], at least 1 */
    int64_t count;
    bool labelled, splits; /* all rows have a label, a split; or none has */
    int64_t unaligned;     /* rows of MXNet's second form that say aligned = 0 */
} tam_image_list;

/* Decodes a copy of the bytes; `name` is for sentences. Fails with TAM_INPUT; the sentence names the line. */
TAM_MUST_USE tam_status tam_image_list_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                              tam_image_list *list);
TAM_MUST_USE tam_status tam_image_list_read(tam_ctx *ctx, const char *path, tam_image_list *list);
void tam_image_list_free(tam_image_list *list);

#endif
