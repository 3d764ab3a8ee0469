/* What a test of a convolution layer needs: maps, weights and gradients in memory of exactly the size that the layer
 * asks for, watched at both ends, and the convolution in f64. */
#ifndef TESTS_UNIT_BACKEND_CONV_WORLD_H
#define TESTS_UNIT_BACKEND_CONV_WORLD_H

#include <math.h>

#include "backend/cpu/layer/cpu_layer.h"
#include "base/bf16.h"
#include "support.h"

enum { MARGIN = 128, CANARY = 0x5a };

/* Exactly `bytes` to be used; beyond them the sanitizer watches, or a margin on both sides does. */
typedef struct block {
    unsigned char *whole;
    void *data;
    size_t bytes;
} block;

static block block_of(size_t bytes) {
    void *whole = NULL;
#if defined(__SANITIZE_ADDRESS__)
    assert_int_equal(posix_memalign(&whole, 64, bytes), 0);
    memset(whole, CANARY, bytes);
    return (block){whole, whole, bytes};
#else
    assert_int_equal(posix_memalign(&whole, 64, bytes + 2 * MARGIN), 0);
    memset(whole, CANARY, bytes + 2 * MARGIN);
    return (block){whole, (unsigned char *)whole + MARGIN, bytes};
#endif
}

static void block_free(block *b) {
#if !defined(__SANITIZE_ADDRESS__)
    for (size_t k = 0; k < MARGIN; k++) {
        assert_int_equal(b->whole[k], CANARY);
        assert_int_equal(b->whole[MARGIN + b->bytes + k], CANARY);
    }
#endif
    free(b->whole);
}

typedef struct conv_case {
    int n, c, h, w, out, kernel, stride, pad, groups;
} conv_case;

static tam_layer_shape shape_of(const conv_case *is, int lanes, tam_dtype dtype, bool bias) {
    return (tam_layer_shape){
        .op = TAM_LAYER_CONVOLUTION,
        .in = {is->n, is->c, is->h, is->w, lanes, dtype},
        .dtype = dtype,
        .out_dtype = dtype,
        .out = is->out,
        .out_h = (is->h + 2 * is->pad - is->kernel) / is->stride + 1,
        .out_w = (is->w + 2 * is->pad - is->kernel) / is->stride + 1,
        .window = {is->kernel, is->kernel, is->stride, is->pad, is->pad},
        .groups = is->groups,
        .bias = bias,
        .training = true,
    };
}

enum { X, Y, DX, DY, ADDED, WEIGHT, BIAS, SLOPE, DWEIGHT, DBIAS, PACKED, SCRATCH, BLOCKS };

typedef struct world {
    tam_layer *layer;
    block block[BLOCKS];
    tam_layer_memory memory;
} world;

