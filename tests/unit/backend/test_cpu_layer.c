/* Layers with weights, in each direction and dtype, against sums of our own in f64. */
#include "layer_world.h"

/* Of the sum of a result's terms, as magnitudes: f32 sums of some thousand terms; Winograd's F(4x4, 3x3) adds and takes
 * away what is up to a hundred times as large as the result. */
static const double direct_error = 5e-7, winograd_error = 5e-6;

typedef struct problem {
    int n, c, h, w, out;
    tam_window window;
    int groups;
} problem;

static const problem convolutions[] = {
    {4, 32, 13, 11, 48, {3, 3, 1, 1, 1}, 1}, /* Winograd in f32 */
    {2, 64, 9, 10, 32, {3, 3, 1, 1, 1}, 1},
    {3, 64, 9, 7, 32, {3, 3, 2, 1, 1}, 1},
    {2, 64, 8, 8, 128, {1, 1, 1, 0, 0}, 1},
    {2, 32, 9, 9, 64, {1, 1, 2, 0, 0}, 1},
    {3, 3, 16, 15, 32, {3, 3, 1, 1, 1}, 1},
    {2, 1, 14, 14, 32, {5, 5, 1, 2, 2}, 1},
    {2, 3, 15, 15, 64, {3, 3, 2, 1, 1}, 1},
    {2, 20, 9, 9, 24, {3, 3, 1, 1, 1}, 1},
    {2, 40, 6, 7, 12, {5, 5, 1, 0, 0}, 1},
    {2, 32, 9, 9, 32, {3, 3, 1, 1, 1}, 32},
    {2, 32, 7, 7, 32, {7, 7, 1, 0, 0}, 32},
    {2, 16, 6, 6, 32, {3, 3, 1, 1, 1}, 4},
    {1, 5, 4, 4, 7, {3, 3, 1, 1, 1}, 1},
    {1, 96, 1, 1, 96, {3, 3, 1, 1, 1}, 1},
    /* Groups, and numbers of channels that fill no register. */
    {2, 64, 9, 8, 64, {3, 3, 1, 1, 1}, 8},
    {2, 64, 9, 8, 64, {3, 3, 2, 1, 1}, 4},
    {1, 96, 6, 7, 96, {3, 3, 1, 1, 1}, 3},
    {2, 58, 7, 8, 58, {3, 3, 1, 1, 1}, 58},
    {2, 24, 9, 8, 24, {3, 3, 2, 1, 1}, 24},
    {2, 24, 7, 8, 58, {1, 1, 1, 0, 0}, 1},
    {2, 116, 5, 5, 116, {1, 1, 1, 0, 0}, 1},
    {2, 64, 8, 8, 96, {1, 1, 2, 0, 0}, 1},
    {3, 3, 12, 11, 10, {3, 3, 2, 1, 1}, 1},
    {2, 3, 16, 17, 32, {7, 7, 2, 3, 3}, 1},
    {2, 96, 5, 5, 32, {3, 3, 1, 1, 1}, 1},
    /* Windows that are not square. */
    {2, 64, 9, 8, 48, {1, 7, 1, 0, 3}, 1},
    {2, 32, 8, 9, 64, {7, 1, 1, 3, 0}, 1},
    {3, 48, 5, 6, 32, {1, 3, 1, 0, 1}, 1},
    {2, 32, 6, 5, 32, {3, 1, 1, 1, 0}, 1},
    {2, 32, 9, 9, 32, {3, 5, 2, 1, 2}, 1},
    {2, 6, 7, 9, 10, {2, 3, 1, 0, 2}, 1},
    {2, 3, 9, 8, 16, {3, 5, 1, 1, 2}, 1},
    {2, 16, 8, 9, 16, {3, 5, 1, 1, 2}, 16},
    {2, 16, 8, 9, 32, {1, 3, 2, 0, 1}, 4},
};

static tam_layer_shape convolution(const problem *p, tam_dtype dtype) {
    return (tam_layer_shape){.op = TAM_LAYER_CONVOLUTION,
                             .in = {p->n, p->c, p->h, p->w, 1, TAM_F32},
                             .dtype = dtype,
                             .out_dtype = dtype,
                             .out = p->out,
                             .window = p->window,
                             .groups = p->groups,
                             .training = true};
}

static void check(const tam_layer_shape *shape, int threads) {
    tam_ctx *ctx = test_ctx(threads);
    tam_dnnl *dnnl = NULL;
    tam_layer *layer = NULL;
    tam_layer_shape wanted = world_shape(*shape), computed = wanted;
    test_ok(ctx, tam_dnnl_create(ctx, &dnnl));
    tam_team_enter(ctx);
    test_ok(ctx, tam_layer_create(ctx, dnnl, NULL, "c1", &wanted, &layer));
    assert_int_equal(layer->y.dtype, shape->out_dtype);
    if (shape->op == TAM_LAYER_FULL) {
        computed.dtype = layer->x.dtype; /* factors may be better than what was asked for */
    } else {
        bool takes_the_input = strncmp(layer->algorithm[0], "first", 5) == 0;
        assert_int_equal(layer->x.dtype, takes_the_input ? TAM_F32 : shape->dtype);
    }
    layer_world world = world_create(computed);
    layer_results results = world_run(ctx, layer, &world);
    bool winograd = false;
    for (int i = 0; i < (shape->training ? 3 : 1); i++) {
        winograd = winograd || strcmp(layer->algorithm[i], "winograd") == 0;
    }
    world_check(&world, &results, winograd ? winograd_error : direct_error);
    world_results_free(&results);
    tam_layer_free(layer);
    tam_dnnl_free(dnnl);
    world_free(&world);
    test_ctx_free(ctx);
}

static void check_convolutions(tam_dtype dtype) {
    for (size_t i = 0; i < sizeof convolutions / sizeof convolutions[0]; i++) {
        for (int k = 0; k < 8; k++) {
            tam_layer_shape shape = convolution(&convolutions[i], dtype);
            shape.training = (k & 1) == 0;
            shape.bias = (k & 2) != 0;
            shape.free_gradient = (k & 2) != 0;
            check(&shape, 1 + (k >> 2));
        }
    }
}

static void check_full(tam_dtype dtype) {
    static const int sizes[][3] = {{8, 96, 64}, {5, 33, 17}, {1, 200, 10}, {32, 1200, 512}, {70, 64, 48}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int k = 0; k < 8; k++) {
            const int *s = sizes[i];
            tam_layer_shape shape = {.op = TAM_LAYER_FULL,
                                     .in = {s[0], s[1], 1, 1, s[1], TAM_F32},
                                     .dtype = dtype,
                                     .out_dtype = TAM_F32,
                                     .out = s[2],
                                     .bias = (k & 2) != 0,
                                     .training = (k & 1) == 0};
            check(&shape, 1 + (k >> 2));
        }
    }
}

static void convolutions_in_f32(void **state) {
    (void)state;
    check_convolutions(TAM_F32);
}

static void full_layers_in_f32(void **state) {
    (void)state;
    check_full(TAM_F32);
}

static void convolutions_in_bf16(void **state) {
    (void)state;
    if (!tam_layer_has_bf16()) {
        skip();
    }
    check_convolutions(TAM_BF16);
}

static void full_layers_in_bf16(void **state) {
    (void)state;
    if (!tam_layer_has_bf16()) {
        skip();
    }
    check_full(TAM_BF16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_in_f32),
        cmocka_unit_test(full_layers_in_f32),
        cmocka_unit_test(convolutions_in_bf16),
        cmocka_unit_test(full_layers_in_bf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
