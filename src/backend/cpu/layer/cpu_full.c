/* Full layers: y = x w^T + bias over plain rows, cut by the layer's size alone: the same bits on any number of threads.
 * A slice of outputs is a slice of the weights' rows, so that no slice needs a gradient of its own and nothing is added
 * up between tasks. Each product runs on one thread and reads the weights as they are: for a batch of some dozen rows,
 * packing 25088 x 512 weights three times a step takes longer than the products do. In f32 whatever the dtype. */
#include <string.h>

#include "backend/cpu/layer/cpu_layer.h"
#include "backend/cpu/layer/dnnl_product.h"
#include "base/memory.h"
#include "base/team.h"

/* Up to here bf16 saves less in the products than it costs to pack the weights. */
enum { MOST_ROWS_IN_BF16 = 64 };

enum { OUT_SLICE = 64, IN_SLICE = 512 };

typedef struct call {
    const tam_layer_shape *shape;
    const tam_layer_memory *memory;
} call;

typedef struct slice {
    int64_t from, count;
} slice;

static slice slice_at(int64_t task, int64_t width, int64_t all) {
    const int64_t from = task * width;
    return (slice){from, from + width < all ? width : all - from};
}

static int64_t slices(int64_t width, int64_t all) {
    return (all + width - 1) / width;
}

static void forward_slice(void *argument, int64_t task, int worker) {
    const call *c = argument;
    const tam_layer_memory *m = c->memory;
    const int64_t n = c->shape->in.n, in = c->shape->in.c, out = c->shape->out;
    const slice s = slice_at(task, OUT_SLICE, out);
    float *y = (float *)m->y + s.from;
    (void)worker;
    for (int64_t row = 0; m->bias != NULL && row < n; row++) {
        memcpy(y + row * out, m->bias + s.from, (size_t)s.count * sizeof *y);
    }
    tam_dnnl_product(false, true, n, s.count, in, 1.0f, m->x, in, m->weight + s.from * in, in,
                     m->bias != NULL ? 1.0f : 0.0f, y, out);
}

static void data_slice(void *argument, int64_t task, int worker) {
    const call *c = argument;
    const tam_layer_memory *m = c->memory;
    const int64_t n = c->shape->in.n, in = c->shape->in.c, out = c->shape->out;
    const slice s = slice_at(task, IN_SLICE, in);
    (void)worker;
    tam_dnnl_product(false, false, n, s.count, out, 1.0f, m->dy, out, m->weight + s.from, in, 0.0f,
                     (float *)m->dx + s.from, in);
}

static void weights_slice(void *argument, int64_t task, int worker) {
    const call *c = argument;
    const tam_layer_memory *m = c->memory;
    const int64_t n = c->shape->in.n, in = c->shape->in.c, out = c->shape->out;
    const slice s = slice_at(task, OUT_SLICE, out);
    const float *dy = (const float *)m->dy + s.from;
    (void)worker;
    tam_dnnl_product(true, false, s.count, in, n, 1.0f, dy, out, m->x, in, 0.0f, m->dweight + s.from * in, in);
    for (int64_t o = 0; m->dbias != NULL && o < s.count; o++) {
        float sum = 0.0f;
        for (int64_t row = 0; row < n; row++) {
            sum += dy[row * out + o];
        }
        m->dbias[s.from + o] = sum;
    }
}

static void forward(tam_layer *layer, const tam_layer_memory *memory) {
    call c = {&layer->shape, memory};
    tam_team_run(layer->ctx, slices(OUT_SLICE, layer->shape.out), forward_slice, &c);
}

static void backward_data(tam_layer *layer, const tam_layer_memory *memory) {
    call c = {&layer->shape, memory};
    tam_team_run(layer->ctx, slices(IN_SLICE, layer->shape.in.c), data_slice, &c);
}

static void backward_weights(tam_layer *layer, const tam_layer_memory *memory) {
    call c = {&layer->shape, memory};
    tam_team_run(layer->ctx, slices(OUT_SLICE, layer->shape.out), weights_slice, &c);
}

static void free_layer(tam_layer *layer) {
    tam_release(layer->ctx, layer);
}

/* In inference the weights are packed once. */
static bool suits(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_FULL && s->out_dtype == TAM_F32 &&
           (s->deterministic || (s->training && (s->dtype == TAM_F32 || s->in.n <= MOST_ROWS_IN_BF16)));
}

tam_status tam_layer_make_full(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                               const tam_layer_shape *shape, tam_layer **out) {
    static const tam_layer_kind kind = {NULL, forward, backward_data, backward_weights, free_layer};
    *out = NULL;
    (void)dnnl;
    (void)tuning;
    (void)name;
    if (!suits(shape)) {
        return TAM_OK;
    }
    tam_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    const tam_layout x = {shape->in.n, shape->in.c, 1, 1, shape->in.c, TAM_F32};
    const tam_layout y = {shape->in.n, shape->out, 1, 1, shape->out, TAM_F32};
    *layer = (tam_layer){.kind = &kind,
                         .ctx = ctx,
                         .shape = *shape,
                         .x = x,
                         .y = y,
                         .dx = x,
                         .algorithm = {"product", "product", "product"}};
    *out = layer;
    return TAM_OK;
}
