/* Layer norm over the channels of each pixel: y = gamma xh + beta, xh = (x - mean) / sqrt(variance + eps). A group of
 * pixels at a time, whose channels lie as rows in the nearest cache, so that each map is read or written once. */
#include <math.h>
#include <string.h>

#include "backend/cpu/op/cpu_rows.h"
#include "backend/cpu/plan/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

enum { GAMMA, BETA };

/* Kept of each pixel: scale = 1 / sqrt(variance + eps). */
typedef struct statistics {
    float mean, scale;
} statistics;

typedef struct job {
    tam_cpu_rows_cut cut;
    const float *gamma, *beta;
    float eps;
    const void *x, *dy;
    void *y, *dx; /* dx NULL: not wanted */
    bool add;     /* dx is added to what is there */
    statistics *kept;
    float *scratch; /* rows of each worker */
    float *partial; /* [task][2][stride]: sums of dy xh and of dy */
} job;

/* The mean as it rounds leaves a small rest, which is taken out of both. */
TAM_KERNEL_PART statistics statistics_of(int c, float eps, const float *x) {
    float sum = 0, rest = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < c; i++) {
        sum += x[i];
    }
    float mean = sum / (float)c;
#pragma omp simd reduction(+ : rest, squares)
    for (int i = 0; i < c; i++) {
        float away = x[i] - mean;
        rest += away;
        squares += away * away;
    }
    rest /= (float)c;
    float variance = squares / (float)c - rest * rest;
    return (statistics){mean + rest, 1.0F / sqrtf(variance + eps)};
}

TAM_KERNEL static void forward_rows(const job *j, int64_t pixels, float *rows, statistics *kept) {
    int c = j->cut.layout.c;
    const float *gamma = j->gamma, *beta = j->beta;
    for (int64_t p = 0; p < pixels; p++) {
        float *x = rows + p * j->cut.stride;
        statistics s = statistics_of(c, j->eps, x);
#pragma omp simd
        for (int i = 0; i < c; i++) {
            x[i] = (x[i] - s.mean) * (s.scale * gamma[i]) + beta[i];
        }
        kept[p] = s;
    }
}

/* With g = gamma dy: dx = scale (g - mean of g - xh mean of (g xh)), in the place of dy. */
TAM_KERNEL static void backward_rows(const job *j, int64_t pixels, const float *x_rows, float *dy_rows,
                                     const statistics *kept, float *dgamma, float *dbeta) {
    int c = j->cut.layout.c;
    const float *gamma = j->gamma;
    for (int64_t p = 0; p < pixels; p++) {
        const float *x = x_rows + p * j->cut.stride;
        float *dy = dy_rows + p * j->cut.stride, sum = 0, along = 0;
        statistics s = kept[p];
#pragma omp simd reduction(+ : sum, along)
        for (int i = 0; i < c; i++) {
            float xh = (x[i] - s.mean) * s.scale, by_xh = dy[i] * xh;
            sum += gamma[i] * dy[i];
            along += gamma[i] * by_xh;
            dgamma[i] += by_xh;
            dbeta[i] += dy[i];
        }
        sum /= (float)c;
        along /= (float)c;
#pragma omp simd
        for (int i = 0; i < c; i++) {
            float xh = (x[i] - s.mean) * s.scale;
            dy[i] = s.scale * (gamma[i] * dy[i] - sum - xh * along);
        }
    }
}

TAM_KERNEL static void add_rows(int c, int64_t pixels, int64_t stride, const float *from, float *to) {
    for (int64_t p = 0; p < pixels; p++) {
#pragma omp simd
        for (int i = 0; i < c; i++) {
            to[p * stride + i] += from[p * stride + i];
        }
    }
}

/* Two groups of rows for each worker. */
static float *rows_of(const job *j, int worker) {
    return j->scratch + worker * 2 * j->cut.group * j->cut.stride;
}

static statistics *kept_of(const job *j, const tam_cpu_pixels *place) {
    return j->kept + place->sample * j->cut.pixels + place->pixel;
}

static void forward_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    tam_cpu_pixels all = tam_cpu_rows_task(&j->cut, task), some = all;
    float *rows = rows_of(j, worker);
    for (int64_t done = 0; done < all.pixels; done += some.pixels) {
        some.pixel = all.pixel + done;
        some.pixels = all.pixels - done < j->cut.group ? all.pixels - done : j->cut.group;
        tam_cpu_rows_get(&j->cut.layout, j->x, &some, rows, j->cut.stride);
        forward_rows(j, some.pixels, rows, kept_of(j, &some));
        tam_cpu_rows_put(&j->cut.layout, rows, j->cut.stride, &some, j->y);
    }
}

