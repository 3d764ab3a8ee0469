/* The gradient of a strided convolution's input by matrix registers, against a plain f64 sum over the same bf16
 * numbers; memory of exact size. */
#include <math.h>

#include "backend/cpu/layer/data_gradient.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/bf16.h"
#include "base/random.h"
#include "base/team.h"
#include "support.h"

typedef struct shape {
    int n, ic, oc, h, w;
    tam_window window;
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
        .groups = 1,
        .training = true,
    };
    layer.x = layer.dx = layer.shape.in;
    layer.y = (tam_layout){s->n, s->oc, layer.shape.out_h, layer.shape.out_w, s->oc, TAM_BF16};
    return layer;
}

static float number(uint32_t stream, int64_t at) {
    tam_random random = tam_random_at(8, TAM_PURPOSE_TEST, stream, (uint32_t)at);
    return tam_bf16_value(tam_bf16_nearest(tam_random_normal(&random)));
}

static double expected_at(const shape *s, const tam_layer_shape *l, const tam_bf16 *dy, const float *weight, int n,
                          int y, int x, int i) {
    const tam_window *window = &l->window;
    double sum = 0;
    for (int u = 0; u < window->kernel_h; u++) {
        for (int v = 0; v < window->kernel_w; v++) {
            int down = y + window->pad_h - u, across = x + window->pad_w - v;
            if (down < 0 || across < 0 || down % s->window.stride != 0 || across % s->window.stride != 0 ||
                down / s->window.stride >= l->out_h || across / s->window.stride >= l->out_w) {
                continue;
            }
            const tam_bf16 *pixel =
                dy + (((int64_t)n * l->out_h + down / s->window.stride) * l->out_w + across / s->window.stride) * s->oc;
            for (int o = 0; o < s->oc; o++) {
                sum += (double)tam_bf16_value(pixel[o]) *
                       (double)weight[(((int64_t)o * s->ic + i) * window->kernel_h + u) * window->kernel_w + v];
            }
        }
    }
    return sum;
}

static tam_bf16 *run(tam_layer *layer, const tam_bf16 *dy, const float *weight, int64_t count) {
    tam_bf16 *dx = malloc((size_t)count * sizeof *dx);
    char *scratch = malloc(layer->scratch_bytes);
    assert_non_null(dx);
    assert_non_null(scratch);
    memset(scratch, 0xff, layer->scratch_bytes);
    memset(dx, 0xff, (size_t)count * sizeof *dx);
    tam_layer_memory memory = {.dy = dy, .dx = dx, .weight = weight, .scratch = scratch};
    tam_team_enter(layer->ctx);
    tam_data_gradient_backward(layer, &memory);
    free(scratch);
    return dx;
}

static void check(tam_ctx *ctx, tam_ctx *many, const shape *s) {
    tam_layer layer = layer_of(ctx, s);
    const tam_layer_shape *l = &layer.shape;
    assert_true(tam_data_gradient_suits(&layer));
    tam_data_gradient_take(&layer);
    int taps = l->window.kernel_h * l->window.kernel_w;
    int64_t outputs = (int64_t)s->n * l->out_h * l->out_w * s->oc, count = (int64_t)s->n * s->h * s->w * s->ic;
    int64_t weights = (int64_t)s->oc * s->ic * taps;
    tam_bf16 *dy = malloc((size_t)outputs * sizeof *dy);
    float *weight = malloc((size_t)weights * sizeof *weight);
    assert_non_null(dy);
    assert_non_null(weight);
    for (int64_t i = 0; i < outputs; i++) {
        dy[i] = tam_bf16_nearest(number(1, i));
    }
    for (int64_t i = 0; i < weights; i++) {
        weight[i] = number(2, i);
    }
    tam_bf16 *got = run(&layer, dy, weight, count);
    double length = sqrt((double)s->oc * taps);
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, 3, 0);
    for (int64_t trial = 0; trial < (count < 4000 ? count : 4000); trial++) {
        int64_t at = count < 4000 ? trial : tam_random_below(&random, (uint32_t)count), pixel = at / s->ic;
        int i = (int)(at % s->ic), x = (int)(pixel % s->w), y = (int)(pixel / s->w % s->h);
        int n = (int)(pixel / s->w / s->h);
        double expected = expected_at(s, l, dy, weight, n, y, x, i), value = (double)tam_bf16_value(got[at]);
        if (!(fabs(value - expected) <= fabs(expected) / 200 + 1e-5 * length)) {
            fail_msg("n=%d ic=%d oc=%d %dx%d k=%dx%d s=%d p=%dx%d: dx[%d][%d][%d][%d] is %g, not %g", s->n, s->ic,
                     s->oc, s->h, s->w, s->window.kernel_h, s->window.kernel_w, s->window.stride, s->window.pad_h,
                     s->window.pad_w, n, y, x, i, value, expected);
        }
    }
    layer.ctx = many;
    tam_data_gradient_take(&layer);
    tam_bf16 *again = run(&layer, dy, weight, count);
    assert_memory_equal(got, again, (size_t)count * sizeof *got);
    free(again);
    free(got);
    free(weight);
    free(dy);
}

