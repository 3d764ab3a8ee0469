/* The gradient of weights by matrix registers, against a plain f64 sum over the same bf16 numbers; memory of exact
 * size. */
#include <math.h>

#include "backend/cpu/layer/weight_gradient.h"
#include "base/bf16.h"
#include "base/random.h"
#include "base/team.h"
#include "support.h"

typedef struct shape {
    int n, ic, oc, h, w;
    tam_window window;
    int groups;
} shape;

static tam_layer layer_of(tam_ctx *ctx, const shape *s) {
    const tam_window window = s->window;
    tam_layer layer = {.ctx = ctx};
    layer.shape = (tam_layer_shape){
        .op = TAM_LAYER_CONVOLUTION,
        .in = {s->n, s->ic, s->h, s->w, s->ic, TAM_BF16},
        .dtype = TAM_BF16,
        .out_dtype = TAM_BF16,
        .out = s->oc,
        .out_h = (s->h + 2 * window.pad_h - window.kernel_h) / s->window.stride + 1,
        .out_w = (s->w + 2 * window.pad_w - window.kernel_w) / s->window.stride + 1,
        .window = window,
        .groups = s->groups,
        .bias = true,
        .training = true,
    };
    layer.x = layer.dx = layer.shape.in;
    layer.y = (tam_layout){s->n, s->oc, layer.shape.out_h, layer.shape.out_w, s->oc, TAM_BF16};
    return layer;
}

static tam_bf16 *fill(int64_t count, uint32_t stream) {
    tam_bf16 *values = malloc((size_t)count * sizeof *values);
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, stream, 0);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = tam_bf16_nearest(tam_random_normal(&random));
    }
    return values;
}

static double expected_weight(const shape *s, const tam_layer_shape *l, const tam_bf16 *x, const tam_bf16 *dy, int o,
                              int i, int u, int v) {
    const tam_window *window = &l->window;
    const int channel = o / (s->oc / l->groups) * (s->ic / l->groups) + i;
    double sum = 0;
    for (int n = 0; n < s->n; n++) {
        for (int oy = 0; oy < l->out_h; oy++) {
            int y = oy * s->window.stride + u - window->pad_h;
            for (int ox = 0; ox < l->out_w; ox++) {
                int at = ox * s->window.stride + v - window->pad_w;
                if (y >= 0 && y < s->h && at >= 0 && at < s->w) {
                    sum += (double)tam_bf16_value(x[((int64_t)(n * s->h + y) * s->w + at) * s->ic + channel]) *
                           (double)tam_bf16_value(dy[((int64_t)(n * l->out_h + oy) * l->out_w + ox) * s->oc + o]);
                }
            }
        }
    }
    return sum;
}

static float *run(tam_layer *layer, const tam_bf16 *x, const tam_bf16 *dy, int64_t weights) {
    float *gradient = malloc((size_t)(weights + layer->shape.out) * sizeof *gradient);
    char *scratch = malloc(layer->scratch_bytes);
    assert_non_null(gradient);
    assert_non_null(scratch);
    memset(scratch, 0xff, layer->scratch_bytes); /* NaN everywhere */
    tam_layer_memory memory = {.x = x, .dy = dy, .dweight = gradient, .dbias = gradient + weights, .scratch = scratch};
    tam_team_enter(layer->ctx);
    tam_weight_gradient_backward(layer, &memory);
    free(scratch);
    return gradient;
}

