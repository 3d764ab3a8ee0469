/* Full layers in bf16 by matrix registers: y = x w^T + bias over plain rows. A batch of some dozen rows does little
 * with each weight, so that the time goes into reading the weights, and into writing their gradient: each is read once,
 * in training as the f32 number that it is, and rounded on its way; in inference as bf16, rounded when it was packed.
 *
 * A step is a depth of 32 numbers, a block 32 outputs. Forward cuts the inputs into ranges and the blocks into slices,
 * and adds the ranges' sums in order; backward, a task has some inputs, and all outputs or all rows as the depth of its
 * products. All by the layer's shape alone: the same bits on any number of threads. */
#include <string.h>

#include "backend/cpu/layer/cpu_layer.h"
#include "backend/cpu/layer/full_tiles.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/memory.h"
#include "base/team.h"

enum {
    SIDE = TAM_FULL_SIDE,
    LANES = TAM_FULL_LANES,
    ROWS = TAM_FULL_ROWS,
    PAIRS = TAM_FULL_PAIRS,
    LEAST_WEIGHTS = 1 << 16, /* fewer cost the call, whoever computes them */
    MOST_OUT = 4096,         /* all outputs of a task's inputs lie in a core's cache */
    SLICE = 4,               /* blocks */
    MOST_RANGES = 16,
    RANGE = 64,       /* steps that a range has at least, if there are several */
    FEW_STEPS = 4,    /* of a block that are rounded, then multiplied: they stay in the nearest cache */
    MANY_STEPS = 16,  /* with more than 32 rows, where the sums go to and fro for each of these */
    CACHED = 1 << 18, /* numbers of what a task of backward multiplies with */
    LEAST_WIDTH = 64,
    MOST_WIDTH = 512,
    TURNED = 32 /* steps of a task that turns x */
};

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* So wide that `depth` numbers of each input fit in the cache, and that there are tasks for everybody. */
static int width_of(int64_t steps, int64_t depth) {
    enum { TASKS = 16 };
    const int64_t fit = CACHED / depth / SIDE * SIDE, share = tam_full_groups(steps, TASKS) * SIDE;
    return (int)most(tam_full_least(tam_full_least(fit, share), MOST_WIDTH), LEAST_WIDTH);
}

tam_full_cut tam_full_cut_of(const tam_layer_shape *s) {
    tam_full_cut c = {.n = s->in.n, .in = s->in.c, .out = s->out};
    c.n_panels = tam_full_groups(c.n, LANES);
    c.n_blocks = tam_full_groups(c.n, SIDE);
    c.blocks = tam_full_groups(c.out, SIDE);
    c.steps = tam_full_groups(c.in, SIDE);
    c.range = tam_full_groups(c.steps, most(1, tam_full_least(MOST_RANGES, c.steps / RANGE)));
    c.ranges = tam_full_groups(c.steps, c.range);
    c.steps_at_once = c.n <= SIDE ? FEW_STEPS : MANY_STEPS;
    c.slices = tam_full_groups(c.blocks, SLICE);
    c.data_width = width_of(c.steps, c.blocks * SIDE);
    c.weights_width = width_of(c.steps, c.n_blocks * SIDE);
    return c;
}

typedef struct job {
    tam_full_cut c;
    const tam_layer_memory *m;
    bool packed;
    char *scratch;
} job;

/* Forward: x turned, sums of each range [output][row], and a room for each worker to round in. */

static size_t turned_bytes(const tam_full_cut *c) {
    return (size_t)(c->n_panels * c->steps * PAIRS) * sizeof(tam_bf16);
}

static size_t sums_bytes(const tam_full_cut *c) {
    return (size_t)(c->ranges * c->blocks * SIDE * c->n_panels * LANES) * sizeof(float);
}

static size_t rounded_bytes(const tam_full_cut *c) {
    return (size_t)c->steps_at_once * ROWS * sizeof(tam_bf16);
}

