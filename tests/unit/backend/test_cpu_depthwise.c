/* Depthwise convolutions of 3 x 3 in bf16 and NHWC, in memory of exact size, against f64. Where the processor does not
 * run their kernels, other layers take their place, and there is nothing to test. */
#include "backend/cpu/layer/cpu_depthwise.h"
#include "conv_world.h"

static const conv_case cases[] = {
    {1, 32, 1, 1, 32, 3, 1, 1, 32},    {2, 32, 1, 1, 32, 3, 2, 1, 32},    {2, 32, 2, 2, 32, 3, 1, 1, 32},
    {2, 32, 2, 2, 32, 3, 2, 1, 32},    {2, 64, 7, 7, 64, 3, 1, 1, 64},    {2, 64, 7, 7, 64, 3, 2, 1, 64},
    {3, 64, 14, 9, 64, 3, 1, 1, 64},   {3, 64, 14, 9, 64, 3, 2, 1, 64},   {2, 58, 5, 6, 58, 3, 1, 1, 58},
    {3, 24, 7, 6, 24, 3, 2, 1, 24},    {1, 7, 4, 4, 7, 3, 1, 1, 7},       {2, 33, 9, 8, 33, 3, 2, 1, 33},
    {2, 17, 1, 5, 17, 3, 1, 1, 17},    {2, 17, 5, 1, 17, 3, 2, 1, 17},    {1, 2, 3, 2, 2, 3, 1, 1, 2},
    {1, 116, 3, 9, 116, 3, 1, 1, 116}, {70, 16, 3, 2, 16, 3, 2, 1, 16},   {1, 48, 23, 3, 48, 3, 1, 1, 48},
    {1, 512, 4, 4, 512, 3, 1, 1, 512}, {1, 288, 4, 3, 288, 3, 2, 1, 288}, {5, 47, 13, 4, 47, 3, 1, 1, 47},
};
enum { CASES = sizeof cases / sizeof *cases };

static bool runs_here(void) {
    return tam_depthwise_avx512() != NULL;
}

static world world_made(tam_ctx *ctx, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    test_ok(ctx, tam_layer_make_depthwise(ctx, NULL, NULL, "conv", shape, &layer));
    assert_non_null(layer);
    assert_int_equal(layer->x.lanes, shape->in.c);
    return world_of(layer);
}

static tam_layer_shape shape_at(int k, bool bias) {
    return shape_of(&cases[k], cases[k].c, TAM_BF16, bias);
}

static void results_are_right(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; runs_here() && k < CASES * 2; k++) {
        tam_layer_shape shape = shape_at(k / 2, k % 2 == 0);
        world t = world_made(ctx, &shape);
        world_run(&t);
        check_world(&t);
        world_free(&t);
    }
    test_ctx_free(ctx);
}

/* Each way to finish a sum. */
static void inference_adds_and_activates(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; runs_here() && k < CASES * 6; k++) {
        tam_layer_shape shape = shape_at(k / 6, k % 4 < 2);
        shape.training = false;
        shape.add = k % 2 == 0;
        shape.prelu = k / 2 % 3 == 1;
        shape.relu = k / 2 % 3 == 2;
        world t = world_made(ctx, &shape);
        assert_true(t.layer->fused);
        world_run(&t);
        check_world(&t);
        world_free(&t);
    }
    test_ctx_free(ctx);
}

/* What is added may lie where the result goes. */
static void added_in_place(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; runs_here() && k < CASES; k++) {
        tam_layer_shape shape = shape_at(k, true);
        shape.training = false;
        shape.add = shape.relu = true;
        world apart = world_made(ctx, &shape), in_place = world_made(ctx, &shape);
        memcpy(in_place.memory.y, in_place.memory.added, in_place.block[Y].bytes);
        in_place.memory.added = in_place.memory.y;
        world_run(&apart);
        world_run(&in_place);
        assert_memory_equal(apart.memory.y, in_place.memory.y, apart.block[Y].bytes);
        world_free(&apart);
        world_free(&in_place);
    }
    test_ctx_free(ctx);
}

