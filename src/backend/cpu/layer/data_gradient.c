#include "backend/cpu/layer/data_gradient.h"

#include <string.h>

#include "backend/cpu/layer/weight_gradient.h"
#include "base/bf16.h"
#include "base/team.h"

enum {
    DEPTH = TAM_GRADIENT_DEPTH,
    LANES = TAM_GRADIENT_LANES,
    CHANNELS = TAM_GRADIENT_CHANNELS,
    PIXELS = 32, /* of a block: two registers' rows */
    MOST_TAPS = 49,
    FRAME = 400 * 1000 /* bytes of dy in a task's frame */
};

/* A band is some rows of one sample's phases; a task is several bands. */
typedef struct cut {
    int n, ic, oc, h, w, out_h, out_w;
    tam_window window;
    int least_h, most_h, least_w, most_w; /* shifts of the taps, in rows and in columns */
    int rows, columns;                    /* of a phase, the largest */
    int width;                            /* pixels of a row of the frame */
    int band_rows, bands, together;
    int64_t band; /* pixels of a band in the frame, shifts and slack included */
    int64_t frame_bytes, packed_bytes;
} cut;

static int64_t up(int64_t count, int64_t unit) {
    return (count + unit - 1) / unit * unit;
}

/* floor(a / s) for s > 0. */
static int floor_divide(int a, int s) {
    return a >= 0 ? a / s : -((-a + s - 1) / s);
}

static void cut_bands(cut *c, int rows) {
    c->band_rows = rows;
    c->bands = (c->rows + rows - 1) / rows;
    c->band =
        up((int64_t)rows * c->width, PIXELS) + (int64_t)(c->most_h - c->least_h) * c->width + c->most_w - c->least_w;
}

static cut cut_of(const tam_layer_shape *s) {
    cut c = {
        .n = s->in.n,
        .ic = s->in.c,
        .oc = s->out,
        .window = s->window,
        .h = s->in.h,
        .w = s->in.w,
        .out_h = s->out_h,
        .out_w = s->out_w,
    };
    const int stride = s->window.stride;
    c.least_h = floor_divide(s->window.pad_h - (s->window.kernel_h - 1), stride);
    c.least_w = floor_divide(s->window.pad_w - (s->window.kernel_w - 1), stride);
    c.most_h = (stride - 1 + s->window.pad_h) / stride;
    c.most_w = (stride - 1 + s->window.pad_w) / stride;
    c.rows = (c.h + stride - 1) / stride;
    c.columns = (c.w + stride - 1) / stride;
    c.width = c.columns + c.most_w - c.least_w;
    int rows = c.rows;
    for (cut_bands(&c, rows); c.band * c.oc * 2 > FRAME && rows > 1; cut_bands(&c, rows)) {
        rows = (rows + 1) / 2;
    }
    int64_t fit = FRAME / (c.band * c.oc * 2), all = (int64_t)c.n * c.bands;
    c.together = (int)(fit < 1 ? 1 : fit < all ? fit : all);
    c.frame_bytes = up(c.together * c.band * c.oc * 2, 64);
    c.packed_bytes = (int64_t)s->window.kernel_h * s->window.kernel_w * c.ic * c.oc * 2;
    return c;
}

static bool is_nhwc_bf16(const tam_layout *layout, int unit) {
    return layout->dtype == TAM_BF16 && layout->lanes == layout->c && layout->c % unit == 0;
}

bool tam_data_gradient_suits(const tam_layer *layer) {
    const tam_layer_shape *s = &layer->shape;
    const tam_window *w = &s->window;
    return s->op == TAM_LAYER_CONVOLUTION && s->training && s->groups == 1 && w->stride > 1 &&
           w->kernel_h > w->stride && w->kernel_w > w->stride && w->kernel_h * w->kernel_w <= MOST_TAPS &&
           is_nhwc_bf16(&layer->dx, LANES) && is_nhwc_bf16(&layer->y, DEPTH) && tam_layer_suits_bf16() &&
           tam_gradient_amx_runs_here();
}

void tam_data_gradient_take(tam_layer *layer) {
    cut c = cut_of(&layer->shape);
    size_t bytes = (size_t)(c.packed_bytes + c.frame_bytes * layer->ctx->threads);
    layer->scratch_bytes = bytes > layer->scratch_bytes ? bytes : layer->scratch_bytes;
    layer->algorithm[1] = "tiles";
}

typedef struct job {
    cut c;
    const uint16_t *dy;
    const float *weight;
    uint16_t *dx, *packed; /* [tap][16 of ic][32 of oc][16 pairs][16][2] */
    char *frames;
} job;

static uint16_t *packed_at(const job *j, int tap, int x_lane) {
    const cut *c = &j->c;
    return j->packed + ((int64_t)tap * (c->ic / LANES) + x_lane) * c->oc * LANES;
}

/* A task: 16 channels of x, all taps. */
static void pack_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    int taps = c->window.kernel_h * c->window.kernel_w;
    (void)worker;
    for (int tap = 0; tap < taps; tap++) {
        uint16_t *to = packed_at(j, tap, (int)task);
        for (int o = 0; o < c->oc; o++) {
            const float *from = j->weight + ((int64_t)o * c->ic + task * LANES) * taps + tap;
            for (int i = 0; i < LANES; i++) {
                to[(int64_t)(o / 2) * DEPTH + i * 2 + o % 2] = tam_bf16_nearest(from[(int64_t)i * taps]);
            }
        }
    }
}

