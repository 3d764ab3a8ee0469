/* Grouped convolutions by matrix registers, against f64 sums over the same bf16 numbers. */
#include "conv_world.h"

static const conv_case cases[] = {
    {2, 32, 9, 7, 32, 3, 1, 1, 8},    {2, 32, 9, 7, 32, 3, 1, 1, 4},    {2, 32, 9, 8, 32, 3, 2, 1, 2},
    {2, 64, 6, 5, 64, 3, 1, 1, 2},    {1, 16, 5, 6, 16, 3, 1, 1, 4},    {2, 48, 7, 7, 48, 3, 2, 1, 3},
    {1, 40, 5, 5, 40, 5, 1, 2, 5},    {2, 12, 6, 7, 12, 3, 1, 1, 3},    {3, 96, 4, 4, 96, 1, 1, 0, 12},
    {2, 64, 8, 9, 64, 2, 2, 0, 8},    {1, 32, 9, 9, 32, 7, 2, 3, 2},    {1, 32, 3, 60, 32, 3, 3, 2, 8},
    {9, 160, 7, 7, 160, 3, 1, 1, 10}, {1, 64, 70, 64, 64, 3, 1, 1, 16}, {2, 32, 5, 5, 32, 1, 2, 0, 4},
};
enum { CASES = sizeof cases / sizeof *cases };

static bool are_here(void) {
    tam_ctx *ctx = test_ctx(1);
    tam_layer_shape shape = shape_of(&cases[0], cases[0].c, TAM_BF16, true);
    tam_layer *layer = NULL;
    test_ok(ctx, tam_layer_make_grouped_tiles(ctx, NULL, NULL, "conv", &shape, &layer));
    bool made = layer != NULL;
    tam_layer_free(layer);
    test_ctx_free(ctx);
    assert_true(made || !tam_layer_suits_bf16());
    return made;
}

/* The products' factors are bf16. */
static world world_made(tam_ctx *ctx, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    test_ok(ctx, tam_layer_make_grouped_tiles(ctx, NULL, NULL, "conv", shape, &layer));
    assert_non_null(layer);
    assert_int_equal(layer->x.lanes, shape->in.c);
    assert_int_equal(layer->x.dtype, TAM_BF16);
    world t = world_of(layer);
    float *weight = t.block[WEIGHT].data;
    for (size_t k = 0; k < t.block[WEIGHT].bytes / sizeof *weight; k++) {
        weight[k] = tam_bf16_value(tam_bf16_nearest(weight[k]));
    }
    return t;
}

static void results_are_right(void **state) {
    (void)state;
    if (!are_here()) {
        skip(); /* no matrix registers */
    }
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < CASES * 2; k++) {
        tam_layer_shape shape = shape_of(&cases[k / 2], k % 2 == 0 ? cases[k / 2].c : 1, TAM_BF16, k % 4 < 2);
        world t = world_made(ctx, &shape);
        world_run(&t);
        check_world(&t);
        world_free(&t);
    }
    test_ctx_free(ctx);
}

static void bits_are_the_same_for_any_threads(void **state) {
    (void)state;
    if (!are_here()) {
        skip();
    }
    for (int k = 0; k < CASES; k++) {
        tam_layer_shape shape = shape_of(&cases[k], cases[k].c, TAM_BF16, true);
        tam_ctx *one = test_ctx(1), *three = test_ctx(3);
        world t = world_made(one, &shape), u = world_made(three, &shape);
        world_run(&t);
        world_run(&u);
        check_same(&t, &u);
        world_free(&t);
        world_free(&u);
        test_ctx_free(one);
        test_ctx_free(three);
    }
}

static void inference_activates(void **state) {
    (void)state;
    if (!are_here()) {
        skip();
    }
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < 6; k++) {
        tam_layer_shape shape = shape_of(&cases[5], cases[5].c, TAM_BF16, k % 2 == 0);
        shape.training = false;
        shape.prelu = k / 2 == 1;
        shape.relu = k / 2 == 2;
        world t = world_made(ctx, &shape);
        assert_true(t.layer->fused);
        world_run(&t);
        check_world(&t);
        world_free(&t);
    }
    tam_layer_shape shape = shape_of(&cases[5], cases[5].c, TAM_BF16, true);
    shape.training = false;
    shape.add = true;
    world t = world_made(ctx, &shape);
    assert_false(t.layer->fused); /* a sweep behind it adds */
    world_free(&t);
    test_ctx_free(ctx);
}

static void others_are_left_alone(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const conv_case left[] = {{1, 16, 5, 5, 16, 3, 1, 1, 1},
                                     {1, 32, 5, 5, 32, 3, 1, 1, 16},
                                     {1, 128, 5, 5, 128, 3, 1, 1, 2},
                                     {1, 32, 5, 5, 64, 3, 1, 1, 4},
                                     {1, 48, 5, 5, 48, 3, 1, 1, 4}};
    for (size_t k = 0; k <= sizeof left / sizeof *left; k++) {
        const conv_case *is = k == 0 ? &cases[0] : &left[k - 1];
        tam_layer_shape shape = shape_of(is, is->c, k == 0 ? TAM_F32 : TAM_BF16, true);
        tam_layer *layer = NULL;
        test_ok(ctx, tam_layer_make_grouped_tiles(ctx, NULL, NULL, "conv", &shape, &layer));
        assert_null(layer);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_right),
        cmocka_unit_test(bits_are_the_same_for_any_threads),
        cmocka_unit_test(inference_activates),
        cmocka_unit_test(others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
