/* Full layers in bf16 by matrix registers: the gradients (cpu_full_tiles.c). */
#include <string.h>

#include "backend/cpu/layer/full_tiles.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/team.h"

enum {
    SIDE = TAM_FULL_SIDE,
    LANES = TAM_FULL_LANES,
    ROWS = TAM_FULL_ROWS,
    PAIRS = TAM_FULL_PAIRS,
    PIECE = 256 /* inputs of a gradient that are written together */
};

typedef struct job {
    tam_full_cut c;
    const tam_layer_memory *m;
    char *scratch;
} job;

/* To the data: dy as rows, and for each worker the pairs of its weights. */

static size_t rows_bytes(const tam_full_cut *c) {
    return (size_t)(c->n_blocks * c->blocks * ROWS) * sizeof(tam_bf16);
}

static size_t data_bytes(const tam_full_cut *c) {
    return (size_t)(c->blocks * SIDE * c->data_width) * sizeof(tam_bf16);
}

static tam_bf16 *rows_at(const job *j, int64_t n_block) {
    return (tam_bf16 *)(void *)j->scratch + n_block * j->c.blocks * ROWS;
}

static void rows_task(void *argument, int64_t n_block, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t row = n_block * SIDE;
    (void)worker;
    tam_full_amx_rows((const float *)j->m->dy + row * c->out, c->out, (int)tam_full_least(SIDE, c->n - row), c->out,
                      NULL, rows_at(j, n_block));
}

static void data_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const tam_gradient_finish none = {0};
    const int64_t from = task * c->data_width, columns = tam_full_least(c->data_width, c->in - from);
    const int64_t step = c->data_width / LANES * PAIRS;
    tam_bf16 *pairs = (tam_bf16 *)(void *)(j->scratch + rows_bytes(c) + (size_t)worker * data_bytes(c));
    float sums[ROWS] __attribute__((aligned(64)));
    for (int64_t block = 0; block < c->blocks; block++) {
        const float *w = j->m->weight + block * SIDE * c->in + from;
        const float *ahead = block + 1 < c->blocks ? w + (int64_t)SIDE * c->in : j->m->weight + from + c->data_width;
        tam_full_amx_pairs(w, c->in, (int)tam_full_least(SIDE, c->out - block * SIDE), (int)columns, ahead,
                           pairs + block * step);
    }
    tam_gradient_amx_begin();
    for (int64_t n_block = 0; n_block < c->n_blocks; n_block++) {
        const int64_t row = n_block * SIDE, rows = tam_full_least(SIDE, c->n - row);
        for (int64_t at = 0; at < columns; at += SIDE) {
            const tam_full_product product = {
                .a = rows_at(j, n_block),
                .a_row = SIDE,
                .a_step = ROWS,
                .a_half = PAIRS,
                .b = pairs + at / LANES * PAIRS,
                .b_step = step,
                .b_half = PAIRS,
                .steps = (int)c->blocks,
                .two_rows = rows > LANES,
                .two_columns = true,
                .c = sums,
                .c_row = SIDE,
            };
            tam_full_amx_multiply(&product);
            tam_gradient_amx_finish(sums, (int)rows, (int)tam_full_least(SIDE, columns - at), &none,
                                    (tam_bf16 *)j->m->dx + row * c->in + from + at, c->in);
        }
    }
    tam_gradient_amx_end();
}

void tam_full_backward_data(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {.c = tam_full_cut_of(&layer->shape), .m = memory, .scratch = memory->scratch};
    tam_team_run(layer->ctx, j.c.n_blocks, rows_task, &j);
    tam_team_run(layer->ctx, tam_full_groups(j.c.in, j.c.data_width), data_task, &j);
}

/* To the weights: dy turned, [output][row], and for each worker the pairs of its inputs and a piece of the
 * gradient. */

static size_t pairs_bytes(const tam_full_cut *c) {
    return (size_t)(c->n_blocks * SIDE * c->weights_width) * sizeof(tam_bf16);
}

static size_t weights_bytes(const tam_full_cut *c) {
    return pairs_bytes(c) + (size_t)SIDE * PIECE * sizeof(float);
}

