/* Maximum and mean over windows. What lies in the padding neither wins nor counts. */
#include <string.h>

#include "backend/cpu/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

typedef struct window {
    int h, w, out_h, out_w, kernel, stride, pad;
} window;

typedef struct job {
    window window;
    tam_layout in, out;
    tam_cpu_cut cut;
    int n;
    const float *x, *dy;
    float *y, *dx;
    uint16_t *place; /* of each maximum in its window, row by row */
    /* One map: a block of one sample. */
    void (*map)(const struct job *job, const float *in, float *out, uint16_t *place);
} job;

/* The part of a window along one side that lies inside the map. */
typedef struct reach {
    int first, last, start; /* offsets first .. last-1 in the window; where offset 0 lies */
} reach;

static inline reach reach_of(const window *w, int at, int side) {
    int start = at * w->stride - w->pad;
    int last = side - start < w->kernel ? side - start : w->kernel;
    return (reach){start < 0 ? -start : 0, last, start};
}

TAM_KERNEL_PART void take_maximum(int lanes, int number, const float *x, float *best, uint16_t *place) {
#pragma omp simd
    for (int l = 0; l < lanes; l++) {
        bool wins = x[l] > best[l] || x[l] != x[l]; /* a NaN goes through, so that a diverged run shows */
        best[l] = wins ? x[l] : best[l];
        place[l] = wins ? (uint16_t)number : place[l];
    }
}

TAM_KERNEL_PART void maximum_map(const job *j, int lanes, const float *x, float *y, uint16_t *place) {
    const window *w = &j->window;
    for (int oy = 0; oy < w->out_h; oy++) {
        reach down = reach_of(w, oy, w->h);
        for (int ox = 0; ox < w->out_w; ox++, y += lanes, place += lanes) {
            reach across = reach_of(w, ox, w->w);
            int first = down.first * w->kernel + across.first;
            memcpy(y, x + ((int64_t)(down.start + down.first) * w->w + across.start + across.first) * lanes,
                   (size_t)lanes * sizeof *y);
            for (int l = 0; l < lanes; l++) {
                place[l] = (uint16_t)first;
            }
            for (int ky = down.first; ky < down.last; ky++) {
                const float *row = x + ((int64_t)(down.start + ky) * w->w + across.start) * lanes;
                for (int kx = across.first; kx < across.last; kx++) {
                    take_maximum(lanes, ky * w->kernel + kx, row + kx * lanes, y, place);
                }
            }
        }
    }
}

TAM_KERNEL static void maximum(const job *j, const float *x, float *y, uint16_t *place) {
    if (j->in.lanes == 16) {
        maximum_map(j, 16, x, y, place);
    } else if (j->in.lanes == 8) {
        maximum_map(j, 8, x, y, place);
    } else {
        maximum_map(j, j->in.lanes, x, y, place);
    }
}

TAM_KERNEL_PART void maximum_backward_map(const job *j, int lanes, const float *dy, float *dx, const uint16_t *place) {
    const window *w = &j->window;
    memset(dx, 0, (size_t)tam_layout_run(&j->in) * sizeof *dx);
    for (int oy = 0; oy < w->out_h; oy++) {
        reach down = reach_of(w, oy, w->h);
        for (int ox = 0; ox < w->out_w; ox++, dy += lanes, place += lanes) {
            reach across = reach_of(w, ox, w->w);
            for (int ky = down.first; ky < down.last; ky++) {
                float *row = dx + ((int64_t)(down.start + ky) * w->w + across.start) * lanes;
                for (int kx = across.first; kx < across.last; kx++) {
#pragma omp simd
                    for (int l = 0; l < lanes; l++) {
                        row[kx * lanes + l] += place[l] == ky * w->kernel + kx ? dy[l] : 0;
                    }
                }
            }
        }
    }
}

TAM_KERNEL static void maximum_backward(const job *j, const float *dy, float *dx, uint16_t *place) {
    if (j->in.lanes == 16) {
        maximum_backward_map(j, 16, dy, dx, place);
    } else if (j->in.lanes == 8) {
        maximum_backward_map(j, 8, dy, dx, place);
    } else {
        maximum_backward_map(j, j->in.lanes, dy, dx, place);
    }
}

