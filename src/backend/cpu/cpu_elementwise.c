/* relu, add: number by number, whatever the layout. */
#include <string.h>

#include "backend/cpu/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

enum { PIECE = 1 << 15 };

/* y = f(a, b) over `count` numbers, cut into pieces. */
typedef struct job {
    void (*run)(int64_t count, const float *a, const float *b, float *y);
    int64_t count;
    const float *a, *b;
    float *y;
} job;

static void run_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task * PIECE, left = j->count - start;
    j->run(left < PIECE ? left : PIECE, j->a + start, j->b + start, j->y + start);
}

static void run_all(tam_plan *plan, const tam_cpu_value *value, int n, job *j) {
    j->count = n * tam_layout_sample(&value->layout);
    tam_team_run(plan->ctx, (j->count + PIECE - 1) / PIECE, run_piece, j);
}

/* The output lies as the first input does. */
static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    for (int k = 1; k < step->inputs; k++) {
        TAM_TRY(tam_cpu_convert(plan, step, k, &layout));
    }
    tam_cpu_out(plan, step)->layout = layout;
    return TAM_OK;
}

/* relu */

TAM_KERNEL static void rectify(int64_t count, const float *x, const float *unused, float *y) {
    (void)unused;
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = x[i] < 0 ? 0 : x[i]; /* keeps a NaN, so that a diverged run shows */
    }
}

TAM_KERNEL static void rectify_backward(int64_t count, const float *y, const float *dy, float *dx) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        dx[i] = y[i] > 0 ? dy[i] : 0;
    }
}

static void relu_forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    run_all(plan, out, n, &(job){.run = rectify, .a = in->data, .b = in->data, .y = out->data});
}

static void relu_backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    if (step->wanted[0]) {
        run_all(plan, out, plan->config.batch,
                &(job){.run = rectify_backward, .a = out->data, .b = out->gradient, .y = step->dx[0]});
    }
}

const tam_cpu_kind tam_cpu_kind_relu = {
    .op = "relu",
    .create = create,
    .forward = relu_forward,
    .backward = relu_backward,
    .reads_y = true,
    .in_place = true,
};

/* add */

TAM_KERNEL static void add_numbers(int64_t count, const float *a, const float *b, float *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = a[i] + b[i];
    }
}

static void add_forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    const float *a = tam_cpu_in(plan, step, 0)->data, *b = tam_cpu_in(plan, step, 1)->data;
    run_all(plan, out, n, &(job){.run = add_numbers, .a = a, .b = b, .y = out->data});
}

static void add_backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    for (int k = 0; k < step->inputs; k++) {
        if (step->wanted[k] && step->dx[k] != out->gradient) {
            memcpy(step->dx[k], out->gradient, tam_layout_bytes(&out->layout));
        }
    }
}

const tam_cpu_kind tam_cpu_kind_add = {
    .op = "add",
    .create = create,
    .forward = add_forward,
    .backward = add_backward,
    .passes_gradient = true,
    .in_place = true,
};
