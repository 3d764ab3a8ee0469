/* Deterministic layers: right, and the same bits on any number of threads. */
#include "layer_world.h"

static const double direct_error = 5e-7, winograd_error = 5e-6;

typedef struct bits {
    layer_results results;
    tam_layout x, y, dx;
} bits;

static bits run(const layer_world *world, int threads) {
    tam_ctx *ctx = test_ctx(threads);
    tam_dnnl *dnnl = NULL;
    tam_layer *layer = NULL;
    test_ok(ctx, tam_dnnl_create(ctx, &dnnl));
    tam_team_enter(ctx);
    test_ok(ctx, tam_layer_create(ctx, dnnl, NULL, "c1", &world->shape, &layer));
    bits made = {world_run(ctx, layer, world), layer->x, layer->y, layer->dx};
    const bool winograd = layer->algorithm[0] != NULL && strcmp(layer->algorithm[0], "winograd") == 0;
    world_check(world, &made.results, winograd ? winograd_error : direct_error);
    tam_layer_free(layer);
    tam_dnnl_free(dnnl);
    test_ctx_free(ctx);
    return made;
}

static void check_same(const char *what, const float *a, const float *b, int64_t count) {
    if (memcmp(a, b, (size_t)count * sizeof *a) != 0) {
        fail_msg("%s depends on the number of threads", what);
    }
}

/* `factors`: what the products are really made of. */
static void check(tam_layer_shape shape, tam_dtype factors) {
    tam_layer_shape computed = shape;
    computed.dtype = factors;
    layer_world world = world_create(computed);
    world.shape.dtype = shape.dtype;
    bits one = run(&world, 1);
    for (int threads = 2; threads <= 3; threads++) {
        bits more = run(&world, threads);
        assert_true(tam_layout_same(&one.x, &more.x));
        assert_true(tam_layout_same(&one.y, &more.y));
        check_same("y", one.results.y, more.results.y, world.y_count);
        if (shape.training) {
            check_same("dx", one.results.dx, more.results.dx, world.x_count);
            check_same("dw", one.results.dw, more.results.dw, world.w_count);
        }
        if (shape.training && shape.bias) {
            check_same("db", one.results.db, more.results.db, shape.out);
        }
        world_results_free(&more.results);
    }
    world_results_free(&one.results);
    world_free(&world);
}

static void check_convolutions(tam_dtype dtype) {
    static const struct {
        int c, side, out, kernel, kernel_w, stride, groups;
    } layers[] = {
        {32, 14, 48, 3, 3, 1, 1}, {64, 6, 64, 3, 3, 2, 1},  {64, 7, 32, 1, 1, 1, 1},
        {3, 12, 32, 3, 3, 1, 1},  {32, 8, 32, 3, 3, 1, 32}, {32, 9, 48, 1, 7, 1, 1},
    };
    static const int batches[] = {1, 3, 8, 11, 32};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
            tam_layer_shape shape = {.op = TAM_LAYER_CONVOLUTION,
                                     .in = {batches[b], layers[i].c, layers[i].side, layers[i].side, 1, TAM_F32},
                                     .dtype = dtype,
                                     .out_dtype = dtype,
                                     .out = layers[i].out,
                                     .window = {layers[i].kernel, layers[i].kernel_w, layers[i].stride,
                                                layers[i].kernel / 2, layers[i].kernel_w / 2},
                                     .groups = layers[i].groups,
                                     .bias = b % 2 == 0,
                                     .training = b != 3,
                                     .free_gradient = i == 3,
                                     .deterministic = true};
            check(shape, dtype);
        }
    }
}

/* Full layers of few weights are computed in f32 whatever their inputs are; larger ones in bf16 where there are matrix
 * registers. */
static tam_dtype factors_of_full(tam_dtype dtype, int in, int out) {
    enum { LEAST_WEIGHTS = 1 << 16 };
    return dtype == TAM_BF16 && tam_layer_suits_bf16() && in * out >= LEAST_WEIGHTS ? TAM_BF16 : TAM_F32;
}

static void check_full(tam_dtype dtype) {
    static const int sizes[][3] = {{8, 96, 64}, {5, 33, 17}, {1, 200, 130}, {32, 1200, 100}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        tam_layer_shape shape = {.op = TAM_LAYER_FULL,
                                 .in = {sizes[i][0], sizes[i][1], 1, 1, sizes[i][1], dtype},
                                 .dtype = dtype,
                                 .out_dtype = TAM_F32,
                                 .out = sizes[i][2],
                                 .bias = i % 2 == 0,
                                 .training = i != 2,
                                 .deterministic = true};
        check(shape, factors_of_full(dtype, sizes[i][1], sizes[i][2]));
    }
}

static void in_f32(void **state) {
    (void)state;
    check_convolutions(TAM_F32);
    check_full(TAM_F32);
}

static void in_bf16(void **state) {
    (void)state;
    if (!tam_layer_has_bf16()) {
        skip();
    }
    check_convolutions(TAM_BF16);
    check_full(TAM_BF16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_f32),
        cmocka_unit_test(in_bf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
