/* Layers by oneDNN. */
#include "backend/cpu/layer/dnnl_layer.h"

#include "backend/cpu/layer/data_gradient.h"
#include "backend/cpu/layer/dnnl_tune.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/memory.h"

typedef struct tam_dnnl_layer {
    tam_layer base;
    tam_dnnl *dnnl;
    tam_dnnl_call compute[DIRECTIONS];
    /* Weights from the plain layout to that which a direction likes; their gradient the other way. */
    tam_dnnl_call weight[DIRECTIONS];
    tam_dnnl_call round; /* dy as a factor, where it comes in another dtype */
    size_t rounded;      /* where that lies in the scratch memory */
} tam_dnnl_layer;

/* What the arguments of a direction are, but for the weights and the bias. */
typedef struct map_argument {
    int kind, role;
    dnnl_query_t query;
} map_argument;

static const map_argument map_arguments[DIRECTIONS][2] = {
    [FORWARD] = {{DNNL_ARG_SRC, X, dnnl_query_src_md}, {DNNL_ARG_DST, Y, dnnl_query_dst_md}},
    [BACKWARD_DATA] = {{DNNL_ARG_DIFF_SRC, DX, dnnl_query_diff_src_md},
                       {DNNL_ARG_DIFF_DST, DY, dnnl_query_diff_dst_md}},
    [BACKWARD_WEIGHTS] = {{DNNL_ARG_SRC, X, dnnl_query_src_md}, {DNNL_ARG_DIFF_DST, DY, dnnl_query_diff_dst_md}},
};

static bool rounds(const tam_layer_shape *shape) {
    return shape->out_dtype != shape->dtype;
}

/* Weights that do not lie as graph.h has them go through `packed`. */
static dnnl_status_t make_weight(tam_dnnl_layer *layer, tam_dnnl_direction direction,
                                 const dnnl_memory_desc_t *weight) {
    const bool gradient = direction == BACKWARD_WEIGHTS;
    const int kind = gradient ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, role = gradient ? DWEIGHT : WEIGHT;
    tam_dnnl_call *compute = &layer->compute[direction], *change = &layer->weight[direction];
    dnnl_memory_desc_t plain;
    DNNL_TRY(tam_dnnl_describe_plain_weight(&layer->base.shape, &plain));
    if (dnnl_memory_desc_equal(weight, &plain)) {
        return tam_dnnl_call_argument(layer->dnnl, compute, kind, role, weight);
    }
    size_t bytes = dnnl_memory_desc_get_size(weight);
    layer->base.packed_bytes = bytes > layer->base.packed_bytes ? bytes : layer->base.packed_bytes;
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, compute, kind, PACKED, weight));
    return gradient ? tam_dnnl_call_reorder(layer->dnnl, weight, PACKED, &plain, role, change)
                    : tam_dnnl_call_reorder(layer->dnnl, &plain, role, weight, PACKED, change);
}

static dnnl_status_t make_bias(tam_dnnl_layer *layer, tam_dnnl_direction direction) {
    dnnl_memory_desc_t bias;
    if (!layer->base.shape.bias || direction == BACKWARD_DATA) {
        return dnnl_success;
    }
    DNNL_TRY(tam_dnnl_describe_bias(&layer->base.shape, &bias));
    return direction == FORWARD
               ? tam_dnnl_call_argument(layer->dnnl, &layer->compute[direction], DNNL_ARG_BIAS, BIAS, &bias)
               : tam_dnnl_call_argument(layer->dnnl, &layer->compute[direction], DNNL_ARG_DIFF_BIAS, DBIAS, &bias);
}

/* The map to add, then the slopes: in the order of tam_dnnl_describe_fused. */
static dnnl_status_t make_fused(tam_dnnl_layer *layer) {
    const tam_layer_shape *s = &layer->base.shape;
    tam_dnnl_call *compute = &layer->compute[FORWARD];
    dnnl_memory_desc_t memory;
    int at = 0;
    if (s->add) {
        DNNL_TRY(tam_dnnl_describe_layout(s, &layer->base.y, &memory));
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, compute, DNNL_ARG_ATTR_MULTIPLE_POST_OP(at++) | DNNL_ARG_SRC_1,
                                        ADDED, &memory));
    }
    if (s->prelu) {
        DNNL_TRY(tam_dnnl_describe_bias(s, &memory)); /* one number per channel, too */
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, compute, DNNL_ARG_ATTR_MULTIPLE_POST_OP(at++) | DNNL_ARG_WEIGHTS,
                                        SLOPE, &memory));
    }
    return dnnl_success;
}

