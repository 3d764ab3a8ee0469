/* Maximum and mean over windows. What lies in the padding neither wins nor counts. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

typedef struct window {
    int h, w, out_h, out_w, kernel, stride, pad;
} window;

typedef struct job {
    window window;
    tam_layout in, out;
    tam_cpu_map_cut cut;
    int n;
    const void *x, *dy;
    void *y, *dx;
    uint16_t *place; /* of each maximum in its window, row by row */
    /* One map, a block of one sample, whose numbers begin at `in` and `out` of the two layouts. */
    void (*map)(const struct job *job, int64_t in, int64_t out);
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

/* The windows along one side that reach a place: first .. last-1. */
typedef struct windows {
    int first, last;
} windows;

static inline windows windows_at(const window *w, int at, int count) {
    int padded = at + w->pad, last = padded / w->stride + 1;
    return (windows){padded < w->kernel ? 0 : (padded - w->kernel) / w->stride + 1, last < count ? last : count};
}

/* Lanes are done some at a time, so that what is found or summed stays in registers, in f32. */
enum { CHUNK = 16 };
#define IN_CHUNKS(lanes, PART)                           \
    do {                                                 \
        int lane = 0;                                    \
        for (; lane + CHUNK <= (lanes); lane += CHUNK) { \
            const int width = CHUNK;                     \
            PART;                                        \
        }                                                \
        if (lane < (lanes)) {                            \
            const int width = (lanes)-lane;              \
            PART;                                        \
        }                                                \
    } while (0)

TAM_KERNEL_PART void read_chunk(const tam_dtype dtype, int width, const void *x, int64_t at, float *numbers) {
    if (dtype == TAM_BF16) {
        const tam_bf16 *from = (const tam_bf16 *)x + at;
#pragma omp simd
        for (int l = 0; l < width; l++) {
            numbers[l] = tam_bf16_value(from[l]);
        }
    } else {
        memcpy(numbers, (const float *)x + at, (size_t)width * sizeof *numbers);
    }
}

TAM_KERNEL_PART void write_chunk(const tam_dtype dtype, int width, const float *numbers, void *y, int64_t at) {
    if (dtype == TAM_BF16) {
        tam_bf16 *to = (tam_bf16 *)y + at;
#pragma omp simd
        for (int l = 0; l < width; l++) {
            to[l] = tam_bf16_nearest(numbers[l]);
        }
    } else {
        memcpy((float *)y + at, numbers, (size_t)width * sizeof *numbers);
    }
}

/* Maximum: `x` at the window's offset 0, `y` at its maximum. */
TAM_KERNEL_PART void maximum_window(const tam_dtype dtype, int width, const job *j, reach down, reach across, int64_t x,
                                    int64_t y) {
    float best[CHUNK] = {0}, number[CHUNK] = {0};
    uint16_t place[CHUNK] = {0};
    for (int ky = down.first; ky < down.last; ky++) {
        for (int kx = across.first; kx < across.last; kx++) {
            bool first = ky == down.first && kx == across.first;
            uint16_t here = (uint16_t)(ky * j->window.kernel + kx);
            read_chunk(dtype, width, j->x, x + ((int64_t)ky * j->window.w + kx) * j->in.lanes, number);
#pragma omp simd
            for (int l = 0; l < width; l++) {
                /* a NaN goes through, so that a diverged run shows */
                bool wins = first || number[l] > best[l] || number[l] != number[l];
                best[l] = wins ? number[l] : best[l];
                place[l] = wins ? here : place[l];
            }
        }
    }
    write_chunk(dtype, width, best, j->y, y);
    memcpy(j->place + y, place, (size_t)width * sizeof *place);
}

TAM_KERNEL_PART void mean_window(const tam_dtype dtype, int width, const job *j, reach down, reach across, int64_t x,
                                 int64_t y) {
    float sum[CHUNK] = {0}, number[CHUNK] = {0};
    float share = 1.0F / (float)((down.last - down.first) * (across.last - across.first));
    for (int ky = down.first; ky < down.last; ky++) {
        for (int kx = across.first; kx < across.last; kx++) {
            read_chunk(dtype, width, j->x, x + ((int64_t)ky * j->window.w + kx) * j->in.lanes, number);
#pragma omp simd
            for (int l = 0; l < width; l++) {
                sum[l] += number[l];
            }
        }
    }
    for (int l = 0; l < width; l++) {
        sum[l] *= share;
    }
    write_chunk(dtype, width, sum, j->y, y);
}

