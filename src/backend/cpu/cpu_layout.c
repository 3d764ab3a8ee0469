#include "backend/cpu/cpu_layout.h"

#include "base/kernel.h"
#include "base/team.h"

tam_layout tam_layout_plain(int n, tam_shape shape) {
    return (tam_layout){n, shape.c, shape.h, shape.w, shape.flat ? shape.c : 1};
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
    return (size_t)(tam_layout_sample(layout) * layout->n) * sizeof(float);
}

bool tam_layout_same(const tam_layout *a, const tam_layout *b) {
    return a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w && a->lanes == b->lanes;
}

bool tam_layout_is_plain(const tam_layout *layout) {
    return layout->lanes == 1 || (tam_layout_pixels(layout) == 1 && layout->c % layout->lanes == 0);
}

typedef struct copy_job {
    const tam_layout *from, *to;
    const float *x;
    float *y;
} copy_job;

/* Where channel c of a sample starts; its pixels follow each other at a distance of `lanes`. */
static int64_t channel_start(const tam_layout *layout, int64_t pixels, int c) {
    return c / layout->lanes * pixels * layout->lanes + c % layout->lanes;
}

static void copy_channel(int64_t pixels, const float *x, int64_t x_step, float *y, int64_t y_step) {
    for (int64_t p = 0; p < pixels; p++) {
        y[p * y_step] = x[p * x_step];
    }
}

/* One sample. The side with more pixels a channel gives the order: a vector is the other side's map in NCHW order. */
static void copy_sample(void *argument, int64_t task, int worker) {
    (void)worker;
    const copy_job *job = argument;
    const float *x = job->x + task * tam_layout_sample(job->from);
    float *y = job->y + task * tam_layout_sample(job->to);
    int64_t from_pixels = tam_layout_pixels(job->from);
    int64_t to_pixels = tam_layout_pixels(job->to);
    for (int c = 0; c < job->from->c || c < job->to->c; c++) {
        if (from_pixels == to_pixels) {
            copy_channel(from_pixels, x + channel_start(job->from, from_pixels, c), job->from->lanes,
                         y + channel_start(job->to, to_pixels, c), job->to->lanes);
        } else if (from_pixels > to_pixels && c < job->from->c) {
            copy_channel(from_pixels, x + channel_start(job->from, from_pixels, c), job->from->lanes,
                         y + c * from_pixels, 1);
        } else if (from_pixels < to_pixels && c < job->to->c) {
            copy_channel(to_pixels, x + c * to_pixels, 1, y + channel_start(job->to, to_pixels, c), job->to->lanes);
        }
    }
    for (int c = job->to->c; c < tam_layout_blocks(job->to) * job->to->lanes; c++) {
        float *fill = y + channel_start(job->to, to_pixels, c);
        for (int64_t p = 0; p < to_pixels; p++) {
            fill[p * job->to->lanes] = 0;
        }
    }
}

void tam_layout_copy(tam_ctx *ctx, int n, const tam_layout *from, const float *x, const tam_layout *to, float *y) {
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
