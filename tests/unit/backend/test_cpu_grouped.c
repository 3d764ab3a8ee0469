/* Grouped convolutions of all kernels that this processor runs, in every layout and dtype, against f64. */
#include "backend/cpu/layer/cpu_grouped.h"
#include "conv_world.h"

static const conv_case cases[] = {
    {2, 16, 1, 1, 16, 1, 1, 0, 16},  {1, 16, 1, 1, 16, 3, 1, 1, 16}, {2, 32, 9, 7, 32, 3, 1, 1, 32},
    {2, 32, 9, 7, 32, 3, 1, 1, 16},  {3, 48, 5, 6, 48, 3, 1, 1, 12}, {2, 32, 8, 9, 32, 3, 2, 1, 32},
    {2, 32, 9, 8, 32, 3, 2, 1, 16},  {1, 16, 7, 7, 16, 3, 2, 1, 4},  {2, 16, 7, 7, 16, 7, 1, 0, 16},
    {2, 16, 3, 2, 16, 7, 1, 3, 8},   {1, 32, 6, 5, 32, 7, 2, 3, 8},  {2, 16, 11, 17, 16, 5, 1, 2, 16},
    {1, 16, 10, 19, 16, 5, 2, 2, 8}, {1, 16, 9, 10, 16, 5, 2, 0, 4}, {2, 16, 5, 7, 16, 2, 1, 0, 16},
    {2, 16, 6, 7, 16, 2, 2, 1, 8},   {1, 16, 5, 7, 16, 2, 1, 1, 4},  {2, 32, 7, 6, 32, 4, 1, 2, 32},
    {1, 16, 7, 9, 16, 4, 2, 1, 8},   {1, 16, 7, 9, 16, 4, 1, 3, 4},  {2, 16, 8, 9, 16, 6, 1, 3, 16},
    {1, 16, 9, 8, 16, 6, 2, 2, 8},   {1, 16, 8, 7, 16, 6, 1, 5, 4},  {2, 16, 5, 8, 16, 1, 2, 0, 8},
    {1, 16, 6, 6, 16, 1, 1, 2, 4},   {1, 16, 2, 2, 16, 3, 1, 5, 16}, {1, 16, 4, 33, 16, 3, 1, 1, 16},
    {1, 16, 1, 8, 16, 1, 2, 3, 16},  {9, 16, 3, 3, 16, 3, 1, 1, 8},  {1, 48, 4, 5, 48, 3, 2, 1, 48},
};
enum { CASES = sizeof cases / sizeof *cases };

static world world_made(tam_ctx *ctx, const tam_grouped_kernels *kernels, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    test_ok(ctx, tam_grouped_make(ctx, kernels, shape, &layer));
    assert_non_null(layer);
    assert_int_equal(layer->x.lanes, shape->in.lanes);
    return world_of(layer);
}

/* nChw16c, NHWC, and nChw8c where the vectors are that short. */
static int lanes_of(const tam_grouped_kernels *kernels, const conv_case *is, int layout) {
    return layout == 0 ? 16 : layout == 1 ? is->c : kernels->lanes <= 8 ? 8 : 0;
}

static void results_are_right(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_grouped_kernels *kernels;
    for (int which = 0; (kernels = tam_grouped_kernels_at(which)) != NULL; which++) {
        for (int k = 0; k < CASES * 3 * 2; k++) {
            const conv_case *is = &cases[k / 6];
            tam_dtype dtype = k % 2 == 0 ? TAM_F32 : TAM_BF16;
            int lanes = lanes_of(kernels, is, k / 2 % 3);
            if (lanes == 0) {
                continue;
            }
            tam_layer_shape shape = shape_of(is, lanes, dtype, k / 6 % 2 == 0);
            world t = world_made(ctx, kernels, &shape);
            world_run(&t);
            check_world(&t);
            world_free(&t);
        }
    }
    test_ctx_free(ctx);
}

/* Channels that fill no vector, in NHWC: nothing may be written behind them. */
static const conv_case uneven[] = {
    {2, 58, 5, 6, 58, 3, 1, 1, 58}, {3, 24, 7, 6, 24, 3, 2, 1, 24}, {1, 7, 4, 4, 7, 3, 1, 1, 7},
    {2, 33, 9, 8, 33, 5, 2, 2, 33}, {2, 17, 1, 1, 17, 1, 1, 0, 17}, {1, 116, 3, 9, 116, 7, 1, 3, 116},
};
enum { UNEVEN = sizeof uneven / sizeof *uneven };

