/* Every way to compute a layer against sums of our own; and which of them is taken, with and without a measurement. */
#include "backend/cpu/layer/dnnl_layer.h"
#include "backend/cpu/layer/dnnl_tune.h"
#include "layer_world.h"

static const double direct_error = 5e-7, winograd_error = 5e-6;

static tam_layer_shape convolution(int n, int c, int side, int out, int kernel, tam_dtype dtype, bool training) {
    return (tam_layer_shape){.op = TAM_LAYER_CONVOLUTION,
                             .in = {n, c, side, side, 1, TAM_F32},
                             .dtype = dtype,
                             .out_dtype = dtype,
                             .out = out,
                             .out_h = side,
                             .out_w = side,
                             .window = {kernel, kernel, 1, kernel / 2, kernel / 2},
                             .groups = 1,
                             .training = training};
}

/* True if the library has such a way here. */
static bool check_choice(tam_ctx *ctx, tam_dnnl *dnnl, const layer_world *world, const tam_dnnl_choice *choice) {
    tam_dnnl_answer answer;
    tam_layer *layer = NULL;
    char word[TAM_DNNL_WORD];
    tam_dnnl_choice again;
    dnnl_status_t status = tam_dnnl_ask(dnnl, &world->shape, choice, &answer);
    if (status != dnnl_success) {
        assert_int_equal(status, dnnl_unimplemented);
        return false;
    }
    tam_dnnl_choice_write(&world->shape, &answer.choice, word);
    assert_true(tam_dnnl_choice_read(&world->shape, word, &again));
    for (int i = 0; i < (world->shape.training ? 3 : 1); i++) {
        assert_int_equal(again.algorithm[i], choice->algorithm[i]);
    }
    test_ok(ctx, tam_dnnl_layer_create(ctx, dnnl, "c1", &world->shape, &answer, &layer));
    tam_dnnl_answer_free(&answer);
    assert_int_equal(layer->x.lanes, choice->x_lanes);
    assert_int_equal(layer->y.lanes, choice->y_lanes);
    layer_results results = world_run(ctx, layer, world);
    bool winograd = strchr(word, 'w') != NULL;
    world_check(world, &results, winograd ? winograd_error : direct_error);
    world_results_free(&results);
    tam_layer_free(layer);
    return true;
}

static void check_ways(const tam_layer_shape *shape, int threads) {
    const int lanes[][2] = {{16, 16}, {8, 8}, {1, 1}, {1, 16}, {shape->in.c, shape->out}};
    tam_ctx *ctx = test_ctx(threads);
    tam_dnnl *dnnl = NULL;
    int ways = 0;
    test_ok(ctx, tam_dnnl_create(ctx, &dnnl));
    tam_team_enter(ctx);
    layer_world world = world_create(*shape);
    for (int i = 0; i < 5; i++) {
        for (int algorithms = 0; algorithms < (shape->training ? 8 : 2); algorithms++) {
            tam_dnnl_choice choice = {.x_lanes = lanes[i][0], .y_lanes = lanes[i][1]};
            for (int d = 0; d < 3; d++) {
                choice.algorithm[d] = algorithms >> d & 1 ? dnnl_convolution_winograd : dnnl_convolution_direct;
            }
            ways += check_choice(ctx, dnnl, &world, &choice);
        }
    }
    assert_true(ways >= 3);
    world_free(&world);
    tam_dnnl_free(dnnl);
    test_ctx_free(ctx);
}

static void every_way_is_right(void **state) {
    (void)state;
    for (int k = 0; k < 8; k++) {
        const tam_dtype dtype = k & 1 && tam_layer_has_bf16() ? TAM_BF16 : TAM_F32;
        tam_layer_shape shape = convolution(3, 32, 10, 48, 3, dtype, (k & 2) == 0);
        shape.bias = true;
        check_ways(&shape, 1 + (k >> 2));
    }
}

static void words_that_are_no_choice_are_refused(void **state) {
    (void)state;
    static const char *const words[] = {
        "",          "16",       "16-16",    "16-16-",     "16-16-w",    "16-16-wwww", "16-16-wwx",
        "-1-16-www", "0-16-www", "16-0-www", "016-16-www", "16-16-www ", "16-16-ddd!", "9999999999999-16-www"};
    tam_layer_shape shape = convolution(1, 16, 4, 16, 3, TAM_F32, true);
    tam_dnnl_choice choice;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (tam_dnnl_choice_read(&shape, words[i], &choice)) {
            fail_msg("'%s' is read as a choice", words[i]);
        }
    }
    assert_true(tam_dnnl_choice_read(&shape, "16-8-wdw", &choice));
    assert_int_equal(choice.y_lanes, 8);
    assert_int_equal(choice.algorithm[BACKWARD_DATA], dnnl_convolution_direct);
    assert_int_equal(choice.algorithm[BACKWARD_WEIGHTS], dnnl_convolution_winograd);
    shape.training = false;
    assert_false(tam_dnnl_choice_read(&shape, "16-8-wdw", &choice));
    assert_true(tam_dnnl_choice_read(&shape, "16-8-w", &choice));
}

