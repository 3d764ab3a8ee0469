/* The first layer of a transformer in bf16: windows side by side on a plain map of few channels. Each window's numbers,
 * in the order of the weights (channel, row, column), become the channels of one pixel, and the convolution one with
 * 1 x 1 windows, for which there are fast kernels in all directions. */
#include "backend/cpu/layer/cpu_layer.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"

enum { MOST_CHANNELS = 4, LEAST_NUMBERS = 32, MULTIPLE = 16, ALIGNMENT = 64 };

typedef struct patch_layer {
    tam_layer base;
    tam_layer *inner;
    size_t patch_bytes; /* of scratch memory, before the inner layer's own */
} patch_layer;

typedef struct job {
    const tam_layer_shape *shape;
    const float *x;
    tam_bf16 *patches;
    float *dx;
} job;

/* The k numbers of one row of each window, `step` numbers apart. */
TAM_KERNEL_PART void take_windows(int windows, const int k, int64_t step, const float *x, tam_bf16 *to) {
    for (int i = 0; i < windows; i++) {
#pragma omp simd
        for (int v = 0; v < k; v++) {
            to[i * step + v] = tam_bf16_nearest(x[i * k + v]);
        }
    }
}

TAM_KERNEL static void take_row(int windows, int k, int64_t step, const float *x, tam_bf16 *to) {
    if (k == 8) {
        take_windows(windows, 8, step, x, to);
    } else if (k == 16) {
        take_windows(windows, 16, step, x, to);
    } else {
        take_windows(windows, k, step, x, to);
    }
}

TAM_KERNEL static void give_row(int windows, int k, int64_t step, const tam_bf16 *from, float *dx) {
    for (int i = 0; i < windows; i++) {
        for (int v = 0; v < k; v++) {
            dx[i * k + v] = tam_bf16_value(from[i * step + v]);
        }
    }
}

/* A row of windows of one sample. */
static void move_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    const tam_layer_shape *s = j->shape;
    int k = s->window.stride;
    int64_t step = (int64_t)s->in.c * k * k, sample = task / s->out_h, row = task % s->out_h * k;
    tam_bf16 *patches = j->patches + task * s->out_w * step;
    (void)worker;
    for (int c = 0; c < s->in.c; c++) {
        for (int u = 0; u < k; u++) {
            int64_t at = ((sample * s->in.c + c) * s->in.h + row + u) * s->in.w;
            tam_bf16 *place = patches + (int64_t)(c * k + u) * k;
            if (j->dx != NULL) {
                give_row(s->out_w, k, step, place, j->dx + at);
            } else {
                take_row(s->out_w, k, step, j->x + at, place);
            }
        }
    }
}

static tam_layer_memory inner_memory(const patch_layer *layer, const tam_layer_memory *memory) {
    tam_layer_memory inner = *memory;
    inner.x = memory->scratch;
    inner.dx = memory->scratch;
    inner.scratch = (char *)memory->scratch + layer->patch_bytes;
    return inner;
}

static void move(const patch_layer *layer, const tam_layer_memory *memory, float *dx) {
    const tam_layer_shape *shape = &layer->base.shape;
    job j = {shape, memory->x, memory->scratch, dx};
    tam_team_run(layer->base.ctx, (int64_t)shape->in.n * shape->out_h, move_task, &j);
}

static void pack(tam_layer *base, const tam_layer_memory *memory) {
    const patch_layer *layer = (const patch_layer *)base;
    const tam_layer_memory inner = inner_memory(layer, memory);
    if (layer->inner->kind->pack != NULL) {
        layer->inner->kind->pack(layer->inner, &inner);
    }
}

static void forward(tam_layer *base, const tam_layer_memory *memory) {
    const patch_layer *layer = (const patch_layer *)base;
    const tam_layer_memory inner = inner_memory(layer, memory);
    move(layer, memory, NULL);
    layer->inner->kind->forward(layer->inner, &inner);
}

static void backward_data(tam_layer *base, const tam_layer_memory *memory) {
    const patch_layer *layer = (const patch_layer *)base;
    const tam_layer_memory inner = inner_memory(layer, memory);
    layer->inner->kind->backward_data(layer->inner, &inner);
    move(layer, memory, memory->dx);
}

static void backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    const patch_layer *layer = (const patch_layer *)base;
    const tam_layer_memory inner = inner_memory(layer, memory);
    move(layer, memory, NULL);
    layer->inner->kind->backward_weights(layer->inner, &inner);
}

static void free_layer(tam_layer *base) {
    tam_layer_free(((patch_layer *)base)->inner);
    tam_release(base->ctx, base);
}

static bool suits(const tam_layer_shape *s) {
    const tam_window *w = &s->window;
    int64_t numbers = (int64_t)s->in.c * w->stride * w->stride;
    bool side_by_side = w->stride > 1 && w->kernel_h == w->stride && w->kernel_w == w->stride && w->pad_h == 0 &&
                        w->pad_w == 0 && s->in.h == s->out_h * w->stride && s->in.w == s->out_w * w->stride;
    return s->op == TAM_LAYER_CONVOLUTION && s->dtype == TAM_BF16 && side_by_side && s->groups == 1 && !s->add &&
           s->in.c <= MOST_CHANNELS && s->in.dtype == TAM_F32 && s->in.lanes == 1 && numbers >= LEAST_NUMBERS &&
           numbers % MULTIPLE == 0 && s->out % MULTIPLE == 0 && tam_layer_suits_bf16();
}

static const tam_layer_kind kind = {pack, forward, backward_data, backward_weights, free_layer};

tam_status tam_layer_make_patch(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                const tam_layer_shape *shape, tam_layer **out) {
    *out = NULL;
    if (!suits(shape)) {
        return TAM_OK;
    }
    int numbers = shape->in.c * shape->window.stride * shape->window.stride;
    tam_layer_shape pixels = *shape;
    pixels.in = (tam_layout){shape->in.n, numbers, shape->out_h, shape->out_w, numbers, TAM_BF16};
    pixels.window = (tam_window){.kernel_h = 1, .kernel_w = 1, .stride = 1};
    pixels.free_gradient = false;
    tam_layer *inner = NULL;
    TAM_TRY(tam_layer_create(ctx, dnnl, tuning, name, &pixels, &inner));
    patch_layer *layer = tam_layout_same(&inner->x, &pixels.in) ? tam_allocate(ctx, 1, sizeof *layer, "a layer") : NULL;
    if (layer == NULL) {
        bool other = !tam_layout_same(&inner->x, &pixels.in);
        tam_layer_free(inner);
        return other ? TAM_OK : TAM_RESOURCES;
    }
    layer->base = *inner;
    layer->base.kind = &kind;
    layer->base.shape = *shape;
    layer->base.x = layer->base.dx = shape->in;
    layer->inner = inner;
    layer->patch_bytes = (tam_layout_bytes(&pixels.in) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    layer->base.scratch_bytes = layer->patch_bytes + inner->scratch_bytes;
    *out = &layer->base;
    return TAM_OK;
}
