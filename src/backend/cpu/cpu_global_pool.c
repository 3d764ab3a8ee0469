/* The mean of each channel's map. */
#include <string.h>

#include "backend/cpu/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

typedef struct job {
    const tam_layout *layout; /* of the map */
    const float *x, *dy;
    float *y, *dx;
} job;

/* Sums by lane: the pixels one after the other. */
TAM_KERNEL static void sum_lanes(int64_t pixels, int lanes, const float *x, float *sum) {
    if (lanes == 1) {
        double total = 0;
        for (int64_t p = 0; p < pixels; p++) {
            total += (double)x[p];
        }
        sum[0] = (float)total;
        return;
    }
    memset(sum, 0, (size_t)lanes * sizeof *sum);
    for (int64_t p = 0; p < pixels; p++) {
#pragma omp simd
        for (int l = 0; l < lanes; l++) {
            sum[l] += x[p * lanes + l];
        }
    }
}

/* One sample. */
static void forward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    const tam_layout *layout = j->layout;
    int64_t pixels = tam_layout_pixels(layout);
    float *y = j->y + task * layout->c;
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        const float *x = j->x + task * tam_layout_sample(layout) + block * tam_layout_run(layout);
        int first = block * layout->lanes, left = layout->c - first;
        if (left >= layout->lanes) {
            sum_lanes(pixels, layout->lanes, x, y + first);
        } else {
            float lane[TAM_PERIOD]; /* y has no room for the fill; only layouts of 16 lanes or fewer have one */
            sum_lanes(pixels, layout->lanes, x, lane);
            memcpy(y + first, lane, (size_t)left * sizeof *y);
        }
    }
    for (int c = 0; c < layout->c; c++) {
        y[c] /= (float)pixels;
    }
}

TAM_KERNEL static void spread(int64_t pixels, int lanes, const float *lane, float *dx) {
    for (int64_t p = 0; p < pixels; p++) {
        memcpy(dx + p * lanes, lane, (size_t)lanes * sizeof *dx);
    }
}

static void backward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    const tam_layout *layout = j->layout;
    int64_t pixels = tam_layout_pixels(layout), run = tam_layout_run(layout);
    const float *dy = j->dy + task * layout->c;
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        float *dx = j->dx + task * tam_layout_sample(layout) + block * run;
        int first = block * layout->lanes;
        for (int l = 0; l < layout->lanes; l++) {
            dx[l] = first + l < layout->c ? dy[first + l] / (float)pixels : 0;
        }
        spread(pixels - 1, layout->lanes, dx, dx + layout->lanes);
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
