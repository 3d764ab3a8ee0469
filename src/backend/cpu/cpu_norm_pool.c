#include "backend/cpu/cpu_norm_pool.h"

#include <math.h>

#include "base/kernel.h"
#include "base/team.h"

/* One map: a block of one sample, and the patterns of the block. */
typedef struct map {
    tam_norm_patterns p;
    int w, out_h, out_w, h, kernel, lanes;
    const float *x, *dy;
    float *y, *dx, *x_kept;
    int32_t *place;
} map;

/* The loops over lanes read every number before they choose, and through pointers of their own: else the compiler
 * makes branches of them. What a window has found so far stays in registers. */
enum { WIDTH = 16 };

typedef struct found {
    float y[WIDTH], x[WIDTH];
    int32_t number[WIDTH];
} found;

TAM_KERNEL_PART void look_at(const map *m, int width, int lane, int number, const float *x, found *f) {
    const float *mean = m->p.mean + lane, *scale = m->p.scale + lane;
    const float *beta = m->p.beta + lane, *slope = m->p.slope + lane;
#pragma omp simd
    for (int l = 0; l < width; l++) {
        float read = x[l], z = scale[l] * (read - mean[l]) + beta[l], below = slope[l] * z;
        float value = z > 0 ? z : below, most = f->y[l], kept = f->x[l];
        int32_t before = f->number[l];
        bool wins = !(value <= most); /* a NaN goes through, so that a diverged run shows */
        f->y[l] = wins ? value : most;
        f->x[l] = wins ? read : kept;
        f->number[l] = wins ? number : before;
    }
}

/* `width` lanes of one window, from `lane` on. */
TAM_KERNEL_PART void take_window(const map *m, int width, int lane, const float *window, int64_t at) {
    found f;
#pragma omp simd
    for (int l = 0; l < width; l++) {
        f.y[l] = -INFINITY;
        f.x[l] = 0;
        f.number[l] = 0;
    }
    for (int down = 0; down < m->kernel; down++) {
        const float *row = window + (int64_t)down * m->w * m->lanes + lane;
        for (int across = 0; across < m->kernel; across++) {
            __builtin_prefetch(row + ((int64_t)m->kernel * m->w + across) * m->lanes);
            look_at(m, width, lane, down * m->kernel + across, row + across * m->lanes, &f);
        }
    }
    float *y = m->y + at + lane, *x_kept = m->x_kept + at + lane;
    int32_t *place = m->place + at + lane;
#pragma omp simd
    for (int l = 0; l < width; l++) {
        y[l] = f.y[l];
        x_kept[l] = f.x[l];
        place[l] = f.number[l];
    }
}

TAM_KERNEL static void apply_map(const map *m) {
    for (int oy = 0; oy < m->out_h; oy++) {
        for (int ox = 0; ox < m->out_w; ox++) {
            const float *window = m->x + ((int64_t)oy * m->w + ox) * m->kernel * m->lanes;
            int64_t at = ((int64_t)oy * m->out_w + ox) * m->lanes;
            int lane = 0;
            for (; lane + WIDTH <= m->lanes; lane += WIDTH) {
                take_window(m, WIDTH, lane, window, at);
            }
            if (lane < m->lanes) {
                take_window(m, m->lanes - lane, lane, window, at);
            }
        }
    }
}

/* dx where no gradient comes from above: pixels first .. last-1. */
TAM_KERNEL_PART void gradient_rest(const map *m, int64_t first, int64_t last) {
    const float *mean = m->p.mean, *by_x = m->p.by_x, *constant = m->p.constant;
    for (int64_t pixel = first; pixel < last; pixel++) {
        const float *x = m->x + pixel * m->lanes;
        float *dx = m->dx + pixel * m->lanes;
#pragma omp simd
        for (int l = 0; l < m->lanes; l++) {
            dx[l] = by_x[l] * (x[l] - mean[l]) + constant[l];
        }
    }
}

/* The gradient that one window passes down, and where to. */
TAM_KERNEL_PART void read_window(const map *m, int width, int lane, int64_t at, found *f) {
    const float *mean = m->p.mean + lane, *scale = m->p.scale + lane;
    const float *beta = m->p.beta + lane, *slope = m->p.slope + lane;
    const float *dy = m->dy + at + lane, *x_kept = m->x_kept + at + lane;
    const int32_t *place = m->place + at + lane;
#pragma omp simd
    for (int l = 0; l < width; l++) {
        float above = scale[l] * dy[l], below = slope[l] * above;
        float z = scale[l] * (x_kept[l] - mean[l]) + beta[l];
        f->y[l] = z > 0 ? above : below;
        f->number[l] = place[l];
    }
}