static void check(tam_ctx *ctx, const shape *s) {
    tam_layer layer = layer_of(ctx, s);
    const tam_layer_shape *l = &layer.shape;
    assert_true(tam_weight_gradient_suits(&layer));
    tam_weight_gradient_take(&layer);
    int taps = l->window.kernel_h * l->window.kernel_w;
    int64_t pixels = (int64_t)l->out_h * l->out_w, weights = (int64_t)s->oc * (s->ic / l->groups) * taps;
    tam_bf16 *x = fill((int64_t)s->n * s->ic * s->h * s->w, 1), *dy = fill(s->n * pixels * s->oc, 2);
    float *got = run(&layer, x, dy, weights);
    double tolerance = 1e-5 * sqrt((double)s->n * (double)pixels) + 1e-6;
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, 3, 0);
    for (int64_t trial = 0; trial < (weights < 3000 ? weights : 3000); trial++) {
        int64_t at = weights < 3000 ? trial : tam_random_below(&random, (uint32_t)weights);
        int tap = (int)(at % taps), i = (int)(at / taps % (s->ic / l->groups)),
            o = (int)(at / taps / (s->ic / l->groups));
        double expected = expected_weight(s, l, x, dy, o, i, tap / l->window.kernel_w, tap % l->window.kernel_w);
        if (!(fabs((double)got[at] - expected) <= tolerance * 10)) {
            fail_msg("n=%d ic=%d oc=%d %dx%d k=%dx%d s=%d p=%dx%d: dw[%d][%d][tap %d] is %g, not %g", s->n, s->ic,
                     s->oc, s->h, s->w, s->window.kernel_h, s->window.kernel_w, s->window.stride, s->window.pad_h,
                     s->window.pad_w, o, i, tap, (double)got[at], expected);
        }
    }
    for (int o = 0; o < s->oc; o++) {
        double sum = 0;
        for (int64_t p = 0; p < s->n * pixels; p++) {
            sum += (double)tam_bf16_value(dy[p * s->oc + o]);
        }
        assert_true(fabs((double)got[weights + o] - sum) <= tolerance * 10);
    }
    tam_ctx *many = test_ctx(3);
    layer.ctx = many;
    tam_weight_gradient_take(&layer);
    float *again = run(&layer, x, dy, weights);
    assert_memory_equal(got, again, (size_t)(weights + s->oc) * sizeof *got);
    test_ctx_free(many);
    free(again);
    free(got);
    free(x);
    free(dy);
}