TAM_KERNEL_PART void forward_map(const tam_dtype dtype, const bool maximum, const job *j, int64_t in, int64_t out) {
    const window *w = &j->window;
    const int64_t lanes = j->in.lanes;
    for (int oy = 0; oy < w->out_h; oy++) {
        reach down = reach_of(w, oy, w->h);
        for (int ox = 0; ox < w->out_w; ox++, out += lanes) {
            reach across = reach_of(w, ox, w->w);
            int64_t x = in + ((int64_t)down.start * w->w + across.start) * lanes;
            if (maximum) {
                IN_CHUNKS(j->in.lanes, maximum_window(dtype, width, j, down, across, x + lane, out + lane));
            } else {
                IN_CHUNKS(j->in.lanes, mean_window(dtype, width, j, down, across, x + lane, out + lane));
            }
        }
    }
}

TAM_KERNEL static void maximum_f32(const job *j, int64_t in, int64_t out) {
    forward_map(TAM_F32, true, j, in, out);
}

TAM_KERNEL static void maximum_bf16(const job *j, int64_t in, int64_t out) {
    forward_map(TAM_BF16, true, j, in, out);
}

TAM_KERNEL static void mean_f32(const job *j, int64_t in, int64_t out) {
    forward_map(TAM_F32, false, j, in, out);
}

TAM_KERNEL static void mean_bf16(const job *j, int64_t in, int64_t out) {
    forward_map(TAM_BF16, false, j, in, out);
}

/* The gradient of the pixel at (y, x): from all windows that reach it, so that it is rounded once. */
TAM_KERNEL_PART void backward_pixel(const tam_dtype dtype, const bool maximum, int width, const job *j, int y, int x,
                                    int64_t dx, int64_t dy) {
    const window *w = &j->window;
    windows down = windows_at(w, y, w->out_h), across = windows_at(w, x, w->out_w);
    float sum[CHUNK] = {0}, number[CHUNK] = {0};
    for (int oy = down.first; oy < down.last; oy++) {
        reach rows = reach_of(w, oy, w->h);
        for (int ox = across.first; ox < across.last; ox++) {
            reach columns = reach_of(w, ox, w->w);
            int64_t at = dy + ((int64_t)oy * w->out_w + ox) * j->in.lanes;
            float share = 1.0F / (float)((rows.last - rows.first) * (columns.last - columns.first));
            int here = (y - rows.start) * w->kernel + x - columns.start;
            read_chunk(dtype, width, j->dy, at, number);
#pragma omp simd
            for (int l = 0; l < width; l++) {
                sum[l] += maximum ? (j->place[at + l] == here ? number[l] : 0) : number[l] * share;
            }
        }
    }
    write_chunk(dtype, width, sum, j->dx, dx);
}

TAM_KERNEL_PART void backward_map(const tam_dtype dtype, const bool maximum, const job *j, int64_t in, int64_t out) {
    const window *w = &j->window;
    for (int y = 0; y < w->h; y++) {
        for (int x = 0; x < w->w; x++, in += j->in.lanes) {
            IN_CHUNKS(j->in.lanes, backward_pixel(dtype, maximum, width, j, y, x, in + lane, out + lane));
        }
    }
}

TAM_KERNEL static void maximum_backward_f32(const job *j, int64_t in, int64_t out) {
    backward_map(TAM_F32, true, j, in, out);
}

TAM_KERNEL static void maximum_backward_bf16(const job *j, int64_t in, int64_t out) {
    backward_map(TAM_BF16, true, j, in, out);
}

TAM_KERNEL static void mean_backward_f32(const job *j, int64_t in, int64_t out) {
    backward_map(TAM_F32, false, j, in, out);
}

TAM_KERNEL static void mean_backward_bf16(const job *j, int64_t in, int64_t out) {
    backward_map(TAM_BF16, false, j, in, out);
}

static void run_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t in_run = tam_layout_run(&j->in), out_run = tam_layout_run(&j->out);
    int64_t first = task / j->cut.blocks * j->cut.images;
    for (int64_t image = first; image < first + j->cut.images && image < j->n; image++) {
        int64_t map = image * j->cut.blocks + task % j->cut.blocks;
        j->map(j, map * in_run, map * out_run);
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
        step->own = tam_cpu_ask(plan, step, (size_t)(layout.n * tam_layout_sample(&layout)) * sizeof(uint16_t), false);
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
        .cut = tam_cpu_map_cut_of(&in->layout, n),
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
    bool is_short = j.in.dtype == TAM_BF16;
    if (is_maximum(step)) {
        j.map = is_short ? maximum_bf16 : maximum_f32;
    } else {
        j.map = is_short ? mean_bf16 : mean_f32;
    }
    tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, run_task, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    bool is_short = j.in.dtype == TAM_BF16;
    if (is_maximum(step)) {
        j.map = is_short ? maximum_backward_bf16 : maximum_backward_f32;
    } else {
        j.map = is_short ? mean_backward_bf16 : mean_backward_f32;
    }
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, j.cut.groups * j.cut.blocks, run_task, &j);
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
