#include <string.h>

#include "backend/cpu/layer/weight_gradient_cut.h"
#include "backend/cpu/layer/weight_gradient_product.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum {
    TURNED_TOGETHER = 256, /* channels */
    STEPS_AT_ONCE = 8,     /* pixels that a task keeps in the nearest cache while it goes through its taps: 256 */
    FEW_PAIRS = 64         /* below, a task is one row of taps only */
};

typedef tam_gradient_cut cut;

static int least(int a, int b) {
    return a < b ? a : b;
}

typedef struct job {
    cut c;
    const uint16_t *x, *dy;
    uint16_t *turned, *paired;
    float *dw; /* tiles [tap][16 of x][16 of dy] */
    int32_t *at;
    int64_t first, count; /* bands of the segment */
    float *dweight, *dbias;
} job;

/* Turning. */

static const uint16_t *x_pixel(const job *j, int64_t image, int64_t row, int64_t column) {
    const cut *c = &j->c;
    bool inside = row >= 0 && row < c->h && column >= 0 && column < c->w;
    return inside ? j->x + ((image * c->h + row) * c->w + column) * c->ic : NULL;
}

/* One phase of a band of x, some of its channels. */
static void turn_phase(const job *j, int64_t band, int phase, int first, int end) {
    const cut *c = &j->c;
    const int stride = c->window.stride;
    const int64_t image = (j->first + band) / c->bands;
    const int down = phase / c->phases_w - c->window.pad_h, across = phase % c->phases_w - c->window.pad_w;
    uint16_t *to = j->turned + (int64_t)phase * c->x_lanes * LANES * c->row + band * c->length;
    int64_t row = (j->first + band) % c->bands * c->band_rows, column = 0;
    for (int64_t pixel = 0; pixel < c->length; pixel += DEPTH) {
        const uint16_t *pixels[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
            pixels[i] = x_pixel(j, image, row * stride + down, column * stride + across);
            column++;
            if (column == c->width) {
                column = 0;
                row++;
            }
        }
        for (int channel = first; channel < end; channel += CHANNELS) {
            tam_gradient_amx_turn(pixels, channel, least(c->ic - channel, CHANNELS), 0, to + channel * c->row + pixel,
                                  c->row);
        }
    }
}

static void pair_band(const job *j, int64_t band, int first, int end) {
    const cut *c = &j->c;
    int64_t image = (j->first + band) / c->bands, row = (j->first + band) % c->bands * c->band_rows;
    int64_t last = row + c->band_rows < c->out_h ? row + c->band_rows : c->out_h, column = 0;
    int64_t all_steps = (int64_t)c->together * c->steps * STEP_NUMBERS;
    uint16_t *to = j->paired + band * c->steps * STEP_NUMBERS;
    for (int step = 0; step < c->steps; step++) {
        const uint16_t *pixels[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
            bool inside = row < last && column < c->out_w;
            pixels[i] = inside ? j->dy + ((image * c->out_h + row) * c->out_w + column) * c->oc : NULL;
            column++;
            if (column == c->width) {
                column = 0;
                row++;
            }
        }
        for (int channel = first; channel < end; channel += CHANNELS) {
            tam_gradient_amx_pair(pixels, channel, least(c->oc - channel, CHANNELS), 0,
                                  to + channel / LANES * all_steps + (int64_t)step * STEP_NUMBERS, all_steps);
        }
    }
}

/* Tasks that turn a band of so many channels: neighbours in memory go together. */
static int turns_of(int channels) {
    return (channels + TURNED_TOGETHER - 1) / TURNED_TOGETHER;
}