static tam_bf16 *turned_at(const job *j, int64_t panel, int64_t step) {
    return (tam_bf16 *)(void *)j->scratch + (panel * j->c.steps + step) * PAIRS;
}

static float *sums_at(const job *j, int64_t range, int64_t output) {
    const tam_full_cut *c = &j->c;
    float *sums = (float *)(void *)(j->scratch + turned_bytes(c));
    return sums + (range * c->blocks * SIDE + output) * c->n_panels * LANES;
}

static void turn_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t panel = task % c->n_panels, step = task / c->n_panels * TURNED, from = step * SIDE;
    const int64_t row = panel * LANES;
    (void)worker;
    tam_full_amx_turn_pairs((const tam_bf16 *)j->m->x + row * c->in + from, c->in,
                            (int)tam_full_least(LANES, c->n - row), tam_full_least(TURNED * SIDE, c->in - from),
                            turned_at(j, panel, step));
}

/* Some steps of a block's weights, and of those that are read next. */
typedef struct part {
    int64_t block, step;
} part;

static const tam_bf16 *packed_at(const job *j, part at) {
    return (const tam_bf16 *)j->m->packed + (at.block * j->c.steps + at.step) * ROWS;
}

static const float *weights_at(const job *j, part at) {
    return j->m->weight + at.block * SIDE * j->c.in + at.step * SIDE;
}

static void multiply_part(const job *j, part at, part next, int64_t range, int steps, int worker) {
    const tam_full_cut *c = &j->c;
    const tam_bf16 *w = NULL;
    if (j->packed) {
        w = packed_at(j, at);
    } else {
        char *room = j->scratch + turned_bytes(c) + sums_bytes(c) + (size_t)worker * rounded_bytes(c);
        tam_full_amx_rows(weights_at(j, at), c->in, (int)tam_full_least(SIDE, c->out - at.block * SIDE),
                          (int)tam_full_least((int64_t)steps * SIDE, c->in - at.step * SIDE), weights_at(j, next),
                          (tam_bf16 *)(void *)room);
        w = (const tam_bf16 *)(void *)room;
    }
    for (int64_t panel = 0; panel < c->n_panels; panel += 2) {
        const tam_full_product product = {
            .a = w,
            .a_row = SIDE,
            .a_step = ROWS,
            .a_half = PAIRS,
            .b = turned_at(j, panel, at.step),
            .b_step = PAIRS,
            .b_half = c->steps * PAIRS,
            .steps = steps,
            .two_rows = true,
            .two_columns = panel + 1 < c->n_panels,
            .add = at.step > range * c->range,
            .c = sums_at(j, range, at.block * SIDE) + panel * LANES,
            .c_row = c->n_panels * LANES,
            .ahead = j->packed && panel == 0 ? packed_at(j, next) : NULL,
        };
        tam_full_amx_multiply(&product);
    }
}

static void forward_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t range = task / c->slices, first = task % c->slices * SLICE;
    const int64_t end = tam_full_least(first + SLICE, c->blocks),
                  last = tam_full_least((range + 1) * c->range, c->steps);
    tam_gradient_amx_begin();
    for (int64_t step = range * c->range; step < last; step += c->steps_at_once) {
        const int64_t after = step + c->steps_at_once < last ? step + c->steps_at_once : step;
        for (int64_t block = first; block < end; block++) {
            const part next = {block + 1 < end ? block + 1 : first, block + 1 < end ? step : after};
            multiply_part(j, (part){block, step}, next, range, (int)tam_full_least(c->steps_at_once, last - step),
                          worker);
        }
    }
    tam_gradient_amx_end();
}

/* 16 outputs of all rows. */
static void sum_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_full_cut *c = &j->c;
    const int64_t output = task * LANES, next = sums_at(j, 1, 0) - sums_at(j, 0, 0);
    (void)worker;
    for (int64_t row = 0; row < c->n; row += LANES) {
        tam_full_amx_sum(sums_at(j, 0, output) + row, c->n_panels * LANES, (int)c->ranges, next,
                         (int)tam_full_least(LANES, c->out - output), (int)tam_full_least(LANES, c->n - row),
                         j->m->bias != NULL ? j->m->bias + output : NULL, (float *)j->m->y + row * c->out + output,
                         c->out);
    }
}

