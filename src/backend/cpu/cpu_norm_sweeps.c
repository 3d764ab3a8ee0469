#include <string.h>

#include "backend/cpu/cpu_batch_norm.h"
#include "base/kernel.h"
#include "base/team.h"

/* A kernel handles a run in parts as long as the period: with a constant length where that is TAM_PERIOD. PART is a
 * call that uses i, the part's start, and width. */
#define IN_PARTS(count, period, PART)                                             \
    do {                                                                          \
        int64_t i = 0;                                                            \
        if ((period) == TAM_PERIOD) {                                             \
            const int width = TAM_PERIOD;                                         \
            for (; i + TAM_PERIOD <= (count); i += TAM_PERIOD) {                  \
                PART;                                                             \
            }                                                                     \
        }                                                                         \
        for (; i < (count); i += (period)) {                                      \
            const int width = (int)((count)-i < (period) ? (count)-i : (period)); \
            PART;                                                                 \
        }                                                                         \
    } while (0)

/* Where a task's samples lie. */
typedef struct span {
    int64_t run, block, first, last, blocks;
    int period;
} span;

static span span_of(const tam_norm_job *job, int64_t task) {
    int64_t first = task / job->cut.blocks * job->cut.images, last = first + job->cut.images;
    return (span){
        .run = tam_layout_run(job->layout),
        .block = task % job->cut.blocks,
        .first = first,
        .last = last < job->n ? last : job->n,
        .blocks = job->cut.blocks,
        .period = tam_layout_period(job->layout),
    };
}

static int64_t start_of(const span *s, int64_t image) {
    return (image * s->blocks + s->block) * s->run;
}

static void run_tasks(tam_ctx *ctx, const tam_norm_job *job, tam_task task) {
    tam_team_run(ctx, job->cut.groups * job->cut.blocks, task, (void *)(uintptr_t)job);
}

/* Statistics: every position of the period in every task is a set of its own with a mean and a sum of squares about it;
 * the sets are then united (Chan, Golub, LeVeque, 1979). No large sum of squares is ever taken about 0. */

TAM_KERNEL_PART void sum_part(int width, const float *x, float *sum) {
#pragma omp simd
    for (int k = 0; k < width; k++) {
        sum[k] += x[k];
    }
}

TAM_KERNEL static void sum_run(int64_t count, int period, const float *x, float *sum) {
    IN_PARTS(count, period, sum_part(width, x + i, sum));
}

TAM_KERNEL_PART void square_part(int width, const float *mean, const float *x, float *sum) {
#pragma omp simd
    for (int k = 0; k < width; k++) {
        float away = x[k] - mean[k];
        sum[k] += away * away;
    }
}

TAM_KERNEL static void square_run(int64_t count, int period, const float *mean, const float *x, float *sum) {
    IN_PARTS(count, period, square_part(width, mean, x + i, sum));
}

/* The size of the set at position k. */
static int64_t set_size(const span *s, int k) {
    return (s->last - s->first) * ((s->run - k + s->period - 1) / s->period);
}

static void statistics_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_job *job = argument;
    span s = span_of(job, task);
    float *mean = job->partial + task * 2 * s.period, *square = mean + s.period;
    memset(mean, 0, 2 * (size_t)s.period * sizeof *mean);
    for (int64_t image = s.first; image < s.last; image++) {
        sum_run(s.run, s.period, job->x + start_of(&s, image), mean);
    }
    for (int k = 0; k < s.period; k++) {
        int64_t size = set_size(&s, k);
        mean[k] = size > 0 ? mean[k] / (float)size : 0;
    }
    for (int64_t image = s.first; image < s.last; image++) {
        square_run(s.run, s.period, mean, job->x + start_of(&s, image), square);
    }
}

void tam_norm_statistics(tam_ctx *ctx, const tam_norm_job *job, double *mean, double *variance) {
    const tam_layout *layout = job->layout;
    run_tasks(ctx, job, statistics_task);
    for (int c = 0; c < layout->c; c++) {
        double size = 0, average = 0, squares = 0;
        for (int64_t group = 0; group < job->cut.groups; group++) {
            int64_t task = group * job->cut.blocks + c / layout->lanes;
            span s = span_of(job, task);
            const float *set_mean = job->partial + task * 2 * s.period, *set_squares = set_mean + s.period;
            for (int k = c % layout->lanes; k < s.period; k += layout->lanes) {
                double added = (double)set_size(&s, k), away = (double)set_mean[k] - average;
                if (added > 0) {
                    squares += (double)set_squares[k] + away * away * size * added / (size + added);
                    average += away * added / (size + added);
                    size += added;
                }
            }
        }
        mean[c] = average;
        variance[c] = squares / size;
    }
}

/* Apply. */