static void turn_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    const int x_turns = turns_of(c->ic), turns = x_turns + turns_of(c->oc), turn = (int)(task % turns);
    (void)worker;
    if (turn < x_turns) {
        const int first = turn * TURNED_TOGETHER, end = least(first + TURNED_TOGETHER, c->ic);
        for (int phase = 0; phase < c->phases; phase++) {
            turn_phase(j, task / turns, phase, first, end);
        }
    } else {
        const int first = (turn - x_turns) * TURNED_TOGETHER;
        pair_band(j, task / turns, first, least(first + TURNED_TOGETHER, c->oc));
    }
}

/* Multiplying. */

static float *tile_at(const job *j, int tap, int x_lane, int dy_lane) {
    const cut *c = &j->c;
    int64_t tile = c->group > 0 ? x_lane / 2 * GROUP_TILES + x_lane % 2 * 2 + dy_lane % 2
                                : (int64_t)x_lane * c->dy_lanes + dy_lane;
    return j->dw + (tap * c->tiles + tile) * TILE;
}

static void multiply_tap(const job *j, int tap, int x_group, int dy_group, int64_t step, int steps) {
    const cut *c = &j->c;
    const int stride = c->window.stride, down = tap / c->window.kernel_w, across = tap % c->window.kernel_w;
    int phase = down % stride * c->phases_w + across % stride;
    int64_t shift = (int64_t)(down / stride) * c->width + across / stride;
    int64_t all_steps = (int64_t)c->together * c->steps * STEP_NUMBERS;
    tam_gradient_block block = {
        .x = j->turned + ((int64_t)phase * c->x_lanes * LANES + (int64_t)x_group * CHANNELS) * c->row + shift,
        .x_stride = c->row,
        .at = j->at + step,
        .dy = j->paired + 2 * (int64_t)dy_group * all_steps + step * STEP_NUMBERS,
        .dy_stride = all_steps,
        .steps = steps,
        .two_x = 2 * x_group + 1 < c->x_lanes,
        .two_dy = 2 * dy_group + 1 < c->dy_lanes,
        .first = j->first == 0 && step == 0,
    };
    block.diagonal = c->group > 0 && c->group <= LANES && block.two_x && block.two_dy;
    for (int a = 0; a < 1 + block.two_x; a++) {
        for (int b = 0; b < 1 + block.two_dy; b++) {
            block.dw[a][b] = tile_at(j, tap, 2 * x_group + a, 2 * dy_group + b);
        }
    }
    tam_gradient_amx_multiply(&block);
}

/* Of 32 channels of x and 32 of dy. */
static int pairs_of(const cut *c) {
    return c->group > 0 ? c->x_groups : c->x_groups * c->dy_groups;
}

/* With few channels a task is one row of taps, so that there are tasks for everybody. */
static int rows_of_taps(const cut *c) {
    return pairs_of(c) < FEW_PAIRS ? c->window.kernel_h : 1;
}

static void multiply_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    int parts = rows_of_taps(c), part = (int)(task % parts), pair = (int)(task / parts);
    int x_group = c->group > 0 ? pair : pair / c->dy_groups, dy_group = c->group > 0 ? pair : pair % c->dy_groups;
    int first = part * c->taps / parts, last = (part + 1) * c->taps / parts;
    int64_t all = j->count * c->steps;
    (void)worker;
    tam_gradient_amx_begin();
    for (int64_t step = 0; step < all; step += STEPS_AT_ONCE) {
        int steps = (int)(all - step < STEPS_AT_ONCE ? all - step : STEPS_AT_ONCE);
        for (int tap = first; tap < last; tap++) {
            multiply_tap(j, tap, x_group, dy_group, step, steps);
        }
    }
    tam_gradient_amx_end();
}

