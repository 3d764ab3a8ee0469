/* Deterministic convolutions. oneDNN cuts its work, and with it the sums of a weight's gradient, by the number of
 * threads. Here the batch is cut into parts by its size alone; a part's primitives are made for one thread and run as a
 * task of the team, and the parts' gradients of the weights are added in order: the same bits on any number of threads.
 */
#include <string.h>

#include "backend/cpu/layer/dnnl_layer.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/memory.h"
#include "base/team.h"

/* Parts differ by one row at most: two sizes. */
enum { MOST_PARTS = 8, SIZES = 2, ALIGNMENT = 64, SUM_PIECE = 1 << 14 };

typedef struct fixed_layer {
    tam_layer base;
    int parts, sizes;
    int rows[SIZES];
    int slots;                           /* parts that run at once: each needs memory of its own, and layers, which
                                            hold the arguments of a call */
    tam_layer *layer[MOST_PARTS][SIZES]; /* of a slot */
    size_t packed_bytes;                 /* of one size */
    size_t slot_bytes;                   /* a slot's scratch memory, and room for a packed gradient behind it */
    int64_t weights, gradient;           /* numbers: of the weights, and of a part's gradients */
} fixed_layer;

/* One call, for the tasks of the team. */
typedef struct call {
    fixed_layer *layer;
    const tam_layer_memory *memory;
} call;

static size_t aligned(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static int64_t first_row(const fixed_layer *layer, int64_t part) {
    return layer->base.shape.in.n * part / layer->parts;
}

/* Where row `row` of a batch is; NULL stays NULL. */
static void *at_row(const tam_layout *layout, const void *maps, int64_t row) {
    const size_t sample = (size_t)tam_layout_sample(layout) * tam_dtype_bytes(layout->dtype);
    return maps == NULL ? NULL : (char *)(uintptr_t)maps + (size_t)row * sample;
}

static float *gradient_of(const fixed_layer *layer, const tam_layer_memory *memory, int64_t part) {
    char *behind_slots = (char *)memory->scratch + (size_t)layer->slots * layer->slot_bytes;
    return (float *)(void *)behind_slots + part * layer->gradient;
}

/* What a part works on, and the layer that does it. */
static tam_layer *enter_part(const call *c, int64_t part, int worker, tam_layer_memory *m) {
    const fixed_layer *layer = c->layer;
    const int64_t row = first_row(layer, part), rows = first_row(layer, part + 1) - row;
    const int size = rows == layer->rows[0] ? 0 : 1;
    const int slot = layer->slots == layer->parts ? (int)part : worker;
    *m = *c->memory;
    m->x = at_row(&layer->base.x, m->x, row);
    m->y = at_row(&layer->base.y, m->y, row);
    m->dx = at_row(&layer->base.dx, m->dx, row);
    m->dy = at_row(&layer->base.y, m->dy, row);
    m->packed = (char *)m->packed + (size_t)size * layer->packed_bytes;
    m->scratch = (char *)m->scratch + (size_t)slot * layer->slot_bytes;
    return layer->layer[slot][size];
}

static void forward_part(void *argument, int64_t part, int worker) {
    const int threads = tam_team_confine();
    tam_layer_memory m;
    tam_layer *layer = enter_part(argument, part, worker, &m);
    layer->kind->forward(layer, &m);
    tam_team_spread(threads);
}

static void data_part(void *argument, int64_t part, int worker) {
    const int threads = tam_team_confine();
    tam_layer_memory m;
    tam_layer *layer = enter_part(argument, part, worker, &m);
    tam_dnnl_layer_data(layer, &m);
    tam_team_spread(threads);
}

static void weights_part(void *argument, int64_t part, int worker) {
    const int threads = tam_team_confine();
    const call *c = argument;
    tam_layer_memory m;
    tam_layer *layer = enter_part(argument, part, worker, &m);
    m.packed = (char *)m.scratch + c->layer->slot_bytes - c->layer->packed_bytes;
    m.dweight = gradient_of(c->layer, c->memory, part);
    m.dbias = c->memory->dbias != NULL ? m.dweight + c->layer->weights : NULL;
    layer->kind->backward_weights(layer, &m);
    tam_team_spread(threads);
}

static void sum_piece(void *argument, int64_t task, int worker) {
    const call *c = argument;
    const fixed_layer *layer = c->layer;
    const int64_t from = task * SUM_PIECE;
    const int64_t to = from + SUM_PIECE < layer->weights ? from + SUM_PIECE : layer->weights;
    float *sum = c->memory->dweight;
    (void)worker;
    memcpy(sum + from, gradient_of(layer, c->memory, 0) + from, (size_t)(to - from) * sizeof *sum);
    for (int part = 1; part < layer->parts; part++) {
        const float *gradient = gradient_of(layer, c->memory, part);
        for (int64_t i = from; i < to; i++) {
            sum[i] += gradient[i];
        }
    }
}

static void sum_bias(const fixed_layer *layer, const tam_layer_memory *memory) {
    for (int o = 0; memory->dbias != NULL && o < layer->base.shape.out; o++) {
        float sum = 0.0f;
        for (int part = 0; part < layer->parts; part++) {
            sum += gradient_of(layer, memory, part)[layer->weights + o];
        }
        memory->dbias[o] = sum;
    }
}

/* The weights for each size of part, as one direction likes them. */
static void pack_sizes(const fixed_layer *layer, const tam_layer_memory *memory,
                       void (*pack)(tam_layer *layer, const tam_layer_memory *memory)) {
    const int threads = tam_team_confine();
    for (int size = 0; size < layer->sizes; size++) {
        tam_layer_memory m = *memory;
        m.packed = (char *)memory->packed + (size_t)size * layer->packed_bytes;
        pack(layer->layer[0][size], &m);
    }
    tam_team_spread(threads);
}

static void pack(tam_layer *base, const tam_layer_memory *memory) {
    fixed_layer *layer = (fixed_layer *)base;
    pack_sizes(layer, memory, layer->layer[0][0]->kind->pack);
}

static void forward(tam_layer *base, const tam_layer_memory *memory) {
    call c = {(fixed_layer *)base, memory};
    tam_team_run(base->ctx, c.layer->parts, forward_part, &c);
}

static void backward_data(tam_layer *base, const tam_layer_memory *memory) {
    call c = {(fixed_layer *)base, memory};
    pack_sizes(c.layer, memory, tam_dnnl_layer_pack_data);
    tam_team_run(base->ctx, c.layer->parts, data_part, &c);
}

static void backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    call c = {(fixed_layer *)base, memory};
    tam_team_run(base->ctx, c.layer->parts, weights_part, &c);
    tam_team_run(base->ctx, (c.layer->weights + SUM_PIECE - 1) / SUM_PIECE, sum_piece, &c);
    sum_bias(c.layer, memory);
}

