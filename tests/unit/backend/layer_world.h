/* A layer with weights beside the definition, in f64: the net of loops that anyone would write. */
#ifndef TESTS_LAYER_WORLD_H
#define TESTS_LAYER_WORLD_H

#include <math.h>

#include "backend/cpu/layer/cpu_layer.h"
#include "base/bf16.h"
#include "base/team.h"
#include "support.h"

/* Plain (n, c, h, w) and (o, i, h, w) arrays. `size` of a result: the sum of its terms' magnitudes, which rounding is
 * measured by. */
typedef struct layer_world {
    tam_layer_shape shape;
    int64_t x_count, y_count, w_count;
    float *x, *w, *bias, *dy;
    double *y, *dx, *dw, *db;
    double *y_size, *dx_size, *dw_size, *db_size;
} layer_world;

static inline float world_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * 0x1p-31f;
}

static inline void *world_block(int64_t count, size_t size) {
    assert_true(count > 0 && count < INT32_MAX);
    return calloc((size_t)count, size);
}

/* Factors as the layer's dtype holds them: what is left is the error of sums and results. */
static inline float *world_fill(int64_t count, bool round, uint32_t seed) {
    float *numbers = world_block(count, sizeof *numbers);
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = world_number(&seed);
        numbers[i] = round ? tam_bf16_value(tam_bf16_nearest(numbers[i])) : numbers[i];
    }
    return numbers;
}

static inline double *world_zeros(int64_t count) {
    return world_block(count, sizeof(double));
}

/* One term of all three sums: y += x w, dx += dy w, dw += dy x. */
static inline void world_term(layer_world *world, int64_t xi, int64_t wi, int64_t yi) {
    bool round = world->shape.dtype == TAM_BF16;
    double x = (double)world->x[xi], w = (double)world->w[wi];
    double dy = (double)(round ? tam_bf16_value(tam_bf16_nearest(world->dy[yi])) : world->dy[yi]);
    world->y[yi] += x * w;
    world->y_size[yi] += fabs(x * w);
    world->dx[xi] += dy * w;
    world->dx_size[xi] += fabs(dy * w);
    world->dw[wi] += dy * x;
    world->dw_size[wi] += fabs(dy * x);
}

/* All terms of one output. */
static inline void world_output(layer_world *world, int n, int o, int i, int j) {
    const tam_layer_shape *s = &world->shape;
    const tam_window *window = &s->window;
    int taps = window->kernel_h * window->kernel_w;
    int in = s->in.c / s->groups, first = o / (s->out / s->groups) * in;
    int64_t yi = (((int64_t)n * s->out + o) * s->out_h + i) * s->out_w + j;
    for (int c = 0; c < in; c++) {
        for (int k = 0; k < taps; k++) {
            int h = i * window->stride - window->pad_h + k / window->kernel_w;
            int w = j * window->stride - window->pad_w + k % window->kernel_w;
            if (h >= 0 && h < s->in.h && w >= 0 && w < s->in.w) {
                int64_t xi = (((int64_t)n * s->in.c + first + c) * s->in.h + h) * s->in.w + w;
                world_term(world, xi, ((int64_t)o * in + c) * taps + k, yi);
            }
        }
    }
    if (s->bias) {
        bool round = s->dtype == TAM_BF16;
        double dy = (double)(round ? tam_bf16_value(tam_bf16_nearest(world->dy[yi])) : world->dy[yi]);
        world->y[yi] += (double)world->bias[o];
        world->db[o] += dy;
        world->db_size[o] += fabs(dy);
    }
}

/* With out_h and out_w; a full layer is a convolution over one pixel. */
static inline tam_layer_shape world_shape(tam_layer_shape shape) {
    if (shape.op == TAM_LAYER_FULL) {
        shape.window = (tam_window){1, 1, 1, 0, 0};
        shape.groups = 1;
    }
    const tam_window *window = &shape.window;
    shape.out_h = (shape.in.h + 2 * window->pad_h - window->kernel_h) / window->stride + 1;
    shape.out_w = (shape.in.w + 2 * window->pad_w - window->kernel_w) / window->stride + 1;
    return shape;
}

static inline layer_world world_create(tam_layer_shape shape) {
    shape = world_shape(shape);
    layer_world world = {.shape = shape};
    bool round = shape.dtype == TAM_BF16;
    world.x_count = (int64_t)shape.in.n * shape.in.c * shape.in.h * shape.in.w;
    world.y_count = (int64_t)shape.in.n * shape.out * shape.out_h * shape.out_w;
    world.w_count = (int64_t)shape.out * (shape.in.c / shape.groups) * shape.window.kernel_h * shape.window.kernel_w;
    world.x = world_fill(world.x_count, round, 1);
    world.w = world_fill(world.w_count, round, 2);
    world.bias = world_fill(shape.out, false, 3);
    world.dy = world_fill(world.y_count, round && shape.out_dtype == TAM_BF16, 4);
    world.y = world_zeros(world.y_count), world.y_size = world_zeros(world.y_count);
    world.dx = world_zeros(world.x_count), world.dx_size = world_zeros(world.x_count);
    world.dw = world_zeros(world.w_count), world.dw_size = world_zeros(world.w_count);
    world.db = world_zeros(shape.out), world.db_size = world_zeros(shape.out);
    for (int64_t at = 0; at < world.y_count; at++) {
        int64_t pixels = (int64_t)shape.out_h * shape.out_w;
        world_output(&world, (int)(at / pixels / shape.out), (int)(at / pixels % shape.out),
                     (int)(at % pixels / shape.out_w), (int)(at % shape.out_w));
    }
    return world;
}

