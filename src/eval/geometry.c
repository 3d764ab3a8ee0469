/* Angles between rows and the centres of their classes, and between centres. */
#include <math.h>
#include <stdbool.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/rows.h"
#include "tammes/eval.h"

typedef struct geometry_job {
    int d;
    int64_t classes;
    const float *e;
    const tam_groups *groups;
    int64_t *start;  /* [classes] where each class begins in the groups' order */
    int64_t *rows;   /* [classes] rows with a direction; 0: the class has no centre */
    double *centre;  /* [classes, d] unit length, or 0 */
    double *own;     /* [classes] sum over rows of the angle to the centre */
    double *nearest; /* [classes] angle to the nearest other centre; NaN: there is none */
    double *scratch; /* [threads, d] */
} geometry_job;

enum { LANES = 8 };

/* Lanes are summed apart, so that the compiler makes vectors of them. */
TAM_KERNEL static double product(int d, const double *a, const double *b) {
    double lane[LANES] = {0}, sum = 0;
    int k = 0;
    for (; k + LANES <= d; k += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += a[k + l] * b[k + l];
        }
    }
    for (; k < d; k++) {
        sum += a[k] * b[k];
    }
    for (int l = 0; l < LANES; l++) {
        sum += lane[l];
    }
    return sum;
}

/* Between two directions of length 1. By the half angle's sine and cosine: near 0 and pi the arc cosine loses half of
 * its digits. */
static double angle_between(int d, const double *a, const double *b) {
    double apart = 0, together = 0;
    for (int k = 0; k < d; k++) {
        apart += (a[k] - b[k]) * (a[k] - b[k]);
        together += (a[k] + b[k]) * (a[k] + b[k]);
    }
    return 2 * atan2(sqrt(apart), sqrt(together));
}

/* The row divided by its length; false: it has none. */
static bool unit_row(int d, const float *row, double *unit) {
    double square = 0;
    for (int k = 0; k < d; k++) {
        square += (double)row[k] * (double)row[k];
    }
    for (int k = 0; k < d && square > 0; k++) {
        unit[k] = (double)row[k] / sqrt(square);
    }
    return square > 0;
}

/* Opposite directions add up to rounding errors: a mean shorter than this is none. */
static const double shortest_mean = 1e-12;

static void measure_class(void *argument, int64_t c, int worker) {
    geometry_job *job = argument;
    const int d = job->d;
    const int64_t from = job->start[c], to = job->groups->end[from];
    double *centre = job->centre + c * d, *unit = job->scratch + (int64_t)worker * d;
    for (int64_t i = from; i < to; i++) {
        if (unit_row(d, job->e + (int64_t)job->groups->order[i] * d, unit)) {
            job->rows[c]++;
            for (int k = 0; k < d; k++) {
                centre[k] += unit[k];
            }
        }
    }
    double length = sqrt(product(d, centre, centre));
    bool exists = length > shortest_mean * (double)job->rows[c];
    job->rows[c] = exists ? job->rows[c] : 0;
    for (int k = 0; k < d; k++) {
        centre[k] = exists ? centre[k] / length : 0;
    }
    for (int64_t i = from; i < to && exists; i++) {
        if (unit_row(d, job->e + (int64_t)job->groups->order[i] * d, unit)) {
            job->own[c] += angle_between(d, unit, centre);
        }
    }
}

static void find_nearest(void *argument, int64_t c, int worker) {
    geometry_job *job = argument;
    const double *centre = job->centre + c * job->d;
    int64_t best = -1;
    double highest = -INFINITY;
    (void)worker;
    for (int64_t other = 0; other < job->classes && job->rows[c] > 0; other++) {
        double here =
            other != c && job->rows[other] > 0 ? product(job->d, centre, job->centre + other * job->d) : -INFINITY;
        if (here > highest) {
            highest = here;
            best = other;
        }
    }
    job->nearest[c] = best >= 0 ? angle_between(job->d, centre, job->centre + best * job->d) : NAN;
}

static tam_status take_room(tam_ctx *ctx, geometry_job *job) {
    size_t classes = (size_t)job->classes, d = (size_t)job->d, threads = (size_t)tam_ctx_threads(ctx);
    int64_t *whole = tam_allocate(ctx, classes, 2 * sizeof *whole, "classes of a geometry");
    double *real = tam_allocate(ctx, classes * (d + 2) + threads * d, sizeof *real, "centres of a geometry");
    job->start = whole;
    job->centre = real;
    if (whole == NULL || real == NULL) {
        return TAM_RESOURCES;
    }
    job->rows = whole + classes;
    job->own = real + classes * d;
    job->nearest = job->own + classes;
    job->scratch = job->nearest + classes;
    return TAM_OK;
}

/* In the classes' order, whoever measured them. */
static void sum_up(const geometry_job *job, tam_geometry *result) {
    double own = 0, nearest = 0;
    int64_t neighbours = 0;
    for (int64_t c = 0; c < job->classes; c++) {
        result->classes += job->rows[c] > 0;
        result->rows += job->rows[c];
        own += job->own[c];
        if (isfinite(job->nearest[c])) {
            neighbours++;
            nearest += job->nearest[c];
        }
    }
    result->own_angle = result->rows > 0 ? own / (double)result->rows : NAN;
    result->other_angle = neighbours > 0 ? nearest / (double)neighbours : NAN;
}

tam_status tam_eval_geometry(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                             tam_geometry *result) {
    tam_groups groups;
    *result = (tam_geometry){.own_angle = NAN, .other_angle = NAN};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    TAM_TRY(tam_groups_make(ctx, n, labels, &groups));
    geometry_job job = {.d = d, .e = e, .groups = &groups};
    for (int64_t i = 0; i < n; i = groups.end[i]) {
        job.classes++;
    }
    tam_status status = take_room(ctx, &job);
    if (status == TAM_OK) {
        for (int64_t i = 0, c = 0; i < n; i = groups.end[i]) {
            job.start[c++] = i;
        }
        tam_team_run(ctx, job.classes, measure_class, &job);
        tam_team_run(ctx, job.classes, find_nearest, &job);
        sum_up(&job, result);
    }
    tam_release(ctx, job.start);
    tam_release(ctx, job.centre);
    tam_groups_free(ctx, &groups);
    return status;
}