/* relu6 is relu, cut off at 6. */
static void tops_are_cut(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    int cut = 0;
    for (int k = 0; runs_here() && k < CASES * 2; k++) {
        tam_layer_shape shape = shape_at(k / 2, true);
        shape.training = false;
        shape.add = k % 2 == 1;
        shape.relu = true;
        world all = world_made(ctx, &shape);
        shape.relu = false;
        shape.relu6 = true;
        world six = world_made(ctx, &shape);
        for (int w = 0; w < 2; w++) {
            float *weight = (w == 0 ? &all : &six)->block[WEIGHT].data;
            for (size_t at = 0; at < all.block[WEIGHT].bytes / sizeof(float); at++) {
                weight[at] *= 10;
            }
            world_run(w == 0 ? &all : &six);
        }
        const tam_bf16 *y = all.memory.y, *least = six.memory.y;
        for (size_t at = 0; at < all.block[Y].bytes / sizeof *y; at++) {
            cut += tam_bf16_value(y[at]) > 6;
            assert_true(tam_bf16_value(least[at]) == fminf(tam_bf16_value(y[at]), 6));
        }
        world_free(&all);
        world_free(&six);
    }
    assert_true(cut > 0 || !runs_here());
    test_ctx_free(ctx);
}

static void bits_are_the_same_for_any_threads(void **state) {
    (void)state;
    for (int k = 0; runs_here() && k < CASES; k++) {
        tam_layer_shape shape = shape_at(k, true);
        tam_ctx *ctx[3];
        world t[3];
        for (int threads = 1; threads <= 3; threads++) {
            ctx[threads - 1] = test_ctx(threads);
            t[threads - 1] = world_made(ctx[threads - 1], &shape);
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

/* A NaN reaches its neighbours, no others; tiny results become zero; the smallest normal one stays. */
static void edges_of_the_numbers(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const conv_case is = {1, 34, 5, 6, 34, 3, 1, 1, 34};
    tam_layer_shape shape = shape_of(&is, 34, TAM_BF16, false);
    if (!runs_here()) {
        test_ctx_free(ctx);
        return;
    }
    world t = world_made(ctx, &shape);
    tam_bf16 *x = t.block[X].data;
    const tam_bf16 *y = t.memory.y;
    x[place_of(&t.layer->x, 0, 33, 0, 5)] = tam_bf16_nearest(NAN);
    world_run(&t);
    for (int at = 0; at < 34 * 30; at++) {
        int channel = at % 34, column = at / 34 % 6, row = at / 34 / 6;
        assert_int_equal(isnan(tam_bf16_value(y[at])), channel == 33 && row <= 1 && column >= 4);
    }
    float *weight = t.block[WEIGHT].data;
    for (int at = 0; at < 34 * 9; at++) {
        weight[at] = at % 9 != 4 ? 0 : at / 9 == 3 ? 0x1p-127f : 0x1p-126f;
    }
    for (int at = 0; at < 34 * 30; at++) {
        x[at] = tam_bf16_nearest(1);
    }
    world_run(&t);
    for (int at = 0; at < 34 * 30; at++) {
        assert_true(tam_bf16_value(y[at]) == (at % 34 == 3 ? 0 : 0x1p-126f));
    }
    world_free(&t);
    test_ctx_free(ctx);
}

static void others_are_left_alone(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const conv_case left[] = {{1, 32, 5, 5, 32, 3, 1, 1, 1},  {1, 32, 5, 5, 32, 3, 1, 1, 16},
                                     {1, 32, 5, 5, 64, 3, 1, 1, 32}, {1, 32, 5, 5, 32, 5, 1, 2, 32},
                                     {1, 32, 5, 5, 32, 3, 1, 0, 32}, {1, 32, 9, 9, 32, 3, 3, 1, 32},
                                     {1, 32, 5, 5, 32, 3, 1, 1, 32}, {1, 32, 5, 5, 32, 3, 1, 1, 32}};
    for (int k = 0; k < 8; k++) {
        tam_layer_shape shape = shape_of(&left[k], k == 7 ? 16 : 32, k == 6 ? TAM_F32 : TAM_BF16, true);
        tam_layer *layer = NULL;
        test_ok(ctx, tam_layer_make_depthwise(ctx, NULL, NULL, "conv", &shape, &layer));
        assert_null(layer);
    }
    test_ctx_free(ctx);
}

static void memory_runs_out(void **state) {
    (void)state;
    int left = 100;
    tam_allocator allocator = test_ration(&left);
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = allocator}, &ctx), TAM_OK);
    tam_layer_shape shape = shape_at(4, true);
    tam_layer *layer = NULL;
    left = 0;
    if (runs_here()) {
        test_fails(ctx, tam_layer_make_depthwise(ctx, NULL, NULL, "conv", &shape, &layer), TAM_RESOURCES, "depthwise");
    }
    assert_null(layer);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_right),
        cmocka_unit_test(inference_adds_and_activates),
        cmocka_unit_test(added_in_place),
        cmocka_unit_test(tops_are_cut),
        cmocka_unit_test(bits_are_the_same_for_any_threads),
        cmocka_unit_test(edges_of_the_numbers),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