/* The tiles as the graph has them: [o][i][tap], i within o's group. */
static void finish_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const cut *c = &j->c;
    const int first_o = (int)task * LANES, outs = least(c->oc - first_o, LANES);
    const int first = c->group > 0 ? (int)task / 2 * 2 : 0,
              last = c->group > 0 ? least(first + 2, c->x_lanes) : c->x_lanes;
    const int width = c->group > 0 ? c->group : c->ic;
    float turned[MOST_TAPS][TILE];
    (void)worker;
    for (int x_lane = first; x_lane < last; x_lane++) {
        for (int tap = 0; tap < c->taps; tap++) {
            tam_gradient_amx_transpose(tile_at(j, tap, x_lane, (int)task), turned[tap]);
        }
        for (int o = 0; o < outs; o++) {
            const int start = c->group > 0 ? (first_o + o) / c->group * c->group : 0;
            const int from = start > x_lane * LANES ? start : x_lane * LANES;
            const int end = least(start + width, (x_lane + 1) * LANES);
            float *to = j->dweight + (int64_t)(first_o + o) * width * c->taps;
            for (int i = from; i < end; i++) {
                for (int tap = 0; tap < c->taps; tap++) {
                    to[(i - start) * c->taps + tap] = turned[tap][o * LANES + i % LANES];
                }
            }
        }
    }
}

TAM_KERNEL_PART void sum_some(const job *j, int channel, int channels) {
    const cut *c = &j->c;
    double sums[LANES] = {0};
    int64_t pixels = (int64_t)c->out_h * c->out_w;
    for (int64_t image = 0; image < c->n; image++) {
        float sum[LANES] = {0};
        const uint16_t *dy = j->dy + image * pixels * c->oc + channel;
        for (int64_t pixel = 0; pixel < pixels; pixel++) {
            for (int l = 0; l < channels; l++) {
                sum[l] += tam_bf16_value(dy[pixel * c->oc + l]);
            }
        }
        for (int l = 0; l < channels; l++) {
            sums[l] += (double)sum[l];
        }
    }
    for (int l = 0; l < channels; l++) {
        j->dbias[channel + l] = (float)sums[l];
    }
}

TAM_KERNEL static void sum_channels(const job *j, int channel) {
    const int channels = j->c.oc - channel;
    if (channels >= LANES) {
        sum_some(j, channel, LANES);
    } else {
        sum_some(j, channel, channels);
    }
}

static void bias_task(void *argument, int64_t task, int worker) {
    (void)worker;
    sum_channels(argument, (int)task * LANES);
}

void tam_weight_gradient_backward(tam_layer *layer, const tam_layer_memory *memory) {
    tam_ctx *ctx = layer->ctx;
    if (tam_gradient_product_suits(&layer->shape)) {
        tam_gradient_product_backward(layer, memory);
        return;
    }
    job j = {.c = tam_gradient_cut_of(&layer->shape),
             .x = memory->x,
             .dy = memory->dy,
             .dweight = memory->dweight,
             .dbias = memory->dbias};
    const cut *c = &j.c;
    char *scratch = memory->scratch;
    j.turned = (uint16_t *)(void *)scratch;
    j.paired = (uint16_t *)(void *)(scratch + c->x_bytes);
    j.dw = (float *)(void *)(scratch + c->x_bytes + c->dy_bytes);
    j.at = (int32_t *)(void *)(scratch + c->x_bytes + c->dy_bytes + c->dw_bytes);
    for (int64_t i = 0; i < (int64_t)c->together * c->steps; i++) {
        j.at[i] = (int32_t)(i / c->steps * c->length + i % c->steps * DEPTH);
    }
    int64_t bands = (int64_t)c->n * c->bands;
    const int turns = turns_of(c->ic) + turns_of(c->oc);
    for (j.first = 0; j.first < bands; j.first += c->together) {
        j.count = bands - j.first < c->together ? bands - j.first : c->together;
        tam_team_run(ctx, j.count * turns, turn_task, &j);
        tam_team_run(ctx, (int64_t)pairs_of(c) * rows_of_taps(c), multiply_task, &j);
    }
    tam_team_run(ctx, c->dy_lanes, finish_task, &j);
    if (layer->shape.bias) {
        tam_team_run(ctx, c->dy_lanes, bias_task, &j);
    }
}
