/* Full layers by matrix registers, against f64 sums over the same bf16 numbers. */
#include "conv_world.h"

typedef struct full_case {
    int n, in, out;
} full_case;

/* One and several ranges of the inputs, slices of the outputs and pieces of a gradient; edges of all kinds. */
static const full_case cases[] = {
    {32, 512, 512}, {1, 1000, 70},  {5, 6571, 10}, {17, 257, 300},  {33, 4100, 20}, {48, 4128, 33}, {70, 640, 128},
    {16, 8191, 17}, {64, 999, 129}, {3, 66000, 1}, {130, 320, 256}, {2, 16, 4096},  {31, 2048, 32}, {40, 9000, 16},
};
enum { CASES = sizeof cases / sizeof *cases };

/* A full layer is a convolution of one pixel. */
static tam_layer_shape full_shape(const full_case *is, tam_dtype dtype, bool bias, bool training) {
    const conv_case pixel = {is->n, is->in, 1, 1, is->out, 1, 1, 0, 1};
    tam_layer_shape shape = shape_of(&pixel, is->in, dtype, bias);
    shape.op = TAM_LAYER_FULL;
    shape.out_dtype = TAM_F32;
    shape.training = training;
    return shape;
}

static tam_layer *made(tam_ctx *ctx, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    test_ok(ctx, tam_layer_make_full_tiles(ctx, NULL, NULL, "fc", shape, &layer));
    return layer;
}

static bool are_here(void) {
    tam_ctx *ctx = test_ctx(1);
    const tam_layer_shape shape = full_shape(&cases[0], TAM_BF16, true, true);
    tam_layer *layer = made(ctx, &shape);
    const bool here = layer != NULL;
    tam_layer_free(layer);
    test_ctx_free(ctx);
    assert_true(here || !tam_layer_suits_bf16());
    return here;
}

static void round_block(block *b) {
    float *numbers = b->data;
    for (size_t k = 0; k < b->bytes / sizeof *numbers; k++) {
        numbers[k] = tam_bf16_value(tam_bf16_nearest(numbers[k]));
    }
}

/* The products' factors are bf16. */
static world world_made(tam_ctx *ctx, const tam_layer_shape *shape) {
    tam_layer *layer = made(ctx, shape);
    assert_non_null(layer);
    assert_int_equal(layer->x.dtype, TAM_BF16);
    assert_int_equal(layer->y.dtype, TAM_F32);
    assert_false(layer->fused);
    world t = world_of(layer);
    round_block(&t.block[WEIGHT]);
    round_block(&t.block[DY]);
    return t;
}

static void results_are_right(void **state) {
    (void)state;
    if (!are_here()) {
        skip(); /* no matrix registers */
    }
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < CASES * 4; k++) {
        const tam_layer_shape shape = full_shape(&cases[k / 4], TAM_BF16, k % 2 == 0, k % 4 < 2);
        world t = world_made(ctx, &shape);
        world_run(&t);
        check_world(&t);
        world_run(&t); /* what is left of the first call does no harm */
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
    for (int k = 0; k < CASES * 2; k++) {
        const tam_layer_shape shape = full_shape(&cases[k / 2], TAM_BF16, true, k % 2 == 0);
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

/* Weights and gradients are f32 in memory: they are rounded to the nearest, ties to even, as everywhere. */
static void factors_are_rounded(void **state) {
    (void)state;
    if (!are_here()) {
        skip();
    }
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < CASES; k++) {
        const tam_layer_shape shape = full_shape(&cases[k], TAM_BF16, true, k % 3 != 0);
        world rounded = world_made(ctx, &shape), plain = world_of(made(ctx, &shape));
        world_run(&rounded);
        world_run(&plain);
        check_same(&rounded, &plain);
        world_free(&rounded);
        world_free(&plain);
    }
    test_ctx_free(ctx);
}

static void others_are_left_alone(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const full_case left[] = {{32, 512, 32}, {32, 64, 4097}};
    for (size_t k = 0; k <= sizeof left / sizeof *left; k++) {
        const tam_layer_shape shape =
            full_shape(k == 0 ? &cases[0] : &left[k - 1], k == 0 ? TAM_F32 : TAM_BF16, true, true);
        assert_null(made(ctx, &shape));
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_right),
        cmocka_unit_test(bits_are_the_same_for_any_threads),
        cmocka_unit_test(factors_are_rounded),
        cmocka_unit_test(others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
