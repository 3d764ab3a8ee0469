/* What the files that read lists share. */
#ifndef IO_IMAGE_LIST_READER_H
#define IO_IMAGE_LIST_READER_H

#include "io/image_list.h"

typedef enum tam_list_form { TAM_LIST_PLAIN, TAM_LIST_TABLE, TAM_LIST_INDEX, TAM_LIST_ALIGNED } tam_list_form;

/* A piece of the text. */
typedef struct tam_list_span {
    size_t at, length;
} tam_list_span;

/* A list while it is read. Fields are ended by zero bytes in place: what follows one has been read by then. */
typedef struct tam_list_reader {
    tam_ctx *ctx;
    const char *name;
    char *text;
    size_t size, at;
    int64_t line; /* of what `at` stands in */
    tam_list_form form;
    bool started;
    char separator; /* of a table */
    int64_t columns, path_column, label_column, split_column;
    tam_image_list *list;
} tam_list_reader;

/* TAM_INPUT with the name and the line. */
tam_status tam_list_refuse(const tam_list_reader *in, const char *reason);

/* Without blanks at either end. */
tam_list_span tam_list_trim(const tam_list_reader *in, tam_list_span s);

/* The line at `at`, without its end; the reader moves to the next one but does not count it. */
tam_list_span tam_list_take_line(tam_list_reader *in);

/* Checks and keeps a row whose fields are ended by zero bytes. */
TAM_MUST_USE tam_status tam_list_add_row(tam_list_reader *in, tam_list_row row);

/* Whether the line at `at` names a column `path`; the reader then stands behind it and knows the columns. */
TAM_MUST_USE tam_status tam_list_read_header(tam_list_reader *in, bool *found);
TAM_MUST_USE tam_status tam_list_read_table_row(tam_list_reader *in);

#endif
