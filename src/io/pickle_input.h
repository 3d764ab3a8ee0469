/* The bytes that a pickle is read from: memory, or a file through a window, so that a file of any size is parsed in
 * little memory. */
#ifndef IO_PICKLE_INPUT_H
#define IO_PICKLE_INPUT_H

#include "base/ctx.h"

enum { TAM_PICKLE_WINDOW = 1 << 14 };

/* Fill the first fields, leave the others 0. */
typedef struct tam_pickle_input {
    tam_ctx *ctx;
    const char *name;      /* for sentences */
    const uint8_t *memory; /* NULL: the file */
    int descriptor;
    uint64_t size;
    uint64_t at; /* of the next byte; always <= size */
    uint64_t window_at;
    size_t window_size;
    uint8_t window[TAM_PICKLE_WINDOW];
} tam_pickle_input;

/* The next `count` <= TAM_PICKLE_WINDOW bytes, valid until the next call. Fails with TAM_INPUT where fewer are left. */
TAM_MUST_USE tam_status tam_pickle_take(tam_pickle_input *input, size_t count, const uint8_t **bytes);
/* Steps over bytes that stay where they are. */
TAM_MUST_USE tam_status tam_pickle_skip(tam_pickle_input *input, uint64_t count);
/* Steps over a line and its newline; the line is [*start, *start + *length). */
TAM_MUST_USE tam_status tam_pickle_line(tam_pickle_input *input, uint64_t *start, uint64_t *length);

/* Copies bytes from anywhere, and leaves the window and `at` as they are. Thread-safe while nobody else moves them. */
TAM_MUST_USE tam_status tam_pickle_read_at(const tam_pickle_input *input, uint64_t at, void *bytes, size_t count);

#endif