TAM_KERNEL_PART void apply_part(int width, const tam_norm_patterns *p, const float *x, float *y) {
    const float *mean = p->mean, *scale = p->scale, *beta = p->beta, *slope = p->slope;
#pragma omp simd
    for (int k = 0; k < width; k++) {
        float z = scale[k] * (x[k] - mean[k]) + beta[k];
        y[k] = z > 0 ? z : slope[k] * z;
    }
}

TAM_KERNEL static void apply_run(int64_t count, int period, const tam_norm_patterns *p, const float *x, float *y) {
    IN_PARTS(count, period, apply_part(width, p, x + i, y + i));
}

static tam_norm_patterns patterns_of(const tam_norm_job *job, const span *s) {
    int64_t at = s->block * s->period;
    const tam_norm_patterns *p = &job->pattern;
    return (tam_norm_patterns){p->mean + at,  p->scale + at, p->beta + at,
                               p->slope + at, p->by_x + at,  p->constant + at};
}

static void apply_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_job *job = argument;
    span s = span_of(job, task);
    tam_norm_patterns p = patterns_of(job, &s);
    for (int64_t image = s.first; image < s.last; image++) {
        apply_run(s.run, s.period, &p, job->x + start_of(&s, image), job->y + start_of(&s, image));
    }
}

void tam_norm_apply(tam_ctx *ctx, const tam_norm_job *job) {
    run_tasks(ctx, job, apply_task);
}

/* Gradient. */

TAM_KERNEL_PART void gradient_sums_part(int width, const tam_norm_patterns *p, const float *x, const float *dy,
                                        float *sums, int period) {
    const float *mean = p->mean, *scale = p->scale, *beta = p->beta, *slope = p->slope;
    float *by_z = sums, *by_x = sums + period, *by_slope = sums + 2 * period;
#pragma omp simd
    for (int k = 0; k < width; k++) {
        float away = x[k] - mean[k], z = scale[k] * away + beta[k];
        float dz = z > 0 ? dy[k] : slope[k] * dy[k];
        by_z[k] += dz;
        by_x[k] += dz * away;
        by_slope[k] += z > 0 ? 0 : z * dy[k];
    }
}

TAM_KERNEL static void gradient_sums_run(int64_t count, int period, const tam_norm_patterns *p, const float *x,
                                         const float *dy, float *sums) {
    IN_PARTS(count, period, gradient_sums_part(width, p, x + i, dy + i, sums, period));
}

static void gradient_sums_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_job *job = argument;
    span s = span_of(job, task);
    tam_norm_patterns p = patterns_of(job, &s);
    float *sums = job->partial + task * 3 * s.period;
    memset(sums, 0, 3 * (size_t)s.period * sizeof *sums);
    for (int64_t image = s.first; image < s.last; image++) {
        int64_t at = start_of(&s, image);
        gradient_sums_run(s.run, s.period, &p, job->x + at, job->dy + at, sums);
    }
}

void tam_norm_gradient_sums(tam_ctx *ctx, const tam_norm_job *job, double *sums) {
    int period = tam_layout_period(job->layout);
    run_tasks(ctx, job, gradient_sums_task);
    for (int part = 0; part < 3; part++) {
        tam_cpu_fold(job->layout, &job->cut, job->partial + part * period, (int64_t)3 * period,
                     sums + (int64_t)part * job->layout->c);
    }
}

TAM_KERNEL_PART void gradient_part(int width, const tam_norm_patterns *p, const float *x, const float *dy, float *dx) {
    const float *mean = p->mean, *scale = p->scale, *beta = p->beta, *slope = p->slope;
    const float *by_x = p->by_x, *constant = p->constant;
#pragma omp simd
    for (int k = 0; k < width; k++) {
        float away = x[k] - mean[k], z = scale[k] * away + beta[k];
        float dz = z > 0 ? dy[k] : slope[k] * dy[k];
        dx[k] = scale[k] * dz + (by_x[k] * away + constant[k]);
    }
}

TAM_KERNEL static void gradient_run(int64_t count, int period, const tam_norm_patterns *p, const float *x,
                                    const float *dy, float *dx) {
    IN_PARTS(count, period, gradient_part(width, p, x + i, dy + i, dx + i));
}

static void gradient_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_job *job = argument;
    span s = span_of(job, task);
    tam_norm_patterns p = patterns_of(job, &s);
    for (int64_t image = s.first; image < s.last; image++) {
        int64_t at = start_of(&s, image);
        gradient_run(s.run, s.period, &p, job->x + at, job->dy + at, job->dx + at);
    }
}

void tam_norm_gradient(tam_ctx *ctx, const tam_norm_job *job) {
    run_tasks(ctx, job, gradient_task);
}