/* Copies a band's rows of dy, with zeros around them. */
static void frame_band(const job *j, int64_t band, uint16_t *frame) {
    const cut *c = &j->c;
    int64_t image = band / c->bands, first = band % c->bands * c->band_rows + c->least_h;
    size_t pixel_bytes = (size_t)c->oc * sizeof *frame;
    memset(frame, 0, (size_t)c->band * pixel_bytes);
    for (int64_t row = 0; row * c->width < c->band; row++) {
        int64_t from = first + row, left = c->band - row * c->width + c->least_w;
        int64_t columns = left < c->out_w ? left : c->out_w;
        if (columns > c->width + c->least_w) {
            columns = c->width + c->least_w;
        }
        if (from >= 0 && from < c->out_h && columns > 0) {
            memcpy(frame + (row * c->width - c->least_w) * c->oc, j->dy + (image * c->out_h + from) * c->out_w * c->oc,
                   (size_t)columns * pixel_bytes);
        }
    }
}

/* One phase of dx and the taps that take part in it. */
typedef struct phase {
    int down, across, taps;
    int tap[MOST_TAPS];
    int64_t shift[MOST_TAPS]; /* pixels of the frame */
} phase;

static phase phase_of(const cut *c, int number) {
    const tam_window *w = &c->window;
    phase p = {.down = number / w->stride, .across = number % w->stride};
    for (int u = 0; u < w->kernel_h; u++) {
        for (int v = 0; v < w->kernel_w; v++) {
            int down = p.down + w->pad_h - u, across = p.across + w->pad_w - v;
            if (down % w->stride == 0 && across % w->stride == 0) {
                p.tap[p.taps] = u * w->kernel_w + v;
                p.shift[p.taps++] =
                    (int64_t)(down / w->stride - c->least_h) * c->width + across / w->stride - c->least_w;
            }
        }
    }
    return p;
}

static void store_rows(const job *j, const phase *p, int64_t band, int64_t pixel, int channel, int channels,
                       const float *sums) {
    const cut *c = &j->c;
    int64_t image = band / c->bands, first = band % c->bands * c->band_rows;
    int64_t row = pixel / c->width, column = pixel % c->width;
    for (int i = 0; i < PIXELS; i++) {
        int64_t y = (first + row) * c->window.stride + p->down, x = column * c->window.stride + p->across;
        if (row < c->band_rows && y < c->h && x < c->w) {
            uint16_t *to = j->dx + ((image * c->h + y) * c->w + x) * c->ic + channel;
            tam_gradient_amx_round(sums + (int64_t)i * CHANNELS, channels, to);
        }
        column++;
        if (column == c->width) {
            column = 0;
            row++;
        }
    }
}

static void multiply_band(const job *j, int64_t band, const uint16_t *frame, const phase *p, int channel) {
    const cut *c = &j->c;
    int channels = c->ic - channel < CHANNELS ? LANES : CHANNELS;
    int64_t pixels = (int64_t)c->band_rows * c->width;
    float sums[PIXELS * CHANNELS];
    const uint16_t *x[MOST_TAPS], *w[MOST_TAPS];
    for (int64_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        for (int t = 0; t < p->taps; t++) {
            x[t] = frame + (pixel + p->shift[t]) * c->oc;
            w[t] = packed_at(j, p->tap[t], channel / LANES);
        }
        tam_gradient_amx_multiply_taps(p->taps, x, c->oc, w, c->oc, channels, sums);
        store_rows(j, p, band, pixel, channel, channels, sums);
    }
}

static void data_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    uint16_t *frame = (uint16_t *)(void *)(j->frames + worker * c->frame_bytes);
    int64_t first = task * c->together, last = first + c->together, all = (int64_t)c->n * c->bands;
    last = last < all ? last : all;
    for (int64_t band = first; band < last; band++) {
        frame_band(j, band, frame + (band - first) * c->band * c->oc);
    }
    tam_gradient_amx_begin();
    for (int channel = 0; channel < c->ic; channel += CHANNELS) {
        for (int number = 0; number < c->window.stride * c->window.stride; number++) {
            phase p = phase_of(c, number);
            for (int64_t band = first; band < last; band++) {
                multiply_band(j, band, frame + (band - first) * c->band * c->oc, &p, channel);
            }
        }
    }
    tam_gradient_amx_end();
}

void tam_data_gradient_backward(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {.c = cut_of(&layer->shape), .dy = memory->dy, .dx = memory->dx, .weight = memory->weight};
    j.packed = memory->scratch;
    j.frames = (char *)memory->scratch + up(j.c.packed_bytes, 64);
    int64_t bands = (int64_t)j.c.n * j.c.bands;
    tam_team_run(layer->ctx, j.c.ic / LANES, pack_task, &j);
    tam_team_run(layer->ctx, (bands + j.c.together - 1) / j.c.together, data_task, &j);
}