static void run_forward(tam_layer *layer, const tam_layer_memory *memory, bool packed) {
    job j = {.c = tam_full_cut_of(&layer->shape), .m = memory, .packed = packed, .scratch = memory->scratch};
    tam_team_run(layer->ctx, tam_full_groups(j.c.steps, TURNED) * j.c.n_panels, turn_task, &j);
    tam_team_run(layer->ctx, j.c.ranges * j.c.slices, forward_task, &j);
    tam_team_run(layer->ctx, tam_full_groups(j.c.out, LANES), sum_task, &j);
}

static void forward(tam_layer *layer, const tam_layer_memory *memory) {
    run_forward(layer, memory, false);
}

static void forward_packed(tam_layer *layer, const tam_layer_memory *memory) {
    run_forward(layer, memory, true);
}

static void pack_task(void *argument, int64_t block, int worker) {
    const job *j = argument;
    const part at = {block, 0};
    (void)worker;
    tam_full_amx_rows(weights_at(j, at), j->c.in, (int)tam_full_least(SIDE, j->c.out - block * SIDE), j->c.in, NULL,
                      (tam_bf16 *)j->m->packed + block * j->c.steps * ROWS);
}

static void pack(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {.c = tam_full_cut_of(&layer->shape), .m = memory};
    tam_team_run(layer->ctx, j.c.blocks, pack_task, &j);
}

static void free_layer(tam_layer *layer) {
    tam_release(layer->ctx, layer);
}

static bool suits(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_FULL && s->dtype == TAM_BF16 && s->out_dtype == TAM_F32 && s->out <= MOST_OUT &&
           (int64_t)s->in.c * s->out >= LEAST_WEIGHTS && tam_layer_suits_bf16() && tam_full_amx_runs_here();
}

static size_t scratch_of(const tam_layer *layer) {
    const tam_full_cut c = tam_full_cut_of(&layer->shape);
    const size_t threads = (size_t)layer->ctx->threads;
    size_t bytes = turned_bytes(&c) + sums_bytes(&c);
    if (layer->shape.training) {
        const size_t forward_bytes = bytes + threads * rounded_bytes(&c);
        const size_t backward_bytes = tam_full_backward_bytes(&c, layer->ctx->threads);
        bytes = forward_bytes > backward_bytes ? forward_bytes : backward_bytes;
    }
    return bytes;
}

tam_status tam_layer_make_full_tiles(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                     const tam_layer_shape *shape, tam_layer **out) {
    static const tam_layer_kind training = {NULL, forward, tam_full_backward_data, tam_full_backward_weights,
                                            free_layer};
    static const tam_layer_kind inference = {pack, forward_packed, NULL, NULL, free_layer};
    (void)dnnl, (void)tuning, (void)name;
    *out = NULL;
    if (!suits(shape)) {
        return TAM_OK;
    }
    tam_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    const tam_layout x = {shape->in.n, shape->in.c, 1, 1, shape->in.c, TAM_BF16};
    *layer = (tam_layer){
        .kind = shape->training ? &training : &inference,
        .ctx = ctx,
        .shape = *shape,
        .x = x,
        .y = {shape->in.n, shape->out, 1, 1, shape->out, TAM_F32},
        .dx = x,
        .algorithm = {"product, tiles", "product, tiles", "product, tiles"},
    };
    layer->scratch_bytes = scratch_of(layer);
    if (!shape->training) {
        const tam_full_cut c = tam_full_cut_of(shape);
        layer->packed_bytes = (size_t)(c.blocks * c.steps * ROWS) * sizeof(tam_bf16);
    }
    *out = layer;
    return TAM_OK;
}