static void it_is_the_sum(void **state) {
    static const shape shapes[] = {
        {2, 16, 32, 5, 7, {3, 3, 2, 1, 1}},    {3, 48, 32, 9, 8, {3, 3, 2, 1, 1}},
        {1, 16, 64, 15, 11, {7, 7, 2, 3, 3}},  {1, 32, 32, 2, 2, {3, 3, 2, 1, 1}},
        {2, 16, 32, 13, 10, {5, 5, 3, 2, 2}},  {2, 32, 96, 6, 9, {3, 3, 2, 0, 0}},
        {9, 64, 128, 14, 14, {3, 3, 2, 1, 1}}, {2, 64, 64, 65, 40, {3, 3, 2, 1, 1}},
        {3, 256, 512, 7, 7, {3, 3, 2, 1, 1}},  {1, 16, 32, 3, 120, {5, 5, 4, 4, 4}},
        {1, 16, 32, 1, 1, {3, 3, 2, 1, 1}},    {1, 64, 64, 112, 112, {3, 3, 2, 1, 1}},
        {2, 32, 64, 9, 8, {1, 1, 2, 0, 0}},    {2, 58, 116, 7, 7, {3, 3, 2, 1, 1}},
        {2, 17, 40, 8, 9, {1, 1, 3, 0, 0}},    {3, 3, 33, 9, 9, {3, 3, 2, 1, 1}},
        {2, 16, 32, 9, 8, {3, 5, 2, 1, 2}},    {2, 32, 32, 8, 11, {7, 3, 2, 0, 1}},
    };
    (void)state;
    if (!tam_gradient_amx_runs_here() || !tam_layer_suits_bf16()) {
        skip(); /* no matrix registers */
    }
    tam_ctx *ctx = test_ctx(1), *many = test_ctx(3);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check(ctx, many, &shapes[i]);
    }
    test_ctx_free(many);
    test_ctx_free(ctx);
}

static void other_layers_are_left_alone(void **state) {
    const shape good = {2, 32, 32, 5, 7, {3, 3, 2, 1, 1}};
    tam_ctx *ctx = test_ctx(1);
    (void)state;
    tam_layer layer = layer_of(ctx, &good);
    assert_int_equal(tam_data_gradient_suits(&layer), tam_gradient_amx_runs_here() && tam_layer_suits_bf16());
    layer.shape.window.stride = 1;
    assert_false(tam_data_gradient_suits(&layer));
    layer = layer_of(ctx, &good);
    layer.dx.dtype = TAM_F32;
    assert_false(tam_data_gradient_suits(&layer));
    layer = layer_of(ctx, &good);
    layer.shape.groups = 2;
    assert_false(tam_data_gradient_suits(&layer));
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_sum),
        cmocka_unit_test(other_layers_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