static dnnl_status_t make_direction(tam_dnnl_layer *layer, tam_dnnl_direction direction, tam_dnnl_answer *answer) {
    const map_argument *maps = map_arguments[direction];
    const dnnl_query_t query = direction == BACKWARD_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    dnnl_primitive_desc_t description = answer->description[direction];
    /* Copies: tam_dnnl_call_make destroys the description. */
    const dnnl_memory_desc_t weight = *dnnl_primitive_desc_query_md(description, query, 0);
    dnnl_memory_desc_t map[2];
    for (int i = 0; i < 2; i++) {
        map[i] = *dnnl_primitive_desc_query_md(description, maps[i].query, 0);
    }
    layer->base.algorithm[direction] = tam_dnnl_algorithm_name(description);
    answer->description[direction] = NULL;
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, &layer->compute[direction]));
    for (int i = 0; i < 2; i++) {
        int role = maps[i].role == DY && rounds(&layer->base.shape) ? ROUNDED : maps[i].role;
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, &layer->compute[direction], maps[i].kind, role, &map[i]));
    }
    DNNL_TRY(make_bias(layer, direction));
    if (direction == FORWARD && layer->base.fused) {
        DNNL_TRY(make_fused(layer));
    }
    return make_weight(layer, direction, &weight);
}

/* dy comes as y was written; the library wants it as a factor. */
static dnnl_status_t make_round(tam_dnnl_layer *layer) {
    tam_layout factor = layer->base.y;
    dnnl_memory_desc_t from, to;
    factor.dtype = layer->base.shape.dtype;
    DNNL_TRY(tam_dnnl_describe_layout(&layer->base.shape, &layer->base.y, &from));
    DNNL_TRY(tam_dnnl_describe_layout(&layer->base.shape, &factor, &to));
    return tam_dnnl_call_reorder(layer->dnnl, &from, DY, &to, ROUNDED, &layer->round);
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static void settle_scratch(tam_dnnl_layer *layer) {
    enum { ALIGNMENT = 64 };
    size_t bytes = layer->round.scratch_bytes;
    for (int i = 0; i < DIRECTIONS; i++) {
        bytes = most(bytes, most(layer->compute[i].scratch_bytes, layer->weight[i].scratch_bytes));
    }
    layer->rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    layer->base.scratch_bytes = bytes;
    if (layer->round.primitive != NULL) {
        tam_layout factor = layer->base.y;
        factor.dtype = layer->base.shape.dtype;
        layer->base.scratch_bytes = layer->rounded + tam_layout_bytes(&factor);
    }
}

static dnnl_status_t make_calls(tam_dnnl_layer *layer, tam_dnnl_answer *answer) {
    const tam_layer_shape *s = &layer->base.shape;
    const tam_dnnl_choice *choice = &answer->choice;
    layer->base.fused = answer->fused;
    layer->base.x = layer->base.dx = s->in;
    layer->base.x.dtype = layer->base.dx.dtype = s->dtype;
    layer->base.x.lanes = choice->x_lanes;
    layer->base.dx.lanes = s->training ? choice->dx_lanes : choice->x_lanes;
    layer->base.y = (tam_layout){s->in.n, s->out, s->out_h, s->out_w, choice->y_lanes, s->out_dtype};
    for (int i = 0; i < (s->training ? DIRECTIONS : 1); i++) {
        DNNL_TRY(make_direction(layer, (tam_dnnl_direction)i, answer));
    }
    if (s->training && rounds(s)) {
        DNNL_TRY(make_round(layer));
    }
    settle_scratch(layer);
    return dnnl_success;
}

static void run(const tam_dnnl_layer *layer, const tam_dnnl_call *call, const tam_layer_memory *m) {
    void *const address[ROLES] = {
        [X] = (void *)(uintptr_t)m->x,
        [Y] = m->y,
        [DX] = m->dx,
        [DY] = (void *)(uintptr_t)m->dy,
        [WEIGHT] = (void *)(uintptr_t)m->weight,
        [BIAS] = (void *)(uintptr_t)m->bias,
        [DWEIGHT] = m->dweight,
        [DBIAS] = m->dbias,
        [PACKED] = m->packed,
        [SCRATCH] = m->scratch,
        [ADDED] = (void *)(uintptr_t)m->added,
        [SLOPE] = (void *)(uintptr_t)m->slope,
        [ROUNDED] = m->scratch == NULL ? NULL : (char *)m->scratch + layer->rounded,
    };
    tam_dnnl_call_run(layer->dnnl, call, address);
}

static void pack(tam_layer *base, const tam_layer_memory *memory) {
    const tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    run(layer, &layer->weight[FORWARD], memory);
}

static void forward(tam_layer *base, const tam_layer_memory *memory) {
    const tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    run(layer, &layer->compute[FORWARD], memory);
}

void tam_dnnl_layer_pack_data(tam_layer *base, const tam_layer_memory *memory) {
    const tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    run(layer, &layer->weight[BACKWARD_DATA], memory);
}

void tam_dnnl_layer_data(tam_layer *base, const tam_layer_memory *memory) {
    const tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    run(layer, &layer->round, memory);
    run(layer, &layer->compute[BACKWARD_DATA], memory);
}

static void backward_data(tam_layer *base, const tam_layer_memory *memory) {
    tam_dnnl_layer_pack_data(base, memory);
    tam_dnnl_layer_data(base, memory);
}

/* Whether place `tap` of a window along one side ever lies inside the map. */
static bool is_seen(int tap, int stride, int pad, int side, int out_side) {
    for (int y = 0; y < out_side; y++) {
        int at = y * stride + tap - pad;
        if (at >= 0 && at < side) {
            return true;
        }
    }
    return false;
}

/* In bf16 the library leaves what lay in memory where a weight meets nothing but padding, as on maps of one pixel. */
static void clear_unseen(const tam_layer_shape *s, float *dweight) {
    const tam_window *w = &s->window;
    const int64_t windows = (int64_t)s->out * (s->in.c / s->groups);
    for (int tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
        if (is_seen(tap / w->kernel_w, w->stride, w->pad_h, s->in.h, s->out_h) &&
            is_seen(tap % w->kernel_w, w->stride, w->pad_w, s->in.w, s->out_w)) {
            continue;
        }
        for (int64_t i = 0; i < windows; i++) {
            dweight[i * w->kernel_h * w->kernel_w + tap] = 0;
        }
    }
}

static void backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    const tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    run(layer, &layer->round, memory);
    run(layer, &layer->compute[BACKWARD_WEIGHTS], memory);
    run(layer, &layer->weight[BACKWARD_WEIGHTS], memory);
    if (base->shape.op == TAM_LAYER_CONVOLUTION) {
        clear_unseen(&base->shape, memory->dweight);
    }
}