TAM_KERNEL static void mean(const job *j, const float *x, float *y, uint16_t *unused) {
    const window *w = &j->window;
    int lanes = j->in.lanes;
    (void)unused;
    for (int oy = 0; oy < w->out_h; oy++) {
        reach down = reach_of(w, oy, w->h);
        for (int ox = 0; ox < w->out_w; ox++, y += lanes) {
            reach across = reach_of(w, ox, w->w);
            float share = 1.0F / (float)((down.last - down.first) * (across.last - across.first));
            memset(y, 0, (size_t)lanes * sizeof *y);
            for (int ky = down.first; ky < down.last; ky++) {
                const float *row = x + ((int64_t)(down.start + ky) * w->w + across.start) * lanes;
                for (int i = across.first * lanes; i < across.last * lanes; i += lanes) {
#pragma omp simd
                    for (int l = 0; l < lanes; l++) {
                        y[l] += row[i + l];
                    }
                }
            }
            for (int l = 0; l < lanes; l++) {
                y[l] *= share;
            }
        }
    }
}

TAM_KERNEL static void mean_backward(const job *j, const float *dy, float *dx, uint16_t *unused) {
    const window *w = &j->window;
    int lanes = j->in.lanes;
    (void)unused;
    memset(dx, 0, (size_t)tam_layout_run(&j->in) * sizeof *dx);
    for (int oy = 0; oy < w->out_h; oy++) {
        reach down = reach_of(w, oy, w->h);
        for (int ox = 0; ox < w->out_w; ox++, dy += lanes) {
            reach across = reach_of(w, ox, w->w);
            float share = 1.0F / (float)((down.last - down.first) * (across.last - across.first));
            for (int ky = down.first; ky < down.last; ky++) {
                float *row = dx + ((int64_t)(down.start + ky) * w->w + across.start) * lanes;
                for (int i = across.first * lanes; i < across.last * lanes; i += lanes) {
#pragma omp simd
                    for (int l = 0; l < lanes; l++) {
                        row[i + l] += dy[l] * share;
                    }
                }
            }
        }
    }
}

static void forward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t in_run = tam_layout_run(&j->in), out_run = tam_layout_run(&j->out);
    int64_t first = task / j->cut.blocks * j->cut.images;
    for (int64_t image = first; image < first + j->cut.images && image < j->n; image++) {
        int64_t map = image * j->cut.blocks + task % j->cut.blocks;
        j->map(j, j->x + map * in_run, j->y + map * out_run, j->place == NULL ? NULL : j->place + map * out_run);
    }
}

static void backward_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t in_run = tam_layout_run(&j->in), out_run = tam_layout_run(&j->out);
    int64_t first = task / j->cut.blocks * j->cut.images;
    for (int64_t image = first; image < first + j->cut.images && image < j->n; image++) {
        int64_t map = image * j->cut.blocks + task % j->cut.blocks;
        j->map(j, j->dy + map * out_run, j->dx + map * in_run, j->place == NULL ? NULL : j->place + map * out_run);
    }
}

static bool is_maximum(const tam_cpu_step *step) {
    return step->kind == &tam_cpu_kind_max_pool;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    layout.h = step->node->shape.h;
    layout.w = step->node->shape.w;
    tam_cpu_out(plan, step)->layout = layout;
    if (is_maximum(step)) {
        step->own = tam_cpu_ask(plan, step, tam_layout_bytes(&layout) / sizeof(float) * sizeof(uint16_t), false);
    }
    return TAM_OK;
}

static job job_of(tam_plan *plan, const tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    const double *key = step->node->key;
    return (job){
        .window = {in->layout.h, in->layout.w, out->layout.h, out->layout.w, (int)key[TAM_POOL_KERNEL],
                   (int)key[TAM_POOL_STRIDE], (int)key[TAM_POOL_PAD]},
        .in = in->layout,
        .out = out->layout,
        .cut = tam_cpu_cut_of(&in->layout, n),
        .n = n,
        .x = in->data,
        .y = out->data,
        .dy = out->gradient,
        .dx = step->dx[0],
        .place = is_maximum(step) ? (uint16_t *)(void *)tam_cpu_own(plan, step) : NULL,
    };
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n);
    j.map = is_maximum(step) ? maximum : mean;
    tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, forward_task, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    j.map = is_maximum(step) ? maximum_backward : mean_backward;
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, backward_task, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_max_pool = {
    .op = "max_pool",
    .create = create,
    .forward = forward,
    .backward = backward,
};

const tam_cpu_kind tam_cpu_kind_avg_pool = {
    .op = "avg_pool",
    .create = create,
    .forward = forward,
    .backward = backward,
};
