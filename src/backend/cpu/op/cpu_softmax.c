/* Softmax over the channels of each pixel, a group of pixels at a time whose channels lie as rows in the nearest cache.
 * Backward makes y again from x, which the step before has kept or will make again: dx = y (dy - sum of dy y). */
#include "backend/cpu/op/cpu_rows.h"
#include "backend/cpu/plan/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"
#include "base/vector_math.h"

typedef struct job {
    tam_cpu_rows_cut cut;
    const void *x, *dy;
    void *y, *dx;
    bool add;       /* dx is added to what is there */
    float *scratch; /* rows of each worker */
} job;

TAM_KERNEL static void forward_rows(const job *j, int64_t pixels, float *rows) {
    int c = j->cut.layout.c;
    for (int64_t p = 0; p < pixels; p++) {
        float *x = rows + p * j->cut.stride, most = x[0], sum = 0;
#pragma omp simd reduction(max : most)
        for (int i = 0; i < c; i++) {
            most = x[i] > most ? x[i] : most;
        }
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < c; i++) {
            x[i] = tam_exp(x[i] - most);
            sum += x[i];
        }
        float share = 1.0F / sum;
#pragma omp simd
        for (int i = 0; i < c; i++) {
            x[i] *= share;
        }
    }
}

/* dx in the place of dy. */
TAM_KERNEL static void backward_rows(const job *j, int64_t pixels, const float *y_rows, float *dy_rows) {
    int c = j->cut.layout.c;
    for (int64_t p = 0; p < pixels; p++) {
        const float *y = y_rows + p * j->cut.stride;
        float *dy = dy_rows + p * j->cut.stride, along = 0;
#pragma omp simd reduction(+ : along)
        for (int i = 0; i < c; i++) {
            along += dy[i] * y[i];
        }
#pragma omp simd
        for (int i = 0; i < c; i++) {
            dy[i] = y[i] * (dy[i] - along);
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

static void run_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_layout *layout = &j->cut.layout;
    int64_t stride = j->cut.stride;
    tam_cpu_pixels all = tam_cpu_rows_task(&j->cut, task), some = all;
    float *y = rows_of(j, worker), *dy = y + j->cut.group * stride;
    for (int64_t done = 0; done < all.pixels; done += some.pixels) {
        some.pixel = all.pixel + done;
        some.pixels = all.pixels - done < j->cut.group ? all.pixels - done : j->cut.group;
        tam_cpu_rows_get(layout, j->x, &some, y, stride);
        forward_rows(j, some.pixels, y);
        if (j->dy == NULL) {
            tam_cpu_rows_put(layout, y, stride, &some, j->y);
            continue;
        }
        tam_cpu_rows_get(layout, j->dy, &some, dy, stride);
        backward_rows(j, some.pixels, y, dy);
        if (j->add) {
            tam_cpu_rows_get(layout, j->dx, &some, y, stride);
            add_rows(layout->c, some.pixels, stride, y, dy);
        }
        tam_cpu_rows_put(layout, dy, stride, &some, j->dx);
    }
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_rows_cut cut = tam_cpu_rows_cut_of(layout, layout->n);
    tam_cpu_out(plan, step)->layout = *layout;
    tam_cpu_ask_scratch(plan, (size_t)tam_ctx_threads(plan->ctx) * 2 * tam_cpu_rows_bytes(&cut));
    return TAM_OK;
}

static job job_of(tam_plan *plan, const tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0);
    return (job){.cut = tam_cpu_rows_cut_of(&in->layout, n), .x = in->data, .scratch = (void *)tam_cpu_scratch(plan)};
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n);
    j.y = tam_cpu_out(plan, step)->data;
    tam_team_run(plan->ctx, j.cut.tasks, run_task, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    j.dy = tam_cpu_out(plan, step)->gradient;
    j.dx = step->dx[0];
    j.add = step->add[0];
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, j.cut.tasks, run_task, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_softmax = {
    .op = "softmax",
    .create = create,
    .forward = forward,
    .backward = backward,
    .needs = tam_cpu_needs_input,
    .in_place = true,
    .adds_gradient = true,
    .made_again = true,
};