static void free_layer(tam_layer *base) {
    fixed_layer *layer = (fixed_layer *)base;
    for (int slot = 0; slot < layer->slots; slot++) {
        for (int size = 0; size < layer->sizes; size++) {
            tam_layer_free(layer->layer[slot][size]);
        }
    }
    tam_release(base->ctx, base);
}

static const tam_layer_kind kind = {pack, forward, backward_data, backward_weights, free_layer};
/* Its gradient of the weights does not depend on the threads anyway. */
static const tam_layer_kind kind_by_tiles = {pack, forward, backward_data, tam_weight_gradient_backward, free_layer};

static tam_layer_shape shape_of(const fixed_layer *layer, int size) {
    tam_layer_shape shape = layer->base.shape;
    shape.in.n = layer->rows[size];
    return shape;
}

/* All sizes and slots are asked for with the same words: sizes agree on layouts, and the slots of a size also on how
 * the weights are packed. */
static tam_status make_parts(fixed_layer *layer, tam_dnnl *dnnl, const char *name) {
    tam_ctx *ctx = layer->base.ctx;
    tam_layer_shape shape = shape_of(layer, 0);
    tam_dnnl_answer answer;
    TAM_TRY(tam_dnnl_translate(ctx, name, tam_dnnl_choose(dnnl, &shape, &answer)));
    const tam_dnnl_choice choice = answer.choice;
    tam_dnnl_answer_free(&answer);
    for (int size = 0; size < layer->sizes; size++) {
        shape = shape_of(layer, size);
        for (int slot = 0; slot < layer->slots; slot++) {
            TAM_TRY(tam_dnnl_translate(ctx, name, tam_dnnl_ask(dnnl, &shape, &choice, &answer)));
            tam_status status = tam_dnnl_layer_create(ctx, dnnl, name, &shape, &answer, &layer->layer[slot][size]);
            tam_dnnl_answer_free(&answer);
            TAM_TRY(status);
        }
    }
    return TAM_OK;
}

/* What the parts have chosen, for the whole batch. */
static void settle(fixed_layer *layer) {
    const tam_layer_shape *s = &layer->base.shape;
    const tam_layer *part = layer->layer[0][0];
    size_t scratch = 0;
    layer->base.x = part->x;
    layer->base.y = part->y;
    layer->base.dx = part->dx;
    layer->base.x.n = layer->base.y.n = layer->base.dx.n = s->in.n;
    for (int i = 0; i < 3; i++) {
        layer->base.algorithm[i] = part->algorithm[i];
    }
    for (int size = 0; size < layer->sizes; size++) {
        scratch = most(scratch, aligned(layer->layer[0][size]->scratch_bytes));
        layer->packed_bytes = most(layer->packed_bytes, aligned(layer->layer[0][size]->packed_bytes));
    }
    layer->weights = (int64_t)s->out * (s->in.c / s->groups) * s->window.kernel_h * s->window.kernel_w;
    layer->gradient = (int64_t)(aligned((size_t)(layer->weights + s->out) * sizeof(float)) / sizeof(float));
    layer->slot_bytes = scratch + (s->training ? layer->packed_bytes : 0);
    layer->base.packed_bytes = (size_t)layer->sizes * layer->packed_bytes;
    layer->base.scratch_bytes = (size_t)layer->slots * layer->slot_bytes;
    if (tam_weight_gradient_suits(&layer->base)) {
        layer->base.kind = &kind_by_tiles;
        tam_weight_gradient_take(&layer->base);
    } else if (s->training) {
        layer->base.scratch_bytes += (size_t)(layer->parts * layer->gradient) * sizeof(float);
    }
}

tam_status tam_layer_make_dnnl_fixed(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                     const tam_layer_shape *shape, tam_layer **out) {
    *out = NULL;
    (void)tuning; /* a measured choice may differ with the number of threads */
    if (!shape->deterministic || shape->op != TAM_LAYER_CONVOLUTION) {
        return TAM_OK;
    }
    fixed_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    const int n = shape->in.n, parts = n < MOST_PARTS ? n : MOST_PARTS;
    layer->base = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape};
    layer->parts = parts;
    layer->slots = ctx->threads < parts ? ctx->threads : parts;
    layer->rows[0] = (n + parts - 1) / parts;
    layer->rows[1] = n / parts;
    layer->sizes = n % parts == 0 ? 1 : SIZES;
    const int threads = tam_team_confine(); /* the library cuts its work when a primitive is made */
    tam_status status = make_parts(layer, dnnl, name);
    tam_team_spread(threads);
    if (status != TAM_OK) {
        free_layer(&layer->base);
        return status;
    }
    settle(layer);
    *out = &layer->base;
    return TAM_OK;
}
