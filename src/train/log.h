/* log.jsonl: one JSON object a line, made in a fixed buffer and written at once. The lines are in docs/training.md. */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum { TAM_THETA_BINS = 90, TAM_LOG_LINE = 8192 };

typedef struct tam_log {
    tam_ctx *ctx;
    const char *path;
    int descriptor; /* -1: closed */
    bool warned;    /* that it cannot be written; training goes on */
    size_t used;
    char line[TAM_LOG_LINE];
} tam_log;

/* Opens `path` to append. Keeps of an older log the lines up to `step` steps and `epochs` ended epochs; a negative
 * step: none. `path` must outlive the log. */
TAM_MUST_USE tam_status tam_log_open(tam_ctx *ctx, const char *path, int64_t step, int64_t epochs, tam_log *log);
void tam_log_close(tam_log *log);

/* A line: begin, any number of members, write. Numbers that are not finite become null. */
void tam_log_begin(tam_log *log, const char *kind);
void tam_log_whole(tam_log *log, const char *key, int64_t value);
void tam_log_real(tam_log *log, const char *key, double value);
void tam_log_text(tam_log *log, const char *key, const char *value);
/* Anything else, with its own commas: `,"tar":[...]`. */
void tam_log_raw(tam_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tam_log_write(tam_log *log);

#endif