static void any_channels_are_right(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_grouped_kernels *kernels;
    for (int which = 0; (kernels = tam_grouped_kernels_at(which)) != NULL; which++) {
        for (int k = 0; k < UNEVEN * 4; k++) {
            tam_layer_shape shape = shape_of(&uneven[k / 4], uneven[k / 4].c, TAM_BF16, k % 2 == 0);
            shape.training = k % 4 < 2;
            shape.add = shape.prelu = !shape.training;
            world t = world_made(ctx, kernels, &shape);
            world_run(&t);
            check_world(&t);
            world_free(&t);
        }
    }
    test_ctx_free(ctx);
}

static void bits_are_the_same_for_any_threads(void **state) {
    (void)state;
    for (int k = 0; k < CASES * 2; k++) {
        const conv_case *is = &cases[k / 2];
        tam_layer_shape shape = shape_of(is, k % 2 == 0 ? 16 : is->c, k % 2 == 0 ? TAM_F32 : TAM_BF16, true);
        tam_ctx *ctx[3];
        world t[3];
        for (int threads = 1; threads <= 3; threads++) {
            ctx[threads - 1] = test_ctx(threads);
            t[threads - 1] = world_made(ctx[threads - 1], tam_grouped_kernels_at(0), &shape);
            world_run(&t[threads - 1]);
        }
        check_same(&t[0], &t[1]);
        check_same(&t[0], &t[2]);
        for (int threads = 0; threads < 3; threads++) {
            world_free(&t[threads]);
            test_ctx_free(ctx[threads]);
        }
    }
}

static void inference_adds_and_activates(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_grouped_kernels *kernels;
    for (int which = 0; (kernels = tam_grouped_kernels_at(which)) != NULL; which++) {
        for (int k = 0; k < 12; k++) {
            tam_layer_shape shape = shape_of(&cases[3], 16, k % 2 == 0 ? TAM_F32 : TAM_BF16, k >= 6);
            shape.training = false;
            shape.add = k / 2 % 3 != 0;
            shape.prelu = k / 2 % 3 == 1;
            shape.relu = k / 2 % 3 == 2;
            world t = world_made(ctx, kernels, &shape);
            assert_true(t.layer->fused);
            world_run(&t);
            check_world(&t);
            world_free(&t);
        }
    }
    test_ctx_free(ctx);
}

static void others_are_left_alone(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const conv_case left[] = {{1, 16, 5, 5, 16, 3, 1, 1, 1},  {1, 16, 5, 5, 16, 3, 1, 1, 2},
                                     {1, 17, 5, 5, 17, 3, 1, 1, 17}, {1, 8, 5, 5, 8, 3, 1, 1, 8},
                                     {1, 16, 5, 5, 32, 3, 1, 1, 16}, {1, 16, 9, 9, 16, 8, 1, 1, 16},
                                     {1, 16, 9, 9, 16, 3, 3, 1, 16}};
    for (size_t k = 0; k < sizeof left / sizeof *left; k++) {
        tam_layer_shape shape = shape_of(&left[k], 16, TAM_F32, true);
        tam_layer *layer = NULL;
        test_ok(ctx, tam_layer_make_grouped(ctx, NULL, NULL, "conv", &shape, &layer));
        assert_null(layer);
    }
    test_ctx_free(ctx);
}

/* In another layout the layer asks for the one that its dtype likes. */
static void layouts_are_wished_for(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        tam_layer_shape shape = shape_of(&cases[3], 1, k == 0 ? TAM_F32 : TAM_BF16, true);
        shape.in.dtype = TAM_F32;
        tam_layer *layer = NULL;
        test_ok(ctx, tam_layer_make_grouped(ctx, NULL, NULL, "conv", &shape, &layer));
        assert_int_equal(layer->x.lanes, k == 0 ? 16 : 32);
        assert_int_equal(layer->x.dtype, shape.dtype);
        assert_int_equal(layer->y.lanes, layer->x.lanes);
        tam_layer_free(layer);
    }
    test_ctx_free(ctx);
}

static void memory_runs_out(void **state) {
    (void)state;
    int left = 100;
    tam_allocator allocator = test_ration(&left);
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = allocator}, &ctx), TAM_OK);
    tam_layer_shape shape = shape_of(&cases[3], 16, TAM_F32, true);
    tam_layer *layer = NULL;
    left = 0;
    test_fails(ctx, tam_layer_make_grouped(ctx, NULL, NULL, "conv", &shape, &layer), TAM_RESOURCES, "grouped");
    assert_null(layer);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_right),
        cmocka_unit_test(any_channels_are_right),
        cmocka_unit_test(bits_are_the_same_for_any_threads),
        cmocka_unit_test(inference_adds_and_activates),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(layouts_are_wished_for),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
