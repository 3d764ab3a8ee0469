#include "backend/cpu/layer/weight_gradient_product.h"

#include <string.h>

#include "base/kernel.h"
#include "base/team.h"

enum {
    DEPTH = TAM_GRADIENT_DEPTH,
    LANES = TAM_GRADIENT_LANES,
    CHANNELS = TAM_GRADIENT_CHANNELS,
    TILE = TAM_GRADIENT_TILE,
    AHEAD = 8,           /* steps that memory is asked for before they are needed */
    BLOCK_STEPS = 12,    /* of 32 pixels: two times 32 channels of them fit in the nearest cache */
    PANEL = 8,           /* groups of 32 channels: both panels and their gradient fit in a core's cache */
    TASKS = 32,          /* so many at least, if there are pixels enough */
    LEAST_STEPS = 48,    /* of a task: for fewer its gradient costs more than its products */
    MOST_CHANNELS = 7,   /* of an image */
    PATCH_ROW = CHANNELS /* numbers of a row of it */
};

/* x or dy. */
typedef struct side {
    int channels, lanes; /* lanes: registers of 16, that of the ones included */
    int groups, panels;  /* groups of 32 channels, of a panel at most; panels */
} side;

typedef struct cut {
    side x, dy;
    side turned, paired;
    bool x_turned, patches, bias;
    int patch_room;                 /* numbers of a pixel's patch, zeros behind it included */
    int64_t pixels, steps;          /* of all samples */
    int64_t task_steps, parts;      /* of a task; tasks that share a panel's pixels */
    int64_t tiles;                  /* of dw */
    int64_t turned_room, pair_room; /* bytes of a block */
    int64_t patch_bytes, worker_bytes;
} cut;

typedef struct job {
    cut c;
    const tam_layer_shape *shape;
    const uint16_t *x, *dy;
    char *rooms; /* the workers' */
    float *dw;   /* [part][turned lane][paired lane][16][16] */
    float *dweight, *dbias;
} job;

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t parts_of(int64_t all, int64_t most) {
    return (all + most - 1) / most;
}

static side side_of(int channels, bool ones) {
    side s = {.channels = channels, .lanes = (int)parts_of(channels, LANES) + ones};
    const int groups = (int)parts_of(s.lanes, 2);
    s.panels = (int)parts_of(groups, PANEL);
    s.groups = (int)parts_of(groups, s.panels);
    return s;
}

static bool is_image(const tam_layer_shape *s) {
    const tam_window *w = &s->window;
    return s->in.c <= MOST_CHANNELS && s->in.c * w->kernel_w <= PATCH_ROW;
}

static bool is_plain(const tam_layer_shape *s) {
    const tam_window *w = &s->window;
    return w->kernel_h == 1 && w->kernel_w == 1 && w->pad_h == 0 && w->pad_w == 0;
}

bool tam_gradient_product_suits(const tam_layer_shape *shape) {
    return shape->groups == 1 && (is_plain(shape) || is_image(shape));
}

static cut cut_of(const tam_layer_shape *s) {
    const bool patches = !is_plain(s);
    const int patch = s->in.c * s->window.kernel_h * s->window.kernel_w;
    cut c = {
        .x = side_of(patches ? patch : s->in.c, s->bias),
        .dy = side_of(s->out, false),
        .patches = patches,
        .bias = s->bias,
        .pixels = (int64_t)s->in.n * s->out_h * s->out_w,
    };
    c.x_turned = c.x.lanes <= c.dy.lanes;
    c.turned = c.x_turned ? c.x : c.dy;
    c.paired = c.x_turned ? c.dy : c.x;
    c.steps = parts_of(c.pixels, DEPTH);
    const int64_t panels = (int64_t)c.turned.panels * c.paired.panels;
    const int64_t parts = least(parts_of(TASKS, panels), parts_of(c.steps, LEAST_STEPS));
    c.task_steps = parts_of(parts_of(c.steps, parts), BLOCK_STEPS) * BLOCK_STEPS;
    c.parts = parts_of(c.steps, c.task_steps);
    c.tiles = (int64_t)c.turned.lanes * c.paired.lanes;
    c.patch_room = patches ? (patch + PATCH_ROW + CHANNELS - 1) / CHANNELS * CHANNELS : 0;
    c.turned_room = (int64_t)c.turned.groups * BLOCK_STEPS * DEPTH * CHANNELS * 2;
    c.pair_room = (int64_t)c.paired.groups * BLOCK_STEPS * DEPTH * CHANNELS * 2;
    c.patch_bytes = (int64_t)c.patch_room * DEPTH * 2;
    c.worker_bytes = c.turned_room + c.pair_room + c.patch_bytes;
    return c;
}

