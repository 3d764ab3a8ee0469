#include "backend/cpu/layer/tile_convolution.h"

#include <string.h>

#include "base/bf16.h"
#include "base/team.h"

enum {
    DEPTH = TAM_GRADIENT_DEPTH,
    LANES = TAM_GRADIENT_LANES,
    CHANNELS = TAM_GRADIENT_CHANNELS,
    PIXELS = 32, /* of a block: two registers' rows */
    MOST_TAPS = 49,
    LEAST_GROUP = 4,
    FRAME = 800 * 1000 /* bytes of a task's frame */
};

static int64_t up(int64_t count, int64_t unit) {
    return (count + unit - 1) / unit * unit;
}

static int least(int a, int b) {
    return a < b ? a : b;
}

/* floor(a / s) for s > 0. */
static int floor_divide(int a, int s) {
    return a >= 0 ? a / s : -((-a + s - 1) / s);
}

bool tam_tile_convolution_suits(const tam_layer_shape *s) {
    const int group = s->groups > 0 ? s->in.c / s->groups : 0;
    bool narrow = s->in.c == s->out && group >= LEAST_GROUP && CHANNELS % group == 0;
    return s->op == TAM_LAYER_CONVOLUTION && s->dtype == TAM_BF16 && s->out_dtype == TAM_BF16 &&
           (s->groups == 1 || narrow) && s->window.kernel_h * s->window.kernel_w <= MOST_TAPS &&
           tam_layer_suits_bf16() && tam_gradient_amx_runs_here();
}

static int64_t pixel_bytes(const tam_tile_cut *c) {
    return (int64_t)c->from_phases_h * c->from_phases_w * c->depth * 2;
}

static void cut_bands(tam_tile_cut *c, int rows) {
    c->band_rows = rows;
    c->bands = (c->rows + rows - 1) / rows;
    c->band =
        up((int64_t)rows * c->width, PIXELS) + (int64_t)(c->most_h - c->least_h) * c->width + c->most_w - c->least_w;
}

/* Forward a tap of the window's column v reads phase v % s, v / s pixels further. */
static void reach_forward(tam_tile_cut *c) {
    const tam_window *w = &c->window;
    c->from_phases_h = least(w->stride, w->kernel_h);
    c->from_phases_w = least(w->stride, w->kernel_w);
    c->most_h = (w->kernel_h - 1) / w->stride;
    c->most_w = (w->kernel_w - 1) / w->stride;
    c->to_phases = 1;
    c->rows = c->to_h;
    c->columns = c->to_w;
}

static void reach_backward(tam_tile_cut *c) {
    const tam_window *w = &c->window;
    c->from_phases_h = c->from_phases_w = 1;
    c->least_h = floor_divide(w->pad_h - (w->kernel_h - 1), w->stride);
    c->least_w = floor_divide(w->pad_w - (w->kernel_w - 1), w->stride);
    c->most_h = (w->stride - 1 + w->pad_h) / w->stride;
    c->most_w = (w->stride - 1 + w->pad_w) / w->stride;
    c->to_phases = w->stride * w->stride;
    c->rows = (c->to_h + w->stride - 1) / w->stride;
    c->columns = (c->to_w + w->stride - 1) / w->stride;
}

tam_tile_cut tam_tile_convolution_cut(const tam_layer_shape *s, bool transposed) {
    tam_tile_cut c = {
        .window = s->window,
        .transposed = transposed,
        .n = s->in.n,
        .group = s->groups > 1 ? s->in.c / s->groups : 0,
        .from_c = transposed ? s->out : s->in.c,
        .from_h = transposed ? s->out_h : s->in.h,
        .from_w = transposed ? s->out_w : s->in.w,
        .to_c = transposed ? s->in.c : s->out,
        .to_h = transposed ? s->in.h : s->out_h,
        .to_w = transposed ? s->in.w : s->out_w,
        .weight_out = s->out,
        .weight_in = s->in.c / s->groups,
    };
    c.depth = (int)up(c.from_c, DEPTH);
    if (transposed) {
        reach_backward(&c);
    } else {
        reach_forward(&c);
    }
    c.width = c.columns + c.most_w - c.least_w;
    int rows = c.rows;
    for (cut_bands(&c, rows); c.band * pixel_bytes(&c) > FRAME && rows > 1; cut_bands(&c, rows)) {
        rows = (rows + 1) / 2;
    }
    int64_t fit = FRAME / (c.band * pixel_bytes(&c)), all = (int64_t)c.n * c.bands;
    c.together = (int)(fit < 1 ? 1 : fit < all ? fit : all);
    c.frame_bytes = up(c.together * c.band * pixel_bytes(&c), 64);
    int64_t taps = (int64_t)s->window.kernel_h * s->window.kernel_w;
    c.packed_bytes = up(taps * up(c.to_c, LANES) * (c.group > 0 ? DEPTH : c.depth) * 2, 64);
    return c;
}

