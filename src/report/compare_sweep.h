/* Sweeps: one setting of all runs, several values. */
#ifndef REPORT_COMPARE_SWEEP_H
#define REPORT_COMPARE_SWEEP_H

#include <stdbool.h>

#include "report/compare_list.h"

/* Whose setting it is: "net.width", "loss.m", "lr". */
typedef enum tam_sweep_owner { TAM_SWEEP_NET, TAM_SWEEP_LOSS, TAM_SWEEP_RECIPE } tam_sweep_owner;

/* Strings live in the arena. */
typedef struct tam_compare_sweep {
    tam_sweep_owner owner;
    const char *key;  /* "net.width" */
    const char *name; /* "width" */
    int count;
    const char *value[TAM_COMPARE_ITEMS];
} tam_compare_sweep;

/* Reads "KEY=V1,V2,...". Fails with TAM_CONFIG (no key, an empty place, a value twice, in whatever spelling). */
TAM_MUST_USE tam_status tam_compare_sweep_read(tam_ctx *ctx, tam_arena *arena, const char *text,
                                               tam_compare_sweep *sweep);
/* Whether all its values are numbers. */
bool tam_compare_sweep_is_numeric(const tam_compare_sweep *sweep);

/* `net` with one of the sweep's values. A key that it has is replaced, unless it is in what the user wrote (`given`;
 * NULL: nothing): then it would be unclear which one counts. Fails with TAM_CONFIG (that, an unknown net or key). */
TAM_MUST_USE tam_status tam_compare_sweep_net(tam_ctx *ctx, tam_arena *arena, const tam_compare_sweep *sweep,
                                              const char *value, const char *given, const char **net);
/* The same for a loss; the key must be of exactly one of the loss and the terms beside it. An unknown loss stays as it
 * is, for whoever reads it has a sentence. */
TAM_MUST_USE tam_status tam_compare_sweep_loss(tam_ctx *ctx, tam_arena *arena, const tam_compare_sweep *sweep,
                                               const char *value, const char *given, const char **loss);

#endif