size_t tam_gradient_product_scratch(const tam_layer *layer) {
    const cut c = cut_of(&layer->shape);
    return (size_t)(c.worker_bytes * tam_ctx_threads(layer->ctx) + c.parts * c.tiles * TILE * (int64_t)sizeof(float));
}

/* Where output pixels lie. */

typedef struct place {
    int n, y, x;
} place;

static place place_of(const tam_layer_shape *s, int64_t pixel) {
    const int64_t row = pixel / s->out_w;
    return (place){(int)(row / s->out_h), (int)(row % s->out_h), (int)(pixel % s->out_w)};
}

static void advance(const tam_layer_shape *s, place *at) {
    if (++at->x == s->out_w) {
        at->x = 0;
        if (++at->y == s->out_h) {
            at->y = 0;
            at->n++;
        }
    }
}

/* The 32 pixels of a step; NULL behind the last. */
static void dy_pixels(const job *j, int64_t step, const uint16_t *pixels[DEPTH]) {
    for (int i = 0; i < DEPTH; i++) {
        const int64_t pixel = step * DEPTH + i;
        pixels[i] = pixel < j->c.pixels ? j->dy + pixel * j->c.dy.channels : NULL;
    }
}

static void x_pixels(const job *j, int64_t step, uint16_t *patches, const uint16_t *pixels[DEPTH]) {
    const tam_layer_shape *s = j->shape;
    place at = place_of(s, step * DEPTH);
    const int there = (int)least(j->c.pixels - step * DEPTH, DEPTH);
    for (int i = 0; i < there; i++) {
        if (j->c.patches) {
            uint16_t *patch = patches + (int64_t)i * j->c.patch_room;
            const uint16_t *image = j->x + (int64_t)at.n * s->in.h * s->in.w * s->in.c;
            tam_gradient_amx_patch(image, &s->in, &s->window, at.y, at.x, patch);
            pixels[i] = patch;
        } else {
            const int64_t row = (int64_t)at.n * s->in.h + (int64_t)at.y * s->window.stride;
            pixels[i] = j->x + (row * s->in.w + (int64_t)at.x * s->window.stride) * s->in.c;
        }
        advance(s, &at);
    }
    for (int i = there; i < DEPTH; i++) {
        pixels[i] = NULL;
    }
}

/* A task. */

typedef struct room {
    uint16_t *turned; /* [group][step][32 channels][32 pixels] */
    uint16_t *paired; /* [lane][step][16 pairs][16 channels][2] */
    uint16_t *patches;
} room;

typedef struct span {
    int first, end; /* groups */
} span;

static span span_of(const side *s, int64_t panel) {
    const int first = (int)panel * s->groups;
    return (span){first, (int)least(first + s->groups, parts_of(s->lanes, 2))};
}

/* The lane of ones, behind the channels. */
static void fill_ones(const job *j, span channels, const room *r, bool turned) {
    const side *s = &j->c.x;
    const int lane = s->lanes - 1 - 2 * channels.first;
    if (!j->c.bias || lane < 0 || s->lanes > 2 * channels.end) {
        return;
    }
    for (int step = 0; step < BLOCK_STEPS; step++) {
        uint16_t *to =
            turned ? r->turned + ((int64_t)(lane / 2 * BLOCK_STEPS + step) * CHANNELS + lane % 2 * LANES) * DEPTH
                   : r->paired + (int64_t)(lane * BLOCK_STEPS + step) * LANES * DEPTH;
        for (int i = 0; i < LANES * DEPTH; i++) {
            to[i] = 0x3f80;
        }
    }
}