/* In [-1, 1), the same in every world: number `index` of block `what`. */
static float any(int what, int64_t index) {
    uint64_t bits = ((uint64_t)index * BLOCKS + (uint64_t)what + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93u;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93u;
    return (float)(int32_t)(bits >> 32) * 0x1p-31f;
}

static int64_t place_of(const tam_layout *layout, int n, int c, int row, int column) {
    int64_t blocks = (layout->c + layout->lanes - 1) / layout->lanes;
    return (((n * blocks + c / layout->lanes) * layout->h + row) * layout->w + column) * layout->lanes +
           c % layout->lanes;
}

static double read_map(const tam_layout *layout, const void *map, int64_t at) {
    return layout->dtype == TAM_F32 ? (double)((const float *)map)[at]
                                    : (double)tam_bf16_value(((const tam_bf16 *)map)[at]);
}

static void fill_map(world *t, int what, const tam_layout *layout) {
    t->block[what] = block_of(tam_layout_bytes(layout));
    int64_t count = tam_layout_sample(layout) * layout->n;
    for (int64_t k = 0; k < count; k++) {
        if (layout->dtype == TAM_F32) {
            ((float *)t->block[what].data)[k] = any(what, k);
        } else {
            ((tam_bf16 *)t->block[what].data)[k] = tam_bf16_nearest(any(what, k));
        }
    }
}

static void fill_floats(world *t, int what, int64_t count) {
    t->block[what] = block_of((size_t)count * sizeof(float));
    for (int64_t k = 0; k < count; k++) {
        ((float *)t->block[what].data)[k] = any(what, k);
    }
}

/* Takes the layer. */
static world world_of(tam_layer *layer) {
    const tam_layer_shape *s = &layer->shape;
    world t = {.layer = layer};
    int64_t weights = (int64_t)s->out * (s->in.c / s->groups) * s->window.kernel_h * s->window.kernel_w;
    fill_map(&t, X, &layer->x);
    fill_map(&t, DY, &layer->y);
    fill_map(&t, ADDED, &layer->y);
    t.block[Y] = block_of(tam_layout_bytes(&layer->y));
    t.block[DX] = block_of(tam_layout_bytes(&layer->dx));
    fill_floats(&t, WEIGHT, weights);
    fill_floats(&t, BIAS, s->out);
    fill_floats(&t, SLOPE, s->out);
    fill_floats(&t, DWEIGHT, weights);
    fill_floats(&t, DBIAS, s->out);
    t.block[PACKED] = block_of(layer->packed_bytes);
    t.block[SCRATCH] = block_of(layer->scratch_bytes);
    t.memory = (tam_layer_memory){
        .x = t.block[X].data,
        .dy = t.block[DY].data,
        .added = t.block[ADDED].data,
        .y = t.block[Y].data,
        .dx = t.block[DX].data,
        .weight = t.block[WEIGHT].data,
        .bias = s->bias ? t.block[BIAS].data : NULL,
        .slope = t.block[SLOPE].data,
        .dweight = t.block[DWEIGHT].data,
        .dbias = s->bias ? t.block[DBIAS].data : NULL,
        .packed = t.block[PACKED].data,
        .scratch = t.block[SCRATCH].data,
    };
    return t;
}

static void world_free(world *t) {
    for (int k = 0; k < BLOCKS; k++) {
        block_free(&t->block[k]);
    }
    tam_layer_free(t->layer);
}

static void world_run(world *t) {
    const tam_layer_kind *kind = t->layer->kind;
    if (kind->pack != NULL) {
        kind->pack(t->layer, &t->memory);
    }
    kind->forward(t->layer, &t->memory);
    if (t->layer->shape.training) {
        kind->backward_weights(t->layer, &t->memory);
        kind->backward_data(t->layer, &t->memory);
    }
}

/* The sums of a convolution in f64: of products, and of their absolute values, by which errors are measured. */
typedef struct truth {
    double *y, *dx, *dweight, *dbias;
    double *y_size, *dx_size, *dweight_size, *dbias_size;
} truth;

static void truth_add(truth *is, const world *t, int n, int out, int in, int row, int column) {
    const tam_layer *layer = t->layer;
    const tam_layer_shape *s = &layer->shape;
    const tam_window *window = &s->window;
    int taps = window->kernel_h * window->kernel_w;
    int channel = out / (s->out / s->groups) * (s->in.c / s->groups) + in;
    int64_t y_at = place_of(&layer->y, n, out, row, column);
    double dy = read_map(&layer->y, t->memory.dy, y_at);
    for (int tap = 0; tap < taps; tap++) {
        int h = row * window->stride - window->pad_h + tap / window->kernel_w;
        int w = column * window->stride - window->pad_w + tap % window->kernel_w;
        if (h < 0 || h >= s->in.h || w < 0 || w >= s->in.w) {
            continue;
        }
        int64_t weight_at = ((int64_t)out * (s->in.c / s->groups) + in) * taps + tap;
        int64_t dx_at = place_of(&layer->dx, n, channel, h, w);
        double x = read_map(&layer->x, t->memory.x, place_of(&layer->x, n, channel, h, w));
        double weight = (double)t->memory.weight[weight_at];
        is->y[y_at] += weight * x;
        is->y_size[y_at] += fabs(weight * x);
        is->dx[dx_at] += weight * dy;
        is->dx_size[dx_at] += fabs(weight * dy);
        is->dweight[weight_at] += x * dy;
        is->dweight_size[weight_at] += fabs(x * dy);
    }
}

static double *zeros(size_t bytes) {
    return calloc(bytes / 2 + 1, sizeof(double));
}

static truth truth_of(const world *t) {
    const tam_layer *layer = t->layer;
    const tam_layer_shape *s = &layer->shape;
    const size_t bytes[] = {t->block[Y].bytes, t->block[DX].bytes, t->block[DWEIGHT].bytes, t->block[DBIAS].bytes};
    truth is = {zeros(bytes[0]), zeros(bytes[1]), zeros(bytes[2]), zeros(bytes[3]),
                zeros(bytes[0]), zeros(bytes[1]), zeros(bytes[2]), zeros(bytes[3])};
    for (int n = 0; n < s->in.n; n++) {
        for (int out = 0; out < s->out; out++) {
            for (int pixel = 0; pixel < s->out_h * s->out_w; pixel++) {
                int row = pixel / s->out_w, column = pixel % s->out_w;
                int64_t at = place_of(&layer->y, n, out, row, column);
                double dy = read_map(&layer->y, t->memory.dy, at);
                is.y[at] = is.y_size[at] = s->bias ? (double)t->memory.bias[out] : 0;
                is.y_size[at] = fabs(is.y_size[at]);
                is.dbias[out] += dy;
                is.dbias_size[out] += fabs(dy);
                for (int in = 0; in < s->in.c / s->groups; in++) {
                    truth_add(&is, t, n, out, in, row, column);
                }
            }
        }
    }
    return is;
}

static void truth_free(truth *is) {
    double *all[] = {is->y, is->dx, is->dweight, is->dbias, is->y_size, is->dx_size, is->dweight_size, is->dbias_size};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        free(all[k]);
    }
}