typedef struct job {
    const tam_tile_cut *c;
    const tam_tile_memory *m;
} job;

/* [tap][16 of what is written][32 of what is read][16 pairs][16][2] */
static uint16_t *packed_at(const job *j, int tap, int lane) {
    const tam_tile_cut *c = j->c;
    int64_t lanes = (c->to_c + LANES - 1) / LANES, depth = c->group > 0 ? DEPTH : c->depth;
    return (uint16_t *)j->m->packed + (tap * lanes + lane) * depth * LANES;
}

/* The weights that join 32 channels of what is read to 16 of what is written. Groups are powers of two. */
static void pack_block(const job *j, int block, int lane_group) {
    const tam_tile_cut *c = j->c;
    const int taps = c->window.kernel_h * c->window.kernel_w, first = lane_group * LANES;
    const int start = block * DEPTH, end = least(start + DEPTH, c->from_c), lanes = least(c->to_c - first, LANES);
    const int64_t stride = packed_at(j, 1, 0) - packed_at(j, 0, 0);
    uint16_t *to = packed_at(j, 0, lane_group) + (c->group > 0 ? 0 : (int64_t)start * LANES);
    for (int tap = 0; tap < taps; tap++) {
        memset(to + tap * stride, 0, (size_t)DEPTH * LANES * sizeof *to);
    }
    for (int from = start; from < end; from++) {
        uint16_t *numbers = to + (int64_t)((from - start) / 2) * DEPTH + (from - start) % 2;
        for (int lane = 0; lane < lanes; lane++) {
            const int written = first + lane;
            if (c->group > 0 && (from ^ written) >= c->group) {
                continue;
            }
            const int64_t o = c->transposed ? from : written, i = c->transposed ? written : from;
            const float *weight = j->m->weight + (o * c->weight_in + (c->group > 0 ? i % c->group : i)) * taps;
            for (int tap = 0; tap < taps; tap++) {
                numbers[tap * stride + lane * 2] = tam_bf16_nearest(weight[tap]);
            }
        }
    }
}

/* A task: 32 channels of what is read, all taps; the gradient's weights lie one after another in memory. */
static void pack_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_tile_cut *c = j->c;
    const int all = (c->to_c + LANES - 1) / LANES, block = (int)task;
    const int first = c->group > 0 ? 2 * block : 0, end = c->group > 0 ? least(first + 2, all) : all;
    (void)worker;
    for (int lane_group = first; lane_group < end; lane_group++) {
        pack_block(j, block, lane_group);
    }
}

/* Columns of a row of what is read, spread over a row of the frame. */
static void copy_row(const tam_tile_cut *c, const uint16_t *from, int phase, uint16_t *to, int64_t room) {
    const int step = c->transposed ? 1 : c->window.stride;
    const int origin = c->transposed ? c->least_w : phase - c->window.pad_w;
    int first = origin < 0 ? (-origin + step - 1) / step : 0;
    int64_t end = (c->from_w - origin + step - 1) / step;
    end = end < room ? end : room;
    if (step == 1 && c->depth == c->from_c && end > first) {
        memcpy(to + (int64_t)first * c->depth, from + (int64_t)(first + origin) * c->from_c,
               (size_t)((end - first) * c->depth) * sizeof *to);
        return;
    }
    for (int64_t column = first; column < end; column++) {
        memcpy(to + column * c->depth, from + (column * step + origin) * c->from_c, (size_t)c->from_c * sizeof *to);
    }
}

/* Copies a band's rows, with zeros around them. */
static void frame_band(const job *j, int64_t band, uint16_t *frame) {
    const tam_tile_cut *c = j->c;
    const int64_t image = band / c->bands, first = band % c->bands * c->band_rows;
    const int step = c->transposed ? 1 : c->window.stride;
    memset(frame, 0, (size_t)(c->band * pixel_bytes(c)));
    for (int phase = 0; phase < c->from_phases_h * c->from_phases_w; phase++) {
        const int origin = c->transposed ? c->least_h : phase / c->from_phases_w - c->window.pad_h;
        uint16_t *to = frame + phase * c->band * c->depth;
        for (int64_t row = 0; row * c->width < c->band; row++) {
            const int64_t y = (first + row) * step + origin, left = c->band - row * c->width;
            if (y >= 0 && y < c->from_h) {
                copy_row(c, (const uint16_t *)j->m->from + (image * c->from_h + y) * c->from_w * c->from_c,
                         phase % c->from_phases_w, to + row * c->width * c->depth, left < c->width ? left : c->width);
            }
        }
    }
}

/* One phase of what is written and the taps that take part in it. */
typedef struct phase {
    int down, across, taps;
    int tap[MOST_TAPS];
    int64_t shift[MOST_TAPS]; /* pixels of the frame */
} phase;

