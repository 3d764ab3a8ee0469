/* PReLU, y = max(x, 0) + slope min(x, 0) with a slope per channel (He et al., ICCV 2015). Our own kernels: oneDNN's
 * with plain slopes on blocked maps is its slow reference. */
#include <string.h>

#include "backend/cpu/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

typedef struct job {
    const tam_layout *layout;
    tam_cpu_cut cut;
    int n;
    const float *slope; /* pattern */
    const float *x, *dy;
    float *y, *dx;
    float *partial; /* [task][period]: the slopes' gradients; NULL: not wanted */
} job;

TAM_KERNEL_PART void forward_part(int width, const float *slope, const float *x, float *y) {
#pragma omp simd
    for (int k = 0; k < width; k++) {
        y[k] = x[k] > 0 ? x[k] : slope[k] * x[k];
    }
}

TAM_KERNEL static void forward_run(int64_t count, int period, const float *slope, const float *x, float *y) {
    int64_t i = 0;
    if (period == TAM_PERIOD) {
        for (; i + TAM_PERIOD <= count; i += TAM_PERIOD) {
            forward_part(TAM_PERIOD, slope, x + i, y + i);
        }
    }
    for (; i < count; i += period) {
        forward_part(count - i < period ? (int)(count - i) : period, slope, x + i, y + i);
    }
}

TAM_KERNEL_PART void backward_part(int width, const float *slope, const float *x, const float *dy, float *dx,
                                   float *sum) {
#pragma omp simd
    for (int k = 0; k < width; k++) {
        float gradient = dy[k];
        sum[k] += x[k] > 0 ? 0 : x[k] * gradient;
        dx[k] = x[k] > 0 ? gradient : slope[k] * gradient;
    }
}

TAM_KERNEL static void backward_run(int64_t count, int period, const float *slope, const float *x, const float *dy,
                                    float *dx, float *sum) {
    int64_t i = 0;
    if (period == TAM_PERIOD) {
        float local[TAM_PERIOD];
        memcpy(local, sum, sizeof local);
        for (; i + TAM_PERIOD <= count; i += TAM_PERIOD) {
            backward_part(TAM_PERIOD, slope, x + i, dy + i, dx + i, local);
        }
        memcpy(sum, local, sizeof local);
    }
    for (; i < count; i += period) {
        backward_part(count - i < period ? (int)(count - i) : period, slope, x + i, dy + i, dx + i, sum);
    }
}

static void forward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t run = tam_layout_run(j->layout), block = task % j->cut.blocks;
    int64_t first = task / j->cut.blocks * j->cut.images;
    int period = tam_layout_period(j->layout);
    for (int64_t image = first; image < first + j->cut.images && image < j->n; image++) {
        int64_t at = (image * j->cut.blocks + block) * run;
        forward_run(run, period, j->slope + block * period, j->x + at, j->y + at);
    }
}

static void backward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t run = tam_layout_run(j->layout), block = task % j->cut.blocks;
    int64_t first = task / j->cut.blocks * j->cut.images;
    int period = tam_layout_period(j->layout);
    float *sum = j->partial + task * period;
    memset(sum, 0, (size_t)period * sizeof *sum);
    for (int64_t image = first; image < first + j->cut.images && image < j->n; image++) {
        int64_t at = (image * j->cut.blocks + block) * run;
        backward_run(run, period, j->slope + block * period, j->x + at, j->dy + at, j->dx + at, sum);
    }
}

/* The scratch memory of a call: sums in f64, the pattern of slopes, the tasks' partial sums. */
typedef struct scratch {
    double *sums;
    float *slope, *partial;
} scratch;

static size_t scratch_bytes(const tam_layout *layout) {
    tam_cpu_cut cut = tam_cpu_cut_of(layout, layout->n);
    size_t pattern = (size_t)tam_layout_pattern(layout);
    return (size_t)layout->c * sizeof(double) + (pattern + (size_t)cut.groups * pattern) * sizeof(float);
}

static scratch scratch_of(tam_plan *plan, const tam_layout *layout) {
    double *sums = (double *)(void *)tam_cpu_scratch(plan);
    float *slope = (float *)(void *)(sums + layout->c);
    return (scratch){sums, slope, slope + tam_layout_pattern(layout)};
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_cpu_out(plan, step)->layout = tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_ask_scratch(plan, scratch_bytes(&tam_cpu_out(plan, step)->layout));
    return TAM_OK;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    scratch s = scratch_of(plan, &in->layout);
    tam_layout_spread(&in->layout, tam_cpu_parameter(plan, step->node, 0), 0, s.slope);
    job j = {.layout = &in->layout, .cut = tam_cpu_cut_of(&in->layout, n), .n = n};
    j.slope = s.slope;
    j.x = in->data;
    j.y = out->data;
    tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, forward_task, &j);
}

/* dx = (x > 0 ? 1 : slope) dy; dslope = the sum over x <= 0 of x dy. Where dx is not wanted it still is memory of ours.
 */
static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    scratch s = scratch_of(plan, &in->layout);
    tam_layout_spread(&in->layout, tam_cpu_parameter(plan, step->node, 0), 0, s.slope);
    job j = {.layout = &in->layout, .cut = tam_cpu_cut_of(&in->layout, in->layout.n), .n = in->layout.n};
    j.slope = s.slope;
    j.x = in->data;
    j.dy = out->gradient;
    j.dx = step->dx[0];
    j.partial = s.partial;
    tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, backward_task, &j);
    tam_cpu_fold(&in->layout, &j.cut, s.partial, tam_layout_period(&in->layout), s.sums);
    float *dslope = tam_cpu_parameter_gradient(plan, step->node, 0);
    for (int c = 0; c < in->layout.c; c++) {
        dslope[c] = (float)s.sums[c];
    }
}

const tam_cpu_kind tam_cpu_kind_prelu = {
    .op = "prelu",
    .create = create,
    .forward = forward,
    .backward = backward,
    .reads_x = true,
    .in_place = true,
};