/* f32: a few roundings of the sum's size; bf16: half a unit in the last place of the result besides. */
static void check_number(double got, double expected, double size, bool narrow, const char *what, int64_t at) {
    double allowed = size * 2e-6 + (narrow ? fabs(expected) * 0x1.01p-8 : 0) + 1e-37;
    if (!(fabs(got - expected) <= allowed)) {
        fail_msg("%s[%lld] is %.9g, not %.9g (size %g)", what, (long long)at, got, expected, size);
    }
}

static void check_map(const tam_layout *layout, const void *got, const double *expected, const double *size,
                      const char *what) {
    for (int64_t k = 0; k < tam_layout_sample(layout) * layout->n; k++) {
        check_number(read_map(layout, got, k), expected[k], size[k], layout->dtype != TAM_F32, what, k);
    }
}

static void check_floats(const float *got, const double *expected, const double *size, int64_t count,
                         const char *what) {
    for (int64_t k = 0; k < count; k++) {
        check_number((double)got[k], expected[k], size[k], false, what, k);
    }
}

/* What inference does behind the convolution. */
static void truth_finish(truth *is, const world *t) {
    const tam_layer *layer = t->layer;
    const tam_layer_shape *s = &layer->shape;
    for (int64_t at = 0; at < tam_layout_sample(&layer->y) * layer->y.n; at++) {
        int64_t of = at / tam_layout_run(&layer->y) % tam_layout_blocks(&layer->y);
        int64_t channel = of * layer->y.lanes + at % layer->y.lanes;
        is->y[at] += s->add ? read_map(&layer->y, t->memory.added, at) : 0;
        is->y_size[at] += s->add ? fabs(read_map(&layer->y, t->memory.added, at)) : 0;
        is->y[at] *= is->y[at] > 0 ? 1 : s->prelu ? (double)t->memory.slope[channel] : s->relu ? 0 : 1;
    }
}

static void check_world(const world *t) {
    const tam_layer *layer = t->layer;
    const tam_layer_shape *s = &layer->shape;
    truth is = truth_of(t);
    truth_finish(&is, t);
    check_map(&layer->y, t->memory.y, is.y, is.y_size, "y");
    if (s->training) {
        int64_t weights = (int64_t)(t->block[DWEIGHT].bytes / sizeof(float));
        check_map(&layer->dx, t->memory.dx, is.dx, is.dx_size, "dx");
        check_floats(t->memory.dweight, is.dweight, is.dweight_size, weights, "dweight");
        if (s->bias) {
            check_floats(t->memory.dbias, is.dbias, is.dbias_size, s->out, "dbias");
        }
    }
    truth_free(&is);
}

static void check_same(const world *one, const world *other) {
    static const int results[] = {Y, DX, DWEIGHT, DBIAS};
    for (size_t k = 0; k < sizeof results / sizeof *results; k++) {
        const block *a = &one->block[results[k]], *b = &other->block[results[k]];
        assert_int_equal(a->bytes, b->bytes);
        assert_memory_equal(a->data, b->data, a->bytes);
    }
}

#endif