static inline void world_free(layer_world *world) {
    void *const blocks[] = {world->x,  world->w,  world->bias,   world->dy,      world->y,       world->dx,
                            world->dw, world->db, world->y_size, world->dx_size, world->dw_size, world->db_size};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        free(blocks[i]);
    }
}

/* What a layer made of it, as plain f32 arrays. */
typedef struct layer_results {
    float *y, *dx, *dw, *db;
} layer_results;

static inline void *world_room(size_t bytes) {
    void *room = aligned_alloc(64, (bytes + 64) / 64 * 64);
    memset(room, 0xff, (bytes + 64) / 64 * 64); /* NaN: what nobody writes is seen */
    return room;
}

static inline tam_layout world_plain(const tam_layout *layout) {
    tam_shape shape = {layout->c, layout->h, layout->w, layout->h * layout->w == 1};
    return tam_layout_plain(layout->n, shape);
}

static inline void *world_to(tam_ctx *ctx, const tam_layout *layout, const float *plain) {
    void *room = world_room(tam_layout_bytes(layout));
    tam_layout from = world_plain(layout);
    tam_layout_copy(ctx, layout->n, &from, plain, layout, room);
    return room;
}

/* The fill of a last block must be zero. */
static inline void world_check_fill(const tam_layout *layout, const void *room) {
    const int64_t pixels = tam_layout_pixels(layout), blocks = tam_layout_blocks(layout);
    const int64_t used = layout->c - (blocks - 1) * layout->lanes;
    const float *f32 = room;
    const tam_bf16 *bf16 = room;
    for (int64_t n = 0; n < layout->n; n++) {
        for (int64_t i = 0; i < pixels * layout->lanes; i++) {
            const int64_t at = (n * blocks + blocks - 1) * pixels * layout->lanes + i;
            const float number = layout->dtype == TAM_BF16 ? tam_bf16_value(bf16[at]) : f32[at];
            assert_true(i % layout->lanes < used || number == 0.0f);
        }
    }
}

/* Takes the room. */
static inline float *world_from(tam_ctx *ctx, const tam_layout *layout, void *room) {
    tam_layout to = world_plain(layout);
    float *plain = world_room(tam_layout_bytes(&to));
    world_check_fill(layout, room);
    tam_layout_copy(ctx, layout->n, layout, room, &to, plain);
    free(room);
    return plain;
}

/* Every call of a layer, twice: the second call must not see what the first left. */
static inline layer_results world_run(tam_ctx *ctx, tam_layer *layer, const layer_world *world) {
    layer_results results = {.dw = world_room((size_t)world->w_count * sizeof(float)),
                             .db = world_room((size_t)world->shape.out * sizeof(float))};
    void *x = world_to(ctx, &layer->x, world->x), *dy = world_to(ctx, &layer->y, world->dy);
    void *y = world_room(tam_layout_bytes(&layer->y)), *dx = world_room(tam_layout_bytes(&layer->dx));
    void *packed = world_room(layer->packed_bytes), *scratch = world_room(layer->scratch_bytes);
    const tam_layer_memory memory = {.x = x,
                                     .dy = dy,
                                     .y = y,
                                     .dx = dx,
                                     .weight = world->w,
                                     .bias = world->shape.bias ? world->bias : NULL,
                                     .dweight = results.dw,
                                     .dbias = world->shape.bias ? results.db : NULL,
                                     .packed = packed,
                                     .scratch = scratch};
    tam_team_enter(ctx);
    for (int run = 0; run < 2; run++) {
        if (layer->kind->pack != NULL) {
            layer->kind->pack(layer, &memory);
        }
        layer->kind->forward(layer, &memory);
        if (world->shape.training) {
            layer->kind->backward_weights(layer, &memory);
            layer->kind->backward_data(layer, &memory);
        }
    }
    results.y = world_from(ctx, &layer->y, y);
    if (world->shape.training) {
        results.dx = world_from(ctx, &layer->dx, dx);
    } else {
        free(dx);
    }
    free(x);
    free(dy);
    free(packed);
    free(scratch);
    return results;
}

static inline void world_results_free(layer_results *results) {
    free(results->y);
    free(results->dx);
    free(results->dw);
    free(results->db);
}

/* |got - wanted| <= sums * size + half a last place of bf16 where the result is stored so. */
static inline void world_near(const char *what, int64_t count, const float *got, const double *wanted,
                              const double *size, double sums, tam_dtype stored) {
    const double step = stored == TAM_BF16 ? 0x1p-8 : 0x1p-23;
    for (int64_t i = 0; i < count; i++) {
        double allowed = sums * size[i] + step * fabs(wanted[i]);
        if (!(fabs((double)got[i] - wanted[i]) <= allowed)) {
            fail_msg("%s[%lld] is %g, should be %g, +- %g", what, (long long)i, (double)got[i], wanted[i], allowed);
        }
    }
}

static inline void world_check(const layer_world *world, const layer_results *results, double sums) {
    const tam_layer_shape *s = &world->shape;
    world_near("y", world->y_count, results->y, world->y, world->y_size, sums, s->out_dtype);
    if (s->training) {
        world_near("dx", world->x_count, results->dx, world->dx, world->dx_size, sums, s->dtype);
        world_near("dw", world->w_count, results->dw, world->dw, world->dw_size, sums, TAM_F32);
    }
    if (s->training && s->bias) {
        world_near("db", s->out, results->db, world->db, world->db_size, sums, TAM_F32);
    }
}

#endif
