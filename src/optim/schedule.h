/* Learning-rate schedules: rate(step) = base * warm-up * factor(t), where t in [0, 1) is the share of the steps after
 * the warm-up that is done. During the warm-up the rate rises linearly: base * (step + 1) / warm-up steps.
 *
 * A schedule is one line in schedules.c. Specification: `NAME[:key=value,...]`. */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include <stdint.h>

#include "base/spec.h"

enum { TAM_SCHEDULE_KEYS = 4, TAM_MILESTONES = 16 };

typedef struct tam_schedule tam_schedule;

/* What a schedule is: its name, keys, and its factor at t. */
typedef struct tam_schedule_kind {
    const char *name;
    const tam_key *keys;
    int key_count;
    bool has_milestones; /* takes at=SHARE/SHARE/... besides its keys */
    double (*factor)(const tam_schedule *schedule, double t);
} tam_schedule_kind;

struct tam_schedule {
    const tam_schedule_kind *kind;
    double key[TAM_SCHEDULE_KEYS];
    double milestone[TAM_MILESTONES]; /* rising, in (0, 1) */
    int milestones;
    double base;
    int64_t steps, warmup; /* warmup < steps */
};

/* Reads a specification. base > 0; steps >= 1; warmup: share of the steps, in [0, 1). Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_schedule_read(tam_ctx *ctx, const char *specification, double base, int64_t steps,
                                          double warmup, tam_schedule *schedule);

/* The rate of step 0 .. steps - 1. */
double tam_schedule_rate(const tam_schedule *schedule, int64_t step);

int tam_schedule_count(void);
const tam_schedule_kind *tam_schedule_at(int index);

#endif