static void make_turned(const side *s, span channels, const uint16_t *const pixels[DEPTH], int step, int64_t ahead,
                        const room *r) {
    for (int group = channels.first; group < channels.end && group * CHANNELS < s->channels; group++) {
        uint16_t *to = r->turned + ((int64_t)(group - channels.first) * BLOCK_STEPS + step) * CHANNELS * DEPTH;
        const int channel = group * CHANNELS;
        tam_gradient_amx_turn(pixels, channel, (int)least(s->channels - channel, CHANNELS), ahead, to, DEPTH);
    }
}

static void make_pairs(const side *s, span channels, const uint16_t *const pixels[DEPTH], int step, int64_t ahead,
                       const room *r) {
    for (int group = channels.first; group < channels.end && group * CHANNELS < s->channels; group++) {
        uint16_t *to = r->paired + ((int64_t)(group - channels.first) * 2 * BLOCK_STEPS + step) * LANES * DEPTH;
        const int channel = group * CHANNELS;
        tam_gradient_amx_pair(pixels, channel, (int)least(s->channels - channel, CHANNELS), ahead, to,
                              (int64_t)BLOCK_STEPS * LANES * DEPTH);
    }
}

static void make_ready(const job *j, span turned, span paired, int64_t first, int steps, const room *r) {
    const cut *c = &j->c;
    /* Panels' rows are read out of order, and what is fetched for them is gone before it is used. */
    const bool asks = c->x.panels == 1 && c->dy.panels == 1;
    const bool in_order = !c->patches && j->shape->window.stride == 1;
    const int64_t dy_ahead = asks ? (int64_t)AHEAD * DEPTH * c->dy.channels : 0;
    const int64_t x_ahead = asks && in_order ? (int64_t)AHEAD * DEPTH * c->x.channels : 0;
    for (int step = 0; step < steps; step++) {
        const uint16_t *x[DEPTH], *dy[DEPTH];
        x_pixels(j, first + step, r->patches, x);
        dy_pixels(j, first + step, dy);
        make_turned(&c->turned, turned, c->x_turned ? x : dy, step, c->x_turned ? x_ahead : dy_ahead, r);
        make_pairs(&c->paired, paired, c->x_turned ? dy : x, step, c->x_turned ? dy_ahead : x_ahead, r);
    }
}

static const int32_t places[BLOCK_STEPS] = {0,    1024,     2 * 1024, 3 * 1024, 4 * 1024,  5 * 1024,
                                            6144, 7 * 1024, 8 * 1024, 9 * 1024, 10 * 1024, 11 * 1024};

static void multiply(const job *j, span turned, span paired, float *dw, int steps, bool begins, const room *r) {
    const cut *c = &j->c;
    for (int a = turned.first; a < turned.end; a++) {
        for (int b = paired.first; b < paired.end; b++) {
            tam_gradient_block block = {
                .x = r->turned + (int64_t)(a - turned.first) * BLOCK_STEPS * CHANNELS * DEPTH,
                .x_stride = DEPTH,
                .at = places,
                .dy = r->paired + (int64_t)(b - paired.first) * BLOCK_STEPS * CHANNELS * DEPTH,
                .dy_stride = (int64_t)BLOCK_STEPS * LANES * DEPTH,
                .steps = steps,
                .two_x = 2 * a + 1 < c->turned.lanes,
                .two_dy = 2 * b + 1 < c->paired.lanes,
                .first = begins,
            };
            for (int k = 0; k < 1 + block.two_x; k++) {
                for (int l = 0; l < 1 + block.two_dy; l++) {
                    block.dw[k][l] = dw + ((int64_t)(2 * a + k) * c->paired.lanes + 2 * b + l) * TILE;
                }
            }
            tam_gradient_amx_multiply(&block);
        }
    }
}