TAM_KERNEL_PART void write_pixel(const map *m, int width, int lane, int number, const float *x, const found *f,
                                 float *dx) {
    const float *mean = m->p.mean + lane, *by_x = m->p.by_x + lane, *constant = m->p.constant + lane;
#pragma omp simd
    for (int l = 0; l < width; l++) {
        float passed = f->y[l], rest = by_x[l] * (x[l] - mean[l]) + constant[l];
        dx[l] = rest + (f->number[l] == number ? passed : 0);
    }
}

/* `width` lanes of one window, from `lane` on; `start` is the place of the window's first pixel. */
TAM_KERNEL_PART void write_window(const map *m, int width, int lane, int64_t start, int64_t at) {
    found f;
    read_window(m, width, lane, at, &f);
    for (int down = 0; down < m->kernel; down++) {
        for (int across = 0; across < m->kernel; across++) {
            int64_t pixel = start + ((int64_t)down * m->w + across) * m->lanes + lane;
            __builtin_prefetch(m->x + pixel + (int64_t)m->kernel * m->w * m->lanes);
            write_pixel(m, width, lane, down * m->kernel + across, m->x + pixel, &f, m->dx + pixel);
        }
    }
}

TAM_KERNEL static void gradient_map(const map *m) {
    for (int oy = 0; oy < m->out_h; oy++) {
        for (int ox = 0; ox < m->out_w; ox++) {
            int64_t start = ((int64_t)oy * m->w + ox) * m->kernel * m->lanes;
            int64_t at = ((int64_t)oy * m->out_w + ox) * m->lanes;
            int lane = 0;
            for (; lane + WIDTH <= m->lanes; lane += WIDTH) {
                write_window(m, WIDTH, lane, start, at);
            }
            if (lane < m->lanes) {
                write_window(m, m->lanes - lane, lane, start, at);
            }
        }
        for (int down = 0; down < m->kernel; down++) {
            int64_t row = (int64_t)(oy * m->kernel + down) * m->w;
            gradient_rest(m, row + (int64_t)m->out_w * m->kernel, row + m->w);
        }
    }
    gradient_rest(m, (int64_t)m->out_h * m->kernel * m->w, (int64_t)m->h * m->w);
}

static map map_of(const tam_norm_pool_job *job, int64_t image, int64_t block) {
    const tam_norm_job *norm = &job->norm;
    const tam_norm_patterns *p = &norm->pattern;
    int64_t number = image * norm->cut.blocks + block, at = block * tam_layout_period(norm->layout);
    int64_t full = number * tam_layout_run(norm->layout), pooled = number * tam_layout_run(&job->pooled);
    return (map){
        .p = {p->mean + at, p->scale + at, p->beta + at, p->slope + at, p->by_x + at, p->constant + at},
        .w = norm->layout->w,
        .h = norm->layout->h,
        .out_h = job->pooled.h,
        .out_w = job->pooled.w,
        .kernel = job->kernel,
        .lanes = norm->layout->lanes,
        .x = norm->x + full,
        .y = norm->y + pooled,
        .dy = norm->dy == NULL ? NULL : norm->dy + pooled,
        .dx = norm->dx == NULL ? NULL : norm->dx + full,
        .x_kept = job->x_kept + pooled,
        .place = job->place + pooled,
    };
}

static void apply_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_pool_job *job = argument;
    int64_t first = task / job->norm.cut.blocks * job->norm.cut.images;
    for (int64_t image = first; image < first + job->norm.cut.images && image < job->norm.n; image++) {
        map m = map_of(job, image, task % job->norm.cut.blocks);
        apply_map(&m);
    }
}

void tam_norm_pool_apply(tam_ctx *ctx, const tam_norm_pool_job *job) {
    tam_norm_pool_job own = *job;
    tam_team_run(ctx, job->norm.cut.groups * job->norm.cut.blocks, apply_task, &own);
}

void tam_norm_pool_gradient_sums(tam_ctx *ctx, const tam_norm_pool_job *job, double *sums) {
    tam_norm_job maxima = job->norm;
    maxima.layout = &job->pooled;
    maxima.cut = tam_cpu_cut_of(&job->pooled, job->norm.n);
    maxima.x = job->x_kept;
    tam_norm_gradient_sums(ctx, &maxima, sums);
}

static void gradient_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const tam_norm_pool_job *job = argument;
    int64_t first = task / job->norm.cut.blocks * job->norm.cut.images;
    for (int64_t image = first; image < first + job->norm.cut.images && image < job->norm.n; image++) {
        map m = map_of(job, image, task % job->norm.cut.blocks);
        gradient_map(&m);
    }
}

void tam_norm_pool_gradient(tam_ctx *ctx, const tam_norm_pool_job *job) {
    tam_norm_pool_job own = *job;
    tam_team_run(ctx, job->norm.cut.groups * job->norm.cut.blocks, gradient_task, &own);
}