static void backward_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_layout *layout = &j->cut.layout;
    int64_t stride = j->cut.stride;
    tam_cpu_pixels all = tam_cpu_rows_task(&j->cut, task), some = all;
    float *x = rows_of(j, worker), *dy = x + j->cut.group * stride;
    float *dgamma = j->partial + task * 2 * stride, *dbeta = dgamma + stride;
    memset(dgamma, 0, 2 * (size_t)stride * sizeof *dgamma);
    for (int64_t done = 0; done < all.pixels; done += some.pixels) {
        some.pixel = all.pixel + done;
        some.pixels = all.pixels - done < j->cut.group ? all.pixels - done : j->cut.group;
        tam_cpu_rows_get(layout, j->x, &some, x, stride);
        tam_cpu_rows_get(layout, j->dy, &some, dy, stride);
        backward_rows(j, some.pixels, x, dy, kept_of(j, &some), dgamma, dbeta);
        if (j->add) {
            tam_cpu_rows_get(layout, j->dx, &some, x, stride);
            add_rows(layout->c, some.pixels, stride, x, dy);
        }
        if (j->dx != NULL) {
            tam_cpu_rows_put(layout, dy, stride, &some, j->dx);
        }
    }
}

/* The tasks' sums, in order. */
TAM_KERNEL static void sum_tasks(const job *j, float *dgamma, float *dbeta) {
    enum { WIDTH = 64 };
    for (int first = 0; first < j->cut.layout.c; first += WIDTH) {
        double sums[2][WIDTH] = {{0}};
        int width = j->cut.layout.c - first < WIDTH ? j->cut.layout.c - first : WIDTH;
        for (int64_t task = 0; task < j->cut.tasks; task++) {
            const float *from = j->partial + task * 2 * j->cut.stride + first;
#pragma omp simd
            for (int i = 0; i < width; i++) {
                sums[0][i] += (double)from[i];
                sums[1][i] += (double)from[j->cut.stride + i];
            }
        }
        for (int i = 0; i < width; i++) {
            dgamma[first + i] = (float)sums[0][i];
            dbeta[first + i] = (float)sums[1][i];
        }
    }
}

static size_t worker_bytes(const tam_plan *plan, const tam_cpu_rows_cut *cut) {
    return (size_t)tam_ctx_threads(plan->ctx) * 2 * tam_cpu_rows_bytes(cut);
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_rows_cut cut = tam_cpu_rows_cut_of(layout, layout->n);
    tam_cpu_out(plan, step)->layout = *layout;
    step->own = tam_cpu_ask(plan, step, (size_t)(layout->n * tam_layout_pixels(layout)) * sizeof(statistics), false);
    size_t partial = plan->config.training ? (size_t)(cut.tasks * 2 * cut.stride) * sizeof(float) : 0;
    tam_cpu_ask_scratch(plan, worker_bytes(plan, &cut) + partial);
    return TAM_OK;
}

static job job_of(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0);
    job j = {.cut = tam_cpu_rows_cut_of(&in->layout, n),
             .gamma = tam_cpu_parameter(plan, step->node, GAMMA),
             .beta = tam_cpu_parameter(plan, step->node, BETA),
             .eps = (float)step->node->key[TAM_LAYER_NORM_EPS],
             .x = in->data,
             .kept = tam_cpu_own(plan, step),
             .scratch = tam_cpu_scratch(plan)};
    j.partial = j.scratch + worker_bytes(plan, &j.cut) / sizeof(float);
    return j;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n);
    j.y = tam_cpu_out(plan, step)->data;
    tam_team_run(plan->ctx, j.cut.tasks, forward_task, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    j.dy = tam_cpu_out(plan, step)->gradient;
    j.dx = step->wanted[0] ? step->dx[0] : NULL;
    j.add = step->wanted[0] && step->add[0];
    tam_team_run(plan->ctx, j.cut.tasks, backward_task, &j);
    sum_tasks(&j, tam_cpu_parameter_gradient(plan, step->node, GAMMA),
              tam_cpu_parameter_gradient(plan, step->node, BETA));
}

const tam_cpu_kind tam_cpu_kind_layer_norm = {
    .op = "layer_norm",
    .create = create,
    .forward = forward,
    .backward = backward,
    .needs = tam_cpu_needs_input,
    .in_place = true,
    .adds_gradient = true,
    .made_again = true,
};
