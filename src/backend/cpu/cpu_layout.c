#include "backend/cpu/cpu_layout.h"

#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

tam_layout tam_layout_plain(int n, tam_shape shape) {
    return (tam_layout){n, shape.c, shape.h, shape.w, shape.flat ? shape.c : 1, TAM_F32};
}

int tam_layout_blocks(const tam_layout *layout) {
    return (layout->c + layout->lanes - 1) / layout->lanes;
}

int64_t tam_layout_pixels(const tam_layout *layout) {
    return (int64_t)layout->h * layout->w;
}

int64_t tam_layout_run(const tam_layout *layout) {
    return tam_layout_pixels(layout) * layout->lanes;
}

int64_t tam_layout_sample(const tam_layout *layout) {
    return tam_layout_run(layout) * tam_layout_blocks(layout);
}

size_t tam_layout_bytes(const tam_layout *layout) {
    return (size_t)(tam_layout_sample(layout) * layout->n) * tam_dtype_bytes(layout->dtype);
}

bool tam_layout_same(const tam_layout *a, const tam_layout *b) {
    return a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w && a->lanes == b->lanes && a->dtype == b->dtype;
}

bool tam_layout_is_plain(const tam_layout *layout) {
    return layout->lanes == 1 || (tam_layout_pixels(layout) == 1 && layout->c % layout->lanes == 0);
}

typedef struct copy_job {
    const tam_layout *from, *to;
    const void *x;
    void *y;
} copy_job;

/* Where channel c of a sample starts; its pixels follow each other at a distance of `lanes`. */
static int64_t channel_start(const tam_layout *layout, int64_t pixels, int c) {
    return c / layout->lanes * pixels * layout->lanes + c % layout->lanes;
}

/* A row of numbers at a distance of `step`. */
typedef struct row {
    int64_t start, step;
} row;

static void copy_row(const copy_job *job, int64_t count, row from, row to) {
    const float *x = job->x;
    const tam_bf16 *x_short = job->x;
    float *y = job->y;
    tam_bf16 *y_short = job->y;
    if (job->from->dtype == TAM_F32 && job->to->dtype == TAM_F32) {
        for (int64_t i = 0; i < count; i++) {
            y[to.start + i * to.step] = x[from.start + i * from.step];
        }
    } else if (job->from->dtype == TAM_F32) {
        for (int64_t i = 0; i < count; i++) {
            y_short[to.start + i * to.step] = tam_bf16_nearest(x[from.start + i * from.step]);
        }
    } else if (job->to->dtype == TAM_F32) {
        for (int64_t i = 0; i < count; i++) {
            y[to.start + i * to.step] = tam_bf16_value(x_short[from.start + i * from.step]);
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            y_short[to.start + i * to.step] = x_short[from.start + i * from.step];
        }
    }
}

static void clear_row(const copy_job *job, int64_t count, row to) {
    for (int64_t i = 0; i < count; i++) {
        if (job->to->dtype == TAM_F32) {
            ((float *)job->y)[to.start + i * to.step] = 0;
        } else {
            ((tam_bf16 *)job->y)[to.start + i * to.step] = 0;
        }
    }
}

/* One sample. The side with more pixels a channel gives the order: a vector is the other side's map in NCHW order. */
static void copy_sample(void *argument, int64_t task, int worker) {
    (void)worker;
    const copy_job *job = argument;
    const tam_layout *from = job->from, *to = job->to;
    int64_t from_pixels = tam_layout_pixels(from), to_pixels = tam_layout_pixels(to);
    int64_t from_start = task * tam_layout_sample(from), to_start = task * tam_layout_sample(to);
    for (int c = 0; c < from->c || c < to->c; c++) {
        row x = {from_start + channel_start(from, from_pixels, c), from->lanes};
        row y = {to_start + channel_start(to, to_pixels, c), to->lanes};
        if (from_pixels == to_pixels) {
            copy_row(job, from_pixels, x, y);
        } else if (from_pixels > to_pixels && c < from->c) {
            copy_row(job, from_pixels, x, (row){to_start + c * from_pixels, 1});
        } else if (from_pixels < to_pixels && c < to->c) {
            copy_row(job, to_pixels, (row){from_start + c * to_pixels, 1}, y);
        }
    }
    for (int c = to->c; c < tam_layout_blocks(to) * to->lanes; c++) {
        clear_row(job, to_pixels, (row){to_start + channel_start(to, to_pixels, c), to->lanes});
    }
}

void tam_layout_copy(tam_ctx *ctx, int n, const tam_layout *from, const void *x, const tam_layout *to, void *y) {
    copy_job job = {from, to, x, y};
    tam_team_run(ctx, n, copy_sample, &job);
}

int tam_layout_period(const tam_layout *layout) {
    return TAM_PERIOD % layout->lanes == 0 ? TAM_PERIOD : layout->lanes;
}

int64_t tam_layout_pattern(const tam_layout *layout) {
    return (int64_t)tam_layout_blocks(layout) * tam_layout_period(layout);
}

void tam_layout_spread(const tam_layout *layout, const float *values, float otherwise, float *pattern) {
    int period = tam_layout_period(layout);
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        for (int k = 0; k < period; k++) {
            int c = block * layout->lanes + k % layout->lanes;
            float value = values != NULL && c < layout->c ? values[c] : otherwise;
            pattern[(int64_t)block * period + k] = c < layout->c ? value : 0;
        }
    }
}