static void it_is_the_sum(void **state) {
    static const shape shapes[] = {
        /* Few channels: a row of the window stands for them. */
        {2, 3, 16, 9, 8, {3, 3, 1, 1, 1}, 1},
        {3, 3, 64, 15, 14, {7, 7, 2, 3, 3}, 1},
        {2, 1, 20, 7, 9, {5, 3, 1, 2, 0}, 1},
        {1, 4, 32, 6, 40, {3, 3, 2, 1, 1}, 1},
        {2, 3, 16, 2, 3, {3, 3, 1, 2, 4}, 1},
        /* Others. */
        {2, 16, 16, 5, 7, {3, 3, 1, 1, 1}, 1},
        {1, 32, 32, 1, 1, {3, 3, 1, 1, 1}, 1},
        {3, 48, 16, 9, 8, {3, 3, 2, 1, 1}, 1},
        {2, 16, 48, 8, 9, {1, 1, 1, 0, 0}, 1},
        {5, 64, 32, 7, 7, {1, 1, 2, 0, 0}, 1},
        {2, 32, 64, 14, 13, {5, 5, 1, 2, 2}, 1},
        {1, 16, 16, 15, 11, {7, 7, 2, 3, 3}, 1},
        {2, 80, 112, 6, 6, {3, 3, 1, 1, 1}, 1},
        {2, 16, 16, 6, 5, {2, 2, 3, 0, 0}, 1},
        {1, 16, 32, 4, 4, {3, 3, 3, 1, 1}, 1},
        {40, 32, 32, 7, 7, {3, 3, 1, 1, 1}, 1},
        {2, 64, 64, 112, 112, {3, 3, 1, 1, 1}, 1},
        {2, 64, 64, 65, 40, {3, 3, 2, 1, 1}, 1},
        {3, 512, 512, 7, 7, {3, 3, 1, 1, 1}, 1},
        {1, 16, 16, 3, 200, {3, 3, 1, 4, 4}, 1},
        {2, 24, 58, 9, 8, {1, 1, 1, 0, 0}, 1},
        {2, 58, 116, 7, 7, {3, 3, 2, 1, 1}, 1},
        {3, 8, 3, 5, 6, {3, 3, 1, 1, 1}, 1},
        {2, 33, 31, 6, 6, {3, 3, 1, 1, 1}, 1},
        {1, 300, 17, 5, 5, {1, 1, 1, 0, 0}, 1},
        {2, 32, 48, 7, 7, {1, 7, 1, 0, 3}, 1},
        {2, 48, 32, 7, 7, {7, 1, 1, 3, 0}, 1},
        {3, 16, 16, 3, 3, {1, 3, 1, 0, 1}, 1},
        {3, 32, 32, 9, 8, {3, 1, 2, 1, 0}, 1},
        {2, 16, 32, 9, 8, {2, 5, 3, 0, 2}, 1},
        /* Groups. */
        {2, 64, 64, 9, 7, {3, 3, 1, 1, 1}, 16},
        {2, 96, 96, 9, 7, {3, 3, 2, 1, 1}, 6},
        {1, 64, 64, 9, 7, {3, 3, 1, 1, 1}, 2},
        {3, 16, 16, 6, 7, {3, 3, 1, 1, 1}, 4},
        {2, 48, 48, 5, 5, {3, 3, 1, 1, 1}, 6},
        /* One product. */
        {1, 8, 8, 1, 1, {1, 1, 1, 0, 0}, 1},
        {1, 33, 17, 1, 33, {1, 1, 1, 0, 0}, 1},
        {3, 15, 200, 5, 9, {1, 1, 2, 0, 0}, 1},
        {2, 300, 21, 6, 8, {1, 1, 3, 0, 0}, 1},
        {3, 520, 300, 7, 7, {1, 1, 1, 0, 0}, 1},
        {2, 264, 272, 29, 30, {1, 1, 1, 0, 0}, 1},
        {3, 32, 48, 90, 71, {1, 1, 1, 0, 0}, 1},
        {2, 3, 24, 41, 67, {7, 7, 2, 3, 3}, 1},
        {2, 4, 40, 9, 7, {3, 8, 4, 2, 7}, 1},
        {1, 1, 16, 200, 11, {1, 3, 1, 0, 1}, 1},
        {2, 3, 32, 3, 2, {5, 5, 3, 4, 4}, 1},
    };
    tam_ctx *ctx = test_ctx(1);
    (void)state;
    if (!tam_gradient_amx_runs_here() || !tam_layer_suits_bf16()) {
        skip(); /* no matrix registers */
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check(ctx, &shapes[i]);
    }
    test_ctx_free(ctx);
}

static void other_layers_are_left_alone(void **state) {
    const shape good = {2, 32, 32, 5, 7, {3, 3, 1, 1, 1}, 1};
    tam_ctx *ctx = test_ctx(1);
    (void)state;
    tam_layer layer = layer_of(ctx, &good);
    bool here = tam_weight_gradient_suits(&layer);
    assert_int_equal(here, tam_gradient_amx_runs_here() && tam_layer_suits_bf16());
    layer.y.dtype = TAM_F32;
    assert_false(tam_weight_gradient_suits(&layer));
    layer = layer_of(ctx, &good);
    layer.x.lanes = 16;
    assert_false(tam_weight_gradient_suits(&layer));
    layer = layer_of(ctx, &good);
    layer.shape.groups = 16; /* of 2 channels */
    assert_false(tam_weight_gradient_suits(&layer));
    const shape wide = {2, 128, 128, 5, 7, {3, 3, 1, 1, 1}, 1}, uneven = {2, 32, 64, 5, 7, {3, 3, 1, 1, 1}, 1};
    layer = layer_of(ctx, &wide);
    layer.shape.groups = 2;
    assert_false(tam_weight_gradient_suits(&layer));
    layer = layer_of(ctx, &uneven);
    layer.shape.groups = 2;
    assert_false(tam_weight_gradient_suits(&layer));
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_sum),
        cmocka_unit_test(other_layers_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
