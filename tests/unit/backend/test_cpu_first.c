/* The first convolution by all kernels that this processor runs, in every dtype, against f64. */
#include "backend/cpu/layer/cpu_first.h"
#include "conv_world.h"

static const conv_case cases[] = {
    {2, 3, 9, 17, 16, 3, 1, 1, 1},  {1, 3, 8, 30, 32, 3, 1, 1, 1},  {2, 3, 17, 9, 48, 3, 2, 1, 1},
    {2, 1, 14, 15, 32, 5, 1, 2, 1}, {3, 3, 13, 12, 64, 7, 2, 3, 1}, {1, 1, 1, 1, 16, 3, 1, 1, 1},
    {2, 2, 2, 3, 16, 5, 1, 4, 1},   {2, 4, 6, 7, 32, 3, 1, 0, 1},   {1, 4, 3, 4, 16, 7, 1, 3, 1},
    {1, 2, 7, 31, 16, 4, 1, 2, 1},  {2, 1, 9, 8, 48, 6, 2, 2, 1},   {1, 3, 7, 7, 16, 6, 1, 0, 1},
    {1, 3, 8, 29, 16, 4, 2, 1, 1},  {70, 1, 3, 3, 16, 3, 1, 1, 1},  {2, 3, 40, 5, 16, 3, 1, 1, 1},
    {1, 4, 9, 9, 16, 5, 2, 0, 1},   {1, 1, 2, 2, 16, 7, 2, 6, 1},   {1, 2, 5, 5, 16, 7, 2, 3, 1},
};
enum { CASES = sizeof cases / sizeof *cases };

static tam_layer_shape first_shape(const conv_case *is, tam_dtype dtype, bool bias) {
    tam_layer_shape shape = shape_of(is, 1, dtype, bias);
    shape.in.dtype = TAM_F32;
    return shape;
}

static world world_made(tam_ctx *ctx, const tam_first_kernels *kernels, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    test_ok(ctx, tam_first_make(ctx, kernels, shape, &layer));
    assert_non_null(layer);
    assert_int_equal(layer->x.lanes, 1);
    assert_int_equal(layer->x.dtype, TAM_F32);
    assert_int_equal(layer->y.lanes, shape->out_dtype == TAM_F32 ? 16 : shape->out);
    return world_of(layer);
}

static void results_are_right(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_first_kernels *kernels;
    for (int which = 0; (kernels = tam_first_kernels_at(which)) != NULL; which++) {
        for (int k = 0; k < CASES * 2; k++) {
            tam_layer_shape shape = first_shape(&cases[k / 2], k % 2 == 0 ? TAM_F32 : TAM_BF16, k / 2 % 2 == 0);
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
        tam_layer_shape shape = first_shape(&cases[k / 2], k % 2 == 0 ? TAM_F32 : TAM_BF16, true);
        tam_ctx *ctx[3];
        world t[3];
        for (int threads = 1; threads <= 3; threads++) {
            ctx[threads - 1] = test_ctx(threads);
            t[threads - 1] = world_made(ctx[threads - 1], tam_first_kernels_at(0), &shape);
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

static void inference_activates_but_does_not_add(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_first_kernels *kernels;
    for (int which = 0; (kernels = tam_first_kernels_at(which)) != NULL; which++) {
        for (int k = 0; k < 8; k++) {
            tam_layer_shape shape = first_shape(&cases[k % 3], k % 2 == 0 ? TAM_F32 : TAM_BF16, k < 4);
            shape.training = false;
            shape.prelu = k / 2 % 2 == 1;
            shape.relu = k / 2 % 2 == 0;
            world t = world_made(ctx, kernels, &shape);
            assert_true(t.layer->fused);
            world_run(&t);
            check_world(&t);
            world_free(&t);
            shape.add = true;
            tam_layer *layer = NULL;
            test_ok(ctx, tam_first_make(ctx, kernels, &shape, &layer));
            assert_false(layer->fused);
            tam_layer_free(layer);
        }
    }
    test_ctx_free(ctx);
}

static void others_are_left_alone(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const conv_case left[] = {{1, 5, 5, 5, 16, 3, 1, 1, 1}, {1, 3, 5, 5, 17, 3, 1, 1, 1},
                                     {1, 3, 5, 5, 16, 1, 1, 0, 1}, {1, 3, 5, 5, 16, 2, 1, 0, 1},
                                     {1, 3, 9, 9, 16, 8, 1, 0, 1}, {1, 3, 9, 9, 16, 3, 3, 0, 1},
                                     {1, 4, 5, 5, 16, 3, 1, 1, 2}};
    tam_layer *layer = NULL;
    for (size_t k = 0; k < sizeof left / sizeof *left; k++) {
        tam_layer_shape shape = first_shape(&left[k], TAM_F32, true);
        test_ok(ctx, tam_layer_make_first(ctx, NULL, NULL, "conv", &shape, &layer));
        assert_null(layer);
    }
    tam_layer_shape shape = first_shape(&cases[0], TAM_F32, true);
    shape.in.lanes = 3;
    test_ok(ctx, tam_layer_make_first(ctx, NULL, NULL, "conv", &shape, &layer));
    assert_null(layer);
    shape = shape_of(&cases[3], 1, TAM_BF16, true);
    test_ok(ctx, tam_layer_make_first(ctx, NULL, NULL, "conv", &shape, &layer));
    assert_null(layer);
    test_ctx_free(ctx);
}

static void memory_runs_out(void **state) {
    (void)state;
    int left = 100;
    tam_allocator allocator = test_ration(&left);
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = allocator}, &ctx), TAM_OK);
    tam_layer_shape shape = first_shape(&cases[0], TAM_F32, true);
    tam_layer *layer = NULL;
    left = 0;
    test_fails(ctx, tam_layer_make_first(ctx, NULL, NULL, "conv", &shape, &layer), TAM_RESOURCES, "first");
    assert_null(layer);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_right),
        cmocka_unit_test(bits_are_the_same_for_any_threads),
        cmocka_unit_test(inference_activates_but_does_not_add),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