static void free_layer(tam_layer *base) {
    tam_dnnl_layer *layer = (tam_dnnl_layer *)base;
    for (int i = 0; i < DIRECTIONS; i++) {
        tam_dnnl_call_free(&layer->compute[i]);
        tam_dnnl_call_free(&layer->weight[i]);
    }
    tam_dnnl_call_free(&layer->round);
    tam_release(base->ctx, base);
}

static const tam_layer_kind kind = {pack, forward, backward_data, backward_weights, free_layer};
static const tam_layer_kind kind_by_tiles = {pack, forward, backward_data, tam_weight_gradient_backward, free_layer};
static const tam_layer_kind kind_all_by_tiles = {pack, forward, tam_data_gradient_backward,
                                                 tam_weight_gradient_backward, free_layer};

tam_status tam_dnnl_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, const char *name, const tam_layer_shape *shape,
                                 tam_dnnl_answer *answer, tam_layer **out) {
    *out = NULL;
    tam_dnnl_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    layer->base = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape};
    layer->dnnl = dnnl;
    dnnl_status_t status = make_calls(layer, answer);
    if (status != dnnl_success) {
        free_layer(&layer->base);
        return tam_dnnl_translate(ctx, name, status);
    }
    *out = &layer->base;
    return TAM_OK;
}

tam_status tam_layer_make_dnnl(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                               const tam_layer_shape *shape, tam_layer **out) {
    tam_dnnl_answer answer = {0};
    *out = NULL;
    TAM_TRY(tam_dnnl_tune(ctx, dnnl, tuning, name, shape, &answer));
    if (answer.description[FORWARD] == NULL) {
        TAM_TRY(tam_dnnl_translate(ctx, name, tam_dnnl_choose(dnnl, shape, &answer)));
    }
    tam_dnnl_fuse(dnnl, shape, &answer);
    tam_status status = tam_dnnl_layer_create(ctx, dnnl, name, shape, &answer, out);
    tam_dnnl_answer_free(&answer);
    if (status == TAM_OK && tam_weight_gradient_suits(*out)) {
        (*out)->kind = &kind_by_tiles;
        tam_weight_gradient_take(*out);
        if (tam_data_gradient_suits(*out)) {
            (*out)->kind = &kind_all_by_tiles;
            tam_data_gradient_take(*out);
        }
    }
    return status;
}
