/* Dropout: a value stays with probability 1 - p, times 1 / (1 - p). Backward needs a byte for each: whether it stayed.
 * That is defined in plain order, and brought into the order of the values in tiles of 16 channels x 16 pixels. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "backend/dropout_mask.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum { PIECE = 1 << 15, TILE = 16, BLOCK = 4 }; /* numbers of a task of backward; bytes of a row; of a Philox block */

TAM_KERNEL static void pass_f32(int64_t count, float scale, const float *x, const uint8_t *kept, float *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = x[i] * (scale * (float)kept[i]);
    }
}

TAM_KERNEL static void pass_bf16(int64_t count, float scale, const tam_bf16 *x, const uint8_t *kept, tam_bf16 *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] = tam_bf16_nearest(tam_bf16_value(x[i]) * (scale * (float)kept[i]));
    }
}

typedef struct job {
    tam_layout layout;
    const void *x; /* dy in backward */
    void *y;
    float scale;
    uint8_t *kept;
    /* of forward: where value 0 of the batch lies in the generator, and room for samples in plain order */
    tam_random random;
    uint32_t limit;
    uint8_t *plain;
} job;

static void pass(const job *j, int64_t start, int64_t count) {
    if (j->layout.dtype == TAM_BF16) {
        pass_bf16(count, j->scale, (const tam_bf16 *)j->x + start, j->kept + start, (tam_bf16 *)j->y + start);
    } else {
        pass_f32(count, j->scale, (const float *)j->x + start, j->kept + start, (float *)j->y + start);
    }
}

typedef uint8_t row __attribute__((vector_size(TILE), aligned(1), may_alias));

/* Each step puts rows i and i + 8 together, byte by byte; after four of them rows are columns. */
static void turn(row tile[TILE]) {
    row next[TILE];
    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < TILE / 2; i++) {
            row a = tile[i], b = tile[i + TILE / 2];
            next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * i + 1] =
                __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(tile, next, sizeof next);
    }
}

/* Channels first .. first+width-1, of one block, of all pixels. Rows of `plain` are read to the end of a tile. */
static void lay_out_channels(const tam_layout *layout, int first, int width, const uint8_t *plain, uint8_t *kept) {
    int64_t pixels = tam_layout_pixels(layout), lanes = layout->lanes;
    uint8_t *to = kept + first / lanes * pixels * lanes + first % lanes;
    for (int64_t pixel = 0; pixel < pixels; pixel += TILE) {
        int64_t left = pixels - pixel;
        row tile[TILE] = {{0}};
        for (int k = 0; k < width && first + k < layout->c; k++) {
            tile[k] = *(const row *)(plain + (first + k) * pixels + pixel);
        }
        turn(tile);
        for (int p = 0; p < TILE && p < left; p++) {
            if (width == TILE) {
                *(row *)(to + (pixel + p) * lanes) = tile[p];
            } else {
                memcpy(to + (pixel + p) * lanes, &tile[p], (size_t)width);
            }
        }
    }
}

/* One sample. */
static void lay_out(const tam_layout *layout, const uint8_t *plain, uint8_t *kept) {
    if (tam_layout_is_plain(layout)) {
        memcpy(kept, plain, (size_t)tam_layout_sample(layout));
        return;
    }
    int filled = tam_layout_blocks(layout) * layout->lanes, width;
    for (int first = 0; first < filled; first += width) {
        int left = layout->lanes - first % layout->lanes;
        width = left < TILE ? left : TILE;
        lay_out_channels(layout, first, width, plain, kept);
    }
}

/* Numbers of a sample in plain order, and the bytes for it: whole blocks from the one in which it begins, and a tile.
 */
static int64_t plain_numbers(const tam_layout *layout) {
    return (int64_t)layout->c * tam_layout_pixels(layout);
}

static int64_t plain_bytes(const tam_layout *layout) {
    return plain_numbers(layout) + (int64_t)2 * BLOCK + TILE;
}

static void forward_sample(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t numbers = plain_numbers(&j->layout), first = task * numbers, sample = tam_layout_sample(&j->layout);
    uint32_t counter[4] = {(uint32_t)(first / BLOCK), j->random.counter[1], j->random.counter[2], j->random.counter[3]};
    uint8_t *plain = j->plain + task * plain_bytes(&j->layout);
    tam_cpu_sweep_kernels()->keep(counter, j->random.key, j->limit, (first % BLOCK + numbers + BLOCK - 1) / BLOCK,
                                  plain);
    lay_out(&j->layout, plain + first % BLOCK, j->kept + task * sample);
    pass(j, task * sample, sample);
}

static void backward_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task * PIECE, left = j->layout.n * tam_layout_sample(&j->layout) - start;
    pass(j, start, left < PIECE ? left : PIECE);
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_out(plan, step)->layout = layout;
    step->view = !plan->config.training;
    if (plan->config.training) {
        step->own = tam_cpu_ask(plan, step, (size_t)(layout.n * tam_layout_sample(&layout)), false);
        tam_cpu_ask_scratch(plan, (size_t)(layout.n * plain_bytes(&layout)));
    }
    return TAM_OK;
}

static job job_of(tam_plan *plan, const tam_cpu_step *step) {
    return (job){
        .layout = tam_cpu_out(plan, step)->layout,
        .scale = (float)(1 / (1 - step->node->key[TAM_DROPOUT_P])),
        .kept = tam_cpu_own(plan, step),
    };
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step);
    j.x = tam_cpu_in(plan, step, 0)->data;
    j.y = tam_cpu_out(plan, step)->data;
    j.random = tam_dropout_stream(plan->config.seed, plan->step, step->node->id);
    j.limit = tam_dropout_limit(step->node->key[TAM_DROPOUT_P]);
    j.plain = tam_cpu_scratch(plan);
    tam_team_run(plan->ctx, n, forward_sample, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step);
    j.x = tam_cpu_out(plan, step)->gradient;
    j.y = step->dx[0];
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, (j.layout.n * tam_layout_sample(&j.layout) + PIECE - 1) / PIECE, backward_piece, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_dropout = {
    .op = "dropout",
    .create = create,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};