static tam_bf16 *outputs_at(const job *j, int64_t output) {
    return (tam_bf16 *)(void *)j->scratch + output * j->c.n_blocks * SIDE;
}

/* 16 outputs of all rows, and their bias. */
static void outputs_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t output = task * LANES, there = output < c->out ? tam_full_least(LANES, c->out - output) : 0,
                  deep = c->n_blocks * SIDE;
    (void)worker;
    for (int64_t row = 0; row < c->n; row += SIDE) {
        tam_full_amx_turn_rows((const float *)j->m->dy + row * c->out + output, c->out,
                               (int)tam_full_least(SIDE, c->n - row), (int)there, outputs_at(j, output) + row, deep);
    }
    for (int64_t o = 0; j->m->dbias != NULL && o < there; o++) {
        const tam_bf16 *dy = outputs_at(j, output + o);
        double sum = 0.0;
        for (int64_t row = 0; row < c->n; row++) {
            sum += (double)tam_bf16_value(dy[row]);
        }
        j->m->dbias[output + o] = (float)sum;
    }
}

static void pair_inputs(const job *j, int64_t from, int columns, tam_bf16 *pairs) {
    const tam_full_cut *c = &j->c;
    for (int64_t n_block = 0; n_block < c->n_blocks; n_block++) {
        const tam_bf16 *row[SIDE];
        for (int i = 0; i < SIDE; i++) {
            const int64_t n = n_block * SIDE + i;
            row[i] = n < c->n ? (const tam_bf16 *)j->m->x + n * c->in + from : NULL;
        }
        for (int at = 0; at < columns; at += SIDE) {
            tam_bf16 *to = pairs + (n_block * c->weights_width + at) / LANES * PAIRS;
            const int there = (int)tam_full_least(SIDE, columns - at);
            if (there <= LANES) {
                memset(to + PAIRS, 0, PAIRS * sizeof *to);
            }
            tam_gradient_amx_pair(row, at, there, 0, to, PAIRS);
        }
    }
}

static void weights_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t from = task * c->weights_width, columns = tam_full_least(c->weights_width, c->in - from);
    char *own = j->scratch + rows_bytes(c) + (size_t)worker * weights_bytes(c);
    tam_bf16 *pairs = (tam_bf16 *)(void *)own;
    float *sums = (float *)(void *)(own + pairs_bytes(c));
    pair_inputs(j, from, (int)columns, pairs);
    tam_gradient_amx_begin();
    for (int64_t output = 0; output < c->out; output += SIDE) {
        for (int64_t piece = 0; piece < columns; piece += PIECE) {
            const int64_t count = tam_full_least(PIECE, columns - piece);
            for (int64_t at = 0; at < count; at += SIDE) {
                const tam_full_product product = {
                    .a = outputs_at(j, output),
                    .a_row = c->n_blocks * SIDE,
                    .a_step = SIDE,
                    .a_half = LANES * c->n_blocks * SIDE,
                    .b = pairs + (piece + at) / LANES * PAIRS,
                    .b_step = c->weights_width / LANES * PAIRS,
                    .b_half = PAIRS,
                    .steps = (int)c->n_blocks,
                    .two_rows = true,
                    .two_columns = true,
                    .c = sums + at,
                    .c_row = PIECE,
                };
                tam_full_amx_multiply(&product);
            }
            tam_full_amx_write(sums, PIECE, (int)tam_full_least(SIDE, c->out - output), (int)count,
                               j->m->dweight + output * c->in + from + piece, c->in);
        }
    }
    tam_gradient_amx_end();
}

void tam_full_backward_weights(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {.c = tam_full_cut_of(&layer->shape), .m = memory, .scratch = memory->scratch};
    tam_team_run(layer->ctx, j.c.blocks * 2, outputs_task, &j);
    tam_team_run(layer->ctx, tam_full_groups(j.c.in, j.c.weights_width), weights_task, &j);
}

size_t tam_full_backward_bytes(const tam_full_cut *cut, int threads) {
    const size_t data = data_bytes(cut), weights = weights_bytes(cut);
    return rows_bytes(cut) + (size_t)threads * (data > weights ? data : weights);
}
