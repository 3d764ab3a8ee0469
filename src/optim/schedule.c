#include "optim/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 256 };

static tam_status read_milestones(tam_ctx *ctx, const char *list, size_t length, tam_schedule *schedule) {
    const char *end = list + length;
    double last = 0.0;
    for (const char *at = list; at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t item = (size_t)((slash != NULL ? slash : end) - at);
        double value;
        if (!tam_number_read(at, item, &value)) {
            return tam_fail(ctx, TAM_CONFIG, "schedule step: at: '%.*s' is not a number", (int)item, at);
        }
        if (!(value > last && value < 1.0)) {
            return tam_fail(ctx, TAM_CONFIG, "schedule step: at=%.*s: the shares must rise between 0 and 1",
                            (int)length, list);
        }
        if (schedule->milestones == TAM_MILESTONES) {
            return tam_fail(ctx, TAM_CONFIG, "schedule step: more than %d shares in 'at'", TAM_MILESTONES);
        }
        schedule->milestone[schedule->milestones++] = last = value;
        at += item + 1;
    }
    return TAM_OK;
}

/* Moves at=A/B/... out of `keys`, which tam_keys_read cannot read, into the milestones. */
static tam_status take_milestones(tam_ctx *ctx, char *keys, tam_schedule *schedule) {
    char *at = strncmp(keys, "at=", 3) == 0 ? keys : strstr(keys, ",at=");
    if (at == NULL) {
        schedule->milestone[0] = 0.5;
        schedule->milestone[1] = 0.75;
        schedule->milestones = 2;
        return TAM_OK;
    }
    char *list = strchr(at, '=') + 1;
    size_t length = strcspn(list, ",");
    TAM_TRY(read_milestones(ctx, list, length, schedule));
    char *rest = list + length;
    if (at == keys && *rest == ',') {
        rest++;
        if (*rest == '\0') {
            return tam_fail(ctx, TAM_CONFIG, "schedule step: a comma ends the list of keys");
        }
    }
    memmove(at, rest, strlen(rest) + 1);
    if (strncmp(keys, "at=", 3) == 0 || strstr(keys, ",at=") != NULL) {
        return tam_fail(ctx, TAM_CONFIG, "schedule step: at is given twice");
    }
    return TAM_OK;
}

static tam_status find_kind(tam_ctx *ctx, const char *specification, tam_schedule *schedule) {
    enum { MOST = 32 };
    const char *names[MOST];
    char name[LONGEST];
    int count = tam_schedule_count() < MOST ? tam_schedule_count() : MOST;
    for (int i = 0; i < count; i++) {
        names[i] = tam_schedule_at(i)->name;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(specification, ":"), specification);
    int found = tam_name_find(ctx, "schedule", name, names, count);
    if (found < 0) {
        return TAM_CONFIG;
    }
    schedule->kind = tam_schedule_at(found);
    return TAM_OK;
}

tam_status tam_schedule_read(tam_ctx *ctx, const char *specification, double base, int64_t steps, double warmup,
                             tam_schedule *schedule) {
    char keys[LONGEST] = "", owner[64];
    *schedule = (tam_schedule){.base = base, .steps = steps};
    if (strlen(specification) >= LONGEST) {
        return tam_fail(ctx, TAM_CONFIG, "the schedule '%.40s...' is too long", specification);
    }
    if (!(base > 0.0) || !isfinite(base)) {
        return tam_fail(ctx, TAM_CONFIG, "the learning rate %g is not above 0", base);
    }
    if (!(warmup >= 0.0 && warmup < 1.0)) {
        return tam_fail(ctx, TAM_CONFIG, "the warm-up's share %g is outside [0, 1)", warmup);
    }
    TAM_TRY(find_kind(ctx, specification, schedule));
    const char *colon = strchr(specification, ':');
    if (colon != NULL) {
        memcpy(keys, colon + 1, strlen(colon + 1) + 1);
    }
    if (schedule->kind->has_milestones) {
        TAM_TRY(take_milestones(ctx, keys, schedule));
    }
    snprintf(owner, sizeof owner, "schedule %s", schedule->kind->name);
    schedule->warmup = (int64_t)floor(warmup * (double)steps);
    return tam_keys_read(ctx, owner, keys, schedule->kind->keys, schedule->kind->key_count, schedule->key);
}

double tam_schedule_rate(const tam_schedule *schedule, int64_t step) {
    if (step < schedule->warmup) {
        return schedule->base * (double)(step + 1) / (double)schedule->warmup;
    }
    double t = (double)(step - schedule->warmup) / (double)(schedule->steps - schedule->warmup);
    return schedule->base * schedule->kind->factor(schedule, t);
}
