/* A learned map, added to each sample. It is stored in plain order and laid out as the samples are. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum { PIECE = 1 << 12 }; /* numbers of a sample */

typedef struct job {
    tam_dtype dtype;
    int64_t sample, pieces; /* numbers; tasks of a sample */
    int samples;
    const void *x; /* dy in backward */
    void *y;
    float *map; /* its gradient in backward */
} job;

TAM_KERNEL static void add_f32(int64_t count, const float *x, const float *map, float *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = x[i] + map[i];
    }
}

TAM_KERNEL static void add_bf16(int64_t count, const tam_bf16 *x, const float *map, tam_bf16 *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = tam_bf16_nearest(tam_bf16_value(x[i]) + map[i]);
    }
}

TAM_KERNEL static void sum_f32(int64_t count, const float *dy, double *sum) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        sum[i] += (double)dy[i];
    }
}

TAM_KERNEL static void sum_bf16(int64_t count, const tam_bf16 *dy, double *sum) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        sum[i] += (double)tam_bf16_value(dy[i]);
    }
}

/* A piece of one sample. */
static void add_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task % j->pieces * PIECE, count = j->sample - start < PIECE ? j->sample - start : PIECE;
    int64_t at = task / j->pieces * j->sample + start;
    if (j->dtype == TAM_BF16) {
        add_bf16(count, (const tam_bf16 *)j->x + at, j->map + start, (tam_bf16 *)j->y + at);
    } else {
        add_f32(count, (const float *)j->x + at, j->map + start, (float *)j->y + at);
    }
}

/* The same piece of all samples, one after the other. */
static void sum_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task * PIECE, count = j->sample - start < PIECE ? j->sample - start : PIECE;
    double sum[PIECE] = {0};
    for (int64_t at = start; at < j->samples * j->sample; at += j->sample) {
        if (j->dtype == TAM_BF16) {
            sum_bf16(count, (const tam_bf16 *)j->x + at, sum);
        } else {
            sum_f32(count, (const float *)j->x + at, sum);
        }
    }
    for (int64_t i = 0; i < count; i++) {
        j->map[start + i] = (float)sum[i];
    }
}

/* The map in plain order, and laid out. */
typedef struct maps {
    tam_layout plain, laid_out;
} maps;

static maps maps_of(tam_plan *plan, const tam_cpu_step *step) {
    maps m = {tam_layout_plain(1, step->node->shape), tam_cpu_out(plan, step)->layout};
    m.laid_out.n = 1;
    m.laid_out.dtype = TAM_F32;
    return m;
}

static job job_of(const tam_layout *layout, int n) {
    int64_t sample = tam_layout_sample(layout);
    return (job){.dtype = layout->dtype, .sample = sample, .pieces = (sample + PIECE - 1) / PIECE, .samples = n};
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_cpu_out(plan, step)->layout = tam_cpu_in(plan, step, 0)->layout;
    maps m = maps_of(plan, step);
    step->own = tam_cpu_ask(plan, step, tam_layout_bytes(&m.laid_out), true);
    tam_cpu_ask_scratch(plan, tam_layout_bytes(&m.laid_out));
    return TAM_OK;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    job j = job_of(&out->layout, n);
    j.x = in->data;
    j.y = out->data;
    j.map = tam_cpu_own(plan, step);
    if (plan->pack) {
        maps m = maps_of(plan, step);
        tam_layout_copy(plan->ctx, 1, &m.plain, tam_cpu_parameter(plan, step->node, 0), &m.laid_out, j.map);
    }
    tam_team_run(plan->ctx, n * j.pieces, add_piece, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    job j = job_of(&out->layout, out->layout.n);
    maps m = maps_of(plan, step);
    j.x = out->gradient;
    j.map = tam_cpu_scratch(plan);
    tam_team_run(plan->ctx, j.pieces, sum_piece, &j);
    tam_layout_copy(plan->ctx, 1, &m.laid_out, j.map, &m.plain, tam_cpu_parameter_gradient(plan, step->node, 0));
    if (step->wanted[0] && step->dx[0] != out->gradient) {
        memcpy(step->dx[0], out->gradient, tam_layout_bytes(&out->layout));
    }
}

const tam_cpu_kind tam_cpu_kind_position = {
    .op = "position",
    .create = create,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};
