/* The schedules themselves. */
#include <math.h>

#include "optim/schedule.h"

enum { COSINE_END };
static const tam_key cosine_keys[] = {TAM_NUMBER("end", 0.0, 0.0, 1.0, "factor at the end")};

static double constant_factor(const tam_schedule *schedule, double t) {
    (void)schedule, (void)t;
    return 1.0;
}

/* Loshchilov and Hutter, "SGDR", ICLR 2017, eq. 5, without restarts. */
static double cosine_factor(const tam_schedule *schedule, double t) {
    double end = schedule->key[COSINE_END];
    return end + (1.0 - end) * 0.5 * (1.0 + cos(3.141592653589793 * t));
}

enum { STEP_BY };
static const tam_key step_keys[] = {TAM_NUMBER("by", 0.1, 0.0, 1.0, "factor at each milestone")};

static double step_factor(const tam_schedule *schedule, double t) {
    double factor = 1.0;
    for (int i = 0; i < schedule->milestones && t >= schedule->milestone[i]; i++) {
        factor *= schedule->key[STEP_BY];
    }
    return factor;
}

enum { POLY_POWER, POLY_END };
static const tam_key poly_keys[] = {TAM_NUMBER("power", 2.0, 0.01, 10.0, "exponent"),
                                    TAM_NUMBER("end", 0.0, 0.0, 1.0, "factor at the end")};

static double poly_factor(const tam_schedule *schedule, double t) {
    double end = schedule->key[POLY_END];
    return end + (1.0 - end) * pow(1.0 - t, schedule->key[POLY_POWER]);
}

static const tam_schedule_kind kinds[] = {
    {"cosine", cosine_keys, 1, false, cosine_factor},
    {"constant", NULL, 0, false, constant_factor},
    {"step", step_keys, 1, true, step_factor},
    {"poly", poly_keys, 2, false, poly_factor},
};

int tam_schedule_count(void) {
    return (int)(sizeof kinds / sizeof kinds[0]);
}

const tam_schedule_kind *tam_schedule_at(int index) {
    return &kinds[index];
}
