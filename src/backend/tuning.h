/* Which algorithm each layer uses: measured once, kept as text, and the same ever after. */
#ifndef BACKEND_TUNING_H
#define BACKEND_TUNING_H

#include <stdbool.h>

#include "base/ctx.h"

/* Lines "KEY CHOICE". A key names the layer's shape, dtype, direction, number of threads, the processor's kind and the
 * library's version, so that a choice is never used where it was not measured. */
typedef struct tam_tuning tam_tuning;

typedef enum tam_tune {
    TAM_TUNE_OFF,  /* by rule: no measurement, the same choice on every machine of a kind */
    TAM_TUNE_FAST, /* measures the layers whose rule is in doubt, a few runs each */
    TAM_TUNE_FULL  /* measures every candidate of every layer */
} tam_tune;

TAM_MUST_USE tam_status tam_tuning_create(tam_ctx *ctx, tam_tune tune, tam_tuning **out);
void tam_tuning_free(tam_tuning *tuning);
tam_tune tam_tuning_mode(const tam_tuning *tuning);

/* The choice for a key, or NULL; valid until the next tam_tuning_set. */
const char *tam_tuning_find(const tam_tuning *tuning, const char *key);
TAM_MUST_USE tam_status tam_tuning_set(tam_tuning *tuning, const char *key, const char *choice);

/* Adds the lines of a file; what is known already stays. A missing file is empty; a line that is not two words fails
 * with TAM_INPUT, file and line. */
TAM_MUST_USE tam_status tam_tuning_load(tam_tuning *tuning, const char *path);
/* Replaces the file as a whole, so that a reader never sees half of it; does nothing if no choice is new. */
TAM_MUST_USE tam_status tam_tuning_save(tam_tuning *tuning, const char *path);

/* Adds the choices of the file `from` to the file `to`, whose own stay. A missing file is empty. Fails as load and
 * save. */
TAM_MUST_USE tam_status tam_tuning_merge(tam_ctx *ctx, const char *from, const char *to);

#endif