static void product_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    const int64_t panels = (int64_t)c->turned.panels * c->paired.panels, panel = task % panels, part = task / panels;
    const span turned = span_of(&c->turned, panel / c->paired.panels);
    const span paired = span_of(&c->paired, panel % c->paired.panels);
    char *mine = j->rooms + worker * c->worker_bytes;
    const room r = {(uint16_t *)(void *)mine, (uint16_t *)(void *)(mine + c->turned_room),
                    (uint16_t *)(void *)(mine + c->turned_room + c->pair_room)};
    const int64_t begin = part * c->task_steps, end = least(begin + c->task_steps, c->steps);
    fill_ones(j, c->x_turned ? turned : paired, &r, c->x_turned);
    memset(r.patches, 0, (size_t)c->patch_bytes);
    tam_gradient_amx_begin();
    for (int64_t step = begin; step < end; step += BLOCK_STEPS) {
        const int steps = (int)least(end - step, BLOCK_STEPS);
        make_ready(j, turned, paired, step, steps, &r);
        multiply(j, turned, paired, j->dw + part * c->tiles * TILE, steps, step == begin, &r);
    }
    tam_gradient_amx_end();
}

/* What the parts found, together: as the graph has it, [o][i][tap]. */

TAM_KERNEL static void add_parts(const float *tile, int64_t parts, int64_t stride, float sum[TILE]) {
    memcpy(sum, tile, TILE * sizeof *sum);
    for (int64_t part = 1; part < parts; part++) {
        const float *more = tile + part * stride;
        for (int i = 0; i < TILE; i++) {
            sum[i] += more[i];
        }
    }
}

/* 16 outputs by 16 inputs, [o][i]. */
static void write_weights(const job *j, const float tile[TILE], int out, int in) {
    const cut *c = &j->c;
    const tam_layer_shape *s = j->shape;
    const int outs = (int)least(s->out - out, LANES), ins = (int)least(c->x.channels - in, LANES);
    const int taps = s->window.kernel_h * s->window.kernel_w;
    for (int o = 0; o < outs; o++) {
        float *to = j->dweight + (int64_t)(out + o) * c->x.channels;
        if (c->patches) {
            for (int i = in; i < in + ins; i++) {
                to[i % s->in.c * taps + i / s->in.c] = tile[o * LANES + i - in];
            }
        } else {
            memcpy(to + in, tile + o * LANES, (size_t)ins * sizeof *to);
        }
    }
}

static void finish_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    const int dy_lane = (int)task;
    (void)worker;
    for (int lane = 0; lane < c->x.lanes; lane++) {
        float sum[TILE], turned[TILE];
        const int64_t at = c->x_turned ? (int64_t)lane * c->dy.lanes + dy_lane : (int64_t)dy_lane * c->x.lanes + lane;
        add_parts(j->dw + at * TILE, c->parts, c->tiles * TILE, sum);
        const float *tile = sum;
        if (c->x_turned) {
            tam_gradient_amx_transpose(sum, turned);
            tile = turned;
        }
        if (lane * LANES < c->x.channels) {
            write_weights(j, tile, dy_lane * LANES, lane * LANES);
        } else {
            for (int o = 0; o < least(c->dy.channels - dy_lane * LANES, LANES); o++) {
                j->dbias[dy_lane * LANES + o] = tile[o * LANES];
            }
        }
    }
}

void tam_gradient_product_backward(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {.c = cut_of(&layer->shape),
             .shape = &layer->shape,
             .x = memory->x,
             .dy = memory->dy,
             .dweight = memory->dweight,
             .dbias = memory->dbias};
    const cut *c = &j.c;
    j.rooms = memory->scratch;
    j.dw = (float *)(void *)(j.rooms + c->worker_bytes * tam_ctx_threads(layer->ctx));
    tam_team_run(layer->ctx, c->parts * c->turned.panels * c->paired.panels, product_task, &j);
    tam_team_run(layer->ctx, c->dy.lanes, finish_task, &j);
}