static tam_layer *make(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const tam_layer_shape *shape) {
    tam_layer *layer = NULL;
    tam_team_enter(ctx);
    test_ok(ctx, tam_layer_create(ctx, dnnl, tuning, "c1", shape, &layer));
    return layer;
}

/* The one choice in a file. */
static void read_choice(const char *path, char key[256], char word[64]) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%255s %63s", key, word), 2);
    fclose(file);
}

static void a_choice_is_measured_once(void **state) {
    (void)state;
    char folder[64], path[96], key[256], word[64];
    tam_ctx *ctx = test_ctx(2);
    tam_dnnl *dnnl = NULL;
    tam_tuning *tuning = NULL;
    tam_layer_shape shape = convolution(2, 32, 9, 32, 3, TAM_F32, true);
    test_folder(folder);
    snprintf(path, sizeof path, "%s/choices", folder);
    test_ok(ctx, tam_dnnl_create(ctx, &dnnl));

    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_FULL, &tuning));
    tam_layer *layer = make(ctx, dnnl, tuning, &shape);
    test_ok(ctx, tam_tuning_save(tuning, path));
    read_choice(path, key, word);
    layer_world world = world_create(shape);
    layer_results results = world_run(ctx, layer, &world);
    world_check(&world, &results, winograd_error);
    world_results_free(&results);
    world_free(&world);
    tam_layer_free(layer);

    /* Another choice than any measurement finds: who has it in the file takes it, whatever the mode. */
    for (int mode = TAM_TUNE_OFF; mode <= TAM_TUNE_FULL; mode++) {
        tam_tuning_free(tuning);
        test_ok(ctx, tam_tuning_create(ctx, (tam_tune)mode, &tuning));
        test_ok(ctx, tam_tuning_set(tuning, key, "32-32-ddd"));
        layer = make(ctx, dnnl, tuning, &shape);
        assert_int_equal(layer->x.lanes, 32);
        tam_layer_free(layer);
    }
    /* One that is not possible here: by rule, or measured anew. */
    static const char *const impossible[] = {"5-5-ddd", "32-32-www", "nonsense"};
    for (int i = 0; i < 3; i++) {
        test_ok(ctx, tam_tuning_set(tuning, key, impossible[i]));
        layer = make(ctx, dnnl, tuning, &shape);
        assert_string_not_equal(tam_tuning_find(tuning, key), impossible[i]);
        tam_layer_free(layer);
    }
    tam_tuning_free(tuning);
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_OFF, &tuning));
    test_ok(ctx, tam_tuning_set(tuning, key, "5-5-ddd"));
    layer = make(ctx, dnnl, tuning, &shape);
    tam_layer *by_rule = make(ctx, dnnl, NULL, &shape);
    assert_true(tam_layout_same(&layer->x, &by_rule->x));
    tam_layer_free(by_rule);
    tam_layer_free(layer);
    tam_tuning_free(tuning);
    tam_dnnl_free(dnnl);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* A key that forgets something would hand a choice to a layer that it was not measured for. */
static void different_layers_have_different_keys(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_dnnl *dnnl = NULL;
    tam_tuning *tuning = NULL;
    char folder[64], path[96], line[512];
    const tam_layer_shape base = convolution(2, 32, 6, 32, 3, TAM_F32, true);
    enum { SHAPES = 15 };
    tam_layer_shape shapes[SHAPES];
    for (int i = 0; i < SHAPES; i++) {
        shapes[i] = base;
    }
    shapes[1].in.n = 3;
    shapes[2].in.c = 48;
    shapes[3].in.h = shapes[3].out_h = 7;
    shapes[4].in.w = shapes[4].out_w = 7;
    shapes[5].in.lanes = 16;
    shapes[6].out = 16;
    shapes[7].window = (tam_window){1, 1, 1, 0, 0};
    shapes[8].window.stride = 2, shapes[8].out_h = shapes[8].out_w = 3;
    shapes[9].groups = 2;
    shapes[10].training = false;
    shapes[11].free_gradient = true;
    shapes[12].window = (tam_window){1, 3, 1, 0, 1};
    shapes[13].window = (tam_window){3, 1, 1, 1, 0};
    shapes[14].window = (tam_window){3, 3, 1, 1, 2}, shapes[14].out_w = 8;
    test_folder(folder);
    snprintf(path, sizeof path, "%s/choices", folder);
    test_ok(ctx, tam_dnnl_create(ctx, &dnnl));
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_FULL, &tuning));
    for (int i = 0; i < SHAPES; i++) {
        tam_dnnl_answer answer;
        test_ok(ctx, tam_dnnl_tune(ctx, dnnl, tuning, "c1", &shapes[i], &answer));
        tam_dnnl_answer_free(&answer);
    }
    test_ok(ctx, tam_tuning_save(tuning, path));
    FILE *file = fopen(path, "r");
    int lines = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        lines++;
    }
    fclose(file);
    assert_int_equal(lines, SHAPES);
    tam_tuning_free(tuning);
    tam_dnnl_free(dnnl);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_is_right),
        cmocka_unit_test(words_that_are_no_choice_are_refused),
        cmocka_unit_test(a_choice_is_measured_once),
        cmocka_unit_test(different_layers_have_different_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
