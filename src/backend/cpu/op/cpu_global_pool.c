/* The mean of each channel's map. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

typedef struct job {
    const tam_layout *layout; /* of the map; what is pooled is f32 */
    const void *x;
    const float *dy;
    float *y;
    void *dx;
} job;

TAM_KERNEL_PART float number_at(const tam_dtype dtype, const void *x, int64_t i) {
    return dtype == TAM_BF16 ? tam_bf16_value(((const tam_bf16 *)x)[i]) : ((const float *)x)[i];
}

/* Sums by lane: the pixels one after the other. */
TAM_KERNEL_PART void sum_lanes(const tam_dtype dtype, int64_t pixels, int lanes, const void *x, int64_t at,
                               float *sum) {
    if (lanes == 1) {
        double total = 0;
        for (int64_t p = 0; p < pixels; p++) {
            total += (double)number_at(dtype, x, at + p);
        }
        sum[0] = (float)total;
        return;
    }
    memset(sum, 0, (size_t)lanes * sizeof *sum);
    for (int64_t p = 0; p < pixels; p++, at += lanes) {
#pragma omp simd
        for (int l = 0; l < lanes; l++) {
            sum[l] += number_at(dtype, x, at + l);
        }
    }
}

TAM_KERNEL static void sum_f32(int64_t pixels, int lanes, const void *x, int64_t at, float *sum) {
    sum_lanes(TAM_F32, pixels, lanes, x, at, sum);
}

TAM_KERNEL static void sum_bf16(int64_t pixels, int lanes, const void *x, int64_t at, float *sum) {
    sum_lanes(TAM_BF16, pixels, lanes, x, at, sum);
}

/* One sample. */
static void forward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    const tam_layout *layout = j->layout;
    int64_t pixels = tam_layout_pixels(layout);
    float *y = j->y + task * layout->c;
    void (*sum)(int64_t, int, const void *, int64_t, float *) = layout->dtype == TAM_BF16 ? sum_bf16 : sum_f32;
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        int64_t at = task * tam_layout_sample(layout) + block * tam_layout_run(layout);
        int first = block * layout->lanes, left = layout->c - first;
        if (left >= layout->lanes) {
            sum(pixels, layout->lanes, j->x, at, y + first);
        } else {
            float lane[TAM_PERIOD]; /* y has no room for the fill; only layouts of 16 lanes or fewer have one */
            sum(pixels, layout->lanes, j->x, at, lane);
            memcpy(y + first, lane, (size_t)left * sizeof *y);
        }
    }
    for (int c = 0; c < layout->c; c++) {
        y[c] /= (float)pixels;
    }
}

static void backward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    const tam_layout *layout = j->layout;
    int64_t pixels = tam_layout_pixels(layout), bytes = (int64_t)tam_dtype_bytes(layout->dtype);
    const float *dy = j->dy + task * layout->c;
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        int64_t at = task * tam_layout_sample(layout) + block * tam_layout_run(layout);
        int first = block * layout->lanes;
        char *pixel = (char *)j->dx + at * bytes;
        for (int l = 0; l < layout->lanes; l++) {
            float share = first + l < layout->c ? dy[first + l] / (float)pixels : 0;
            if (layout->dtype == TAM_BF16) {
                ((tam_bf16 *)(void *)pixel)[l] = tam_bf16_nearest(share);
            } else {
                ((float *)(void *)pixel)[l] = share;
            }
        }
        for (int64_t p = 1; p < pixels; p++) {
            memcpy(pixel + p * layout->lanes * bytes, pixel, (size_t)(layout->lanes * bytes));
        }
    }
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_cpu_out(plan, step)->layout = tam_layout_plain(plan->config.batch, step->node->shape);
    return TAM_OK;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    tam_team_run(plan->ctx, n, forward_task, &(job){.layout = &in->layout, .x = in->data, .y = out->data});
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    job j = {.layout = &in->layout, .dy = out->gradient, .dx = step->dx[0]};
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, plan->config.batch, backward_task, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_global_pool = {
    .op = "global_pool",
    .create = create,
    .forward = forward,
    .backward = backward,
};