static void add_tap(const tam_tile_cut *c, phase *p, int u, int v) {
    const tam_window *w = &c->window;
    const int stride = w->stride;
    int64_t start = 0;
    int down = u / stride, across = v / stride;
    if (c->transposed) {
        down = p->down + w->pad_h - u;
        across = p->across + w->pad_w - v;
        if (down % stride != 0 || across % stride != 0) {
            return;
        }
        down = down / stride - c->least_h;
        across = across / stride - c->least_w;
    } else {
        start = (u % stride * c->from_phases_w + v % stride) * c->band;
    }
    p->tap[p->taps] = u * w->kernel_w + v;
    p->shift[p->taps++] = start + (int64_t)down * c->width + across;
}

static phase phase_of(const tam_tile_cut *c, int number) {
    phase p = {.down = number / c->window.stride, .across = number % c->window.stride};
    for (int u = 0; u < c->window.kernel_h; u++) {
        for (int v = 0; v < c->window.kernel_w; v++) {
            add_tap(c, &p, u, v);
        }
    }
    return p;
}

/* Pixels of the frame's rows to rows of the map. */
static void store_rows(const job *j, const phase *p, int64_t band, int64_t pixel, int channel, int channels,
                       const float *sums) {
    const tam_tile_cut *c = j->c;
    const int step = c->transposed ? c->window.stride : 1, columns = (c->to_w - p->across + step - 1) / step;
    const tam_gradient_finish *all = &j->m->finish;
    const tam_gradient_finish finish = {.bias = all->bias != NULL ? all->bias + channel : NULL,
                                        .slope = all->slope != NULL ? all->slope + channel : NULL,
                                        .relu = all->relu};
    const int64_t image = band / c->bands, first = band % c->bands * c->band_rows;
    int64_t row = pixel / c->width;
    int column = (int)(pixel % c->width);
    for (int i = 0; i < PIXELS; row++) {
        const int run = least(PIXELS - i, c->width - column), used = least(run, columns - column);
        const int64_t y = (first + row) * step + p->down, x = (int64_t)column * step + p->across;
        if (row < c->band_rows && y < c->to_h && used > 0) {
            uint16_t *to = (uint16_t *)j->m->to + ((image * c->to_h + y) * c->to_w + x) * c->to_c + channel;
            tam_gradient_amx_finish(sums + (int64_t)i * CHANNELS, used, channels, &finish, to, (int64_t)step * c->to_c);
        }
        i += run;
        column = 0;
    }
}

static void multiply_band(const job *j, int64_t band, const uint16_t *frame, const phase *p, int channel) {
    const tam_tile_cut *c = j->c;
    const int channels = least(c->to_c - channel, CHANNELS), depth = c->group > 0 ? DEPTH : c->depth;
    const int start = c->group > 0 ? channel : 0;
    const int64_t pixels = (int64_t)c->band_rows * c->width;
    float sums[PIXELS * CHANNELS] = {0};
    const uint16_t *x[MOST_TAPS], *w[MOST_TAPS];
    for (int64_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        for (int t = 0; t < p->taps; t++) {
            x[t] = frame + (pixel + p->shift[t]) * c->depth + start;
            w[t] = packed_at(j, p->tap[t], channel / LANES);
        }
        if (p->taps > 0) {
            tam_gradient_amx_multiply_taps(p->taps, x, c->depth, w, depth, channels, sums);
        }
        store_rows(j, p, band, pixel, channel, channels, sums);
    }
}

static void convolve_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_tile_cut *c = j->c;
    uint16_t *frame = (uint16_t *)(void *)((char *)j->m->frames + worker * c->frame_bytes);
    const int64_t first = task * c->together, all = (int64_t)c->n * c->bands,
                  band_numbers = c->band * pixel_bytes(c) / 2;
    const int64_t last = first + c->together < all ? first + c->together : all;
    for (int64_t band = first; band < last; band++) {
        frame_band(j, band, frame + (band - first) * band_numbers);
    }
    tam_gradient_amx_begin();
    for (int channel = 0; channel < c->to_c; channel += CHANNELS) {
        for (int number = 0; number < c->to_phases; number++) {
            const phase p = phase_of(c, number);
            for (int64_t band = first; band < last; band++) {
                multiply_band(j, band, frame + (band - first) * band_numbers, &p, channel);
            }
        }
    }
    tam_gradient_amx_end();
}

void tam_tile_convolution_pack(tam_ctx *ctx, const tam_tile_cut *cut, const tam_tile_memory *memory) {
    job j = {cut, memory};
    tam_team_run(ctx, cut->depth / DEPTH, pack_task, &j);
}

void tam_tile_convolution_run(tam_ctx *ctx, const tam_tile_cut *cut, const tam_tile_memory *memory) {
    job j = {cut, memory};
    const int64_t bands = (int64_t)cut->n * cut->bands;
    tam_team_run(ctx, (bands + cut->together - 1) / cut->together, convolve_task, &j);
}
