/* The run directory: which files it has, and when a training may use it. Nothing in it is ever overwritten by another
 * run (docs/training.md). */
#ifndef TRAIN_RUN_DIRECTORY_H
#define TRAIN_RUN_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/memory.h"
#include "tammes/train.h"

typedef struct tam_run_directory {
    char *path, *config, *classes, *log, *last, *best, *tuning;
    int lock;   /* descriptor of the locked folder; -1: none */
    bool fresh; /* it was made for this run, which has not begun: closing removes it again */
} tam_run_directory;

/* Makes the folder if need be, locks it against a second process, and checks that it is empty or holds this very run:
 * `text` is the resolved configuration (tam_train_config_text). *holds_run tells which. Fails with TAM_CONFIG (another
 * run, not a run, --resume no) or TAM_RESOURCES (unwritable, in use). Paths live in the arena. */
TAM_MUST_USE tam_status tam_run_directory_open(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config,
                                               const char *text, tam_run_directory *directory, bool *holds_run);
/* The same questions without making the folder or locking it. */
TAM_MUST_USE tam_status tam_run_directory_check(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config,
                                                const char *text);
void tam_run_directory_close(tam_run_directory *directory);

/* Writes config.yaml and classes.txt. */
TAM_MUST_USE tam_status tam_run_directory_begin(tam_ctx *ctx, tam_run_directory *directory, const char *text,
                                                const char *class_names, size_t class_names_bytes);

/* The configuration as YAML, one `flag: value` a line: all that decides the result. Writes at most `room` bytes with
 * the closing zero and returns the whole length. */
size_t tam_train_config_text(const tam_train_config *config, char *text, size_t room);

/* The same in the arena. Fails with TAM_CONFIG when its texts are longer than 64 KB. */
TAM_MUST_USE tam_status tam_train_config_write(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config,
                                               char **text);

#endif
