/* The planner: memory is counted to the byte, what would fit instead is true, options are put together rightly. */
#include "head_support.h"

#include "head/plan.h"

static const char *const losses[] = {"arcface", "softmax+center",    "p2sgrad",         "proxy-anchor",
                                     "adacos",  "subcenter-arcface", "cosface+triplet", "curricularface"};

static tam_status memory_of(const tam_head_config *config) {
    tam_ctx *ctx = test_ctx(2);
    tam_head_bytes bytes;
    tam_head *head = NULL;
    tam_status status = tam_head_count_bytes(ctx, config, &bytes);
    assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
    if (status == TAM_OK) {
        test_ok(ctx, tam_head_create(ctx, config, &head));
        assert_int_equal(tam_ctx_memory(ctx).bytes, bytes.weights + bytes.workspace);
        assert_int_equal(tam_head_workspace_bytes(head), bytes.workspace);
        assert_int_equal(tam_ctx_memory(ctx).peak_bytes, bytes.weights + bytes.workspace);
        assert_true(bytes.least <= bytes.workspace);
        assert_true(config->workspace != TAM_HEAD_LEAST_WORKSPACE || bytes.least == bytes.workspace);
    }
    tam_head_free(head);
    test_ctx_free(ctx);
    return status;
}

static void test_memory_is_exact(void **state) {
    (void)state;
    static const struct {
        int64_t classes;
        int dim, batch;
    } sizes[] = {{2, 1, 1}, {37, 5, 9}, {5000, 64, 32}, {20011, 17, 130}};
    static const size_t workspaces[] = {0, TAM_HEAD_LEAST_WORKSPACE, (size_t)9 << 20, TAM_HEAD_KEEP_ALL};
    static const double rates[] = {0.0, 0.1};
    int made = 0;
    for (size_t k = 0; k < sizeof losses / sizeof losses[0] * 4 * 4 * 2 * TAM_HEAD_DTYPES; k++) {
        size_t size = k % 4;
        tam_head_config config = {.classes = sizes[size].classes,
                                  .dim = sizes[size].dim,
                                  .batch = sizes[size].batch,
                                  .workspace = workspaces[k / 4 % 4],
                                  .sample_rate = rates[k / 16 % 2],
                                  .dtype = tam_head_dtype_names[k / 32 % TAM_HEAD_DTYPES],
                                  .loss = losses[k / (size_t)(32 * TAM_HEAD_DTYPES)]};
        made += memory_of(&config) == TAM_OK;
    }
    assert_true(made > 400); /* nine megabytes do not do for the largest */
    tam_head_config filtered = {.classes = 5000, .dim = 16, .batch = 20, .gradient_filter = 20};
    assert_int_equal(memory_of(&filtered), TAM_OK);
}

static size_t need(tam_ctx *ctx, const tam_head_config *config) {
    tam_head_bytes bytes;
    test_ok(ctx, tam_head_count_bytes(ctx, config, &bytes));
    return bytes.weights + (config->workspace == 0 ? bytes.least : bytes.workspace);
}

static void test_what_fits_instead(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head_config config = {.classes = 100000, .dim = 64, .batch = 8, .workspace = (size_t)60 << 20};
    size_t kept_all = need(ctx, &config);
    test_ok(ctx, tam_head_plan_check_left(ctx, &config, kept_all));
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, kept_all - 1), TAM_RESOURCES, "with the default workspace");
    config.workspace = 0;
    size_t least = need(ctx, &config);
    assert_true(least < kept_all);
    test_ok(ctx, tam_head_plan_check_left(ctx, &config, least));
    test_ok(ctx, tam_head_plan_check_left(ctx, &config, SIZE_MAX));
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, least / 4 * 3), TAM_RESOURCES, "with dtype bf16-lean it");
    config.dtype = "bf16-lean";
    size_t lean = need(ctx, &config);
    test_ok(ctx, tam_head_plan_check_left(ctx, &config, lean));
    config.dtype = NULL;
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, lean - 1), TAM_RESOURCES, "at most this many classes: ");
    long long most = strtoll(strstr(tam_ctx_message(ctx), "this many classes: ") + 19, NULL, 10);
    config.dtype = "bf16-lean";
    config.classes = most;
    test_ok(ctx, tam_head_plan_check_left(ctx, &config, lean - 1));
    config.classes = most + 1;
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, lean - 1), TAM_RESOURCES, "at most this many classes: ");
    config.classes = 2;
    config.dim = 1 << 16;
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, need(ctx, &config) / 2), TAM_RESOURCES, "a width of");
    test_fails(ctx, tam_head_plan_check_left(ctx, &config, 1), TAM_RESOURCES, "nor would the smallest head");
    test_ctx_free(ctx);
}

static void test_refused_like_the_head(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head_option options[TAM_HEAD_OPTIONS];
    tam_head_speeds speeds;
    tam_head_config one = {.classes = 1, .dim = 4, .batch = 2};
    test_fails(ctx, tam_head_plan_check(ctx, &one), TAM_CONFIG, "at least 2");
    test_fails(ctx, tam_head_plan_calibrate(ctx, &one, 0.01, &speeds), TAM_CONFIG, "at least 2");
    test_fails(ctx, tam_head_plan_options(ctx, &one, NULL, 0.1, options), TAM_CONFIG, "at least 2");
    tam_head_config two = {.classes = 2, .dim = 4, .batch = 2};
    test_fails(ctx, tam_head_plan_options(ctx, &two, NULL, 1.5, options), TAM_CONFIG, "a sample rate of 1.5");
    tam_head_config unknown = {.loss = "arcfce", .classes = 10, .dim = 4, .batch = 2};
    test_fails(ctx, tam_head_plan_check(ctx, &unknown), TAM_CONFIG, "arcface");
    tam_head_config huge = {.classes = 2000000000, .dim = 1 << 20, .batch = 2};
    test_fails(ctx, tam_head_plan_check(ctx, &huge), TAM_RESOURCES, "at most this many classes");
    tam_head_config small = {.classes = 10, .dim = 4, .batch = 2};
    test_ok(ctx, tam_head_plan_check(ctx, &small));
    test_ctx_free(ctx);
}

static void test_options(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head_option options[TAM_HEAD_OPTIONS], option;
    tam_head_speeds speeds = {.drawn = {0.5, 0.5, 0.5}};
    for (int k = 0; k < TAM_HEAD_DTYPES; k++) {
        speeds.kept[k] = (tam_head_speed){10.0 * k + 1.0, 0.25};
        speeds.again[k] = (tam_head_speed){10.0 * k + 2.0, 0.5};
    }
    tam_head_config config = {.classes = 100000, .dim = 8, .batch = 4};
    test_ok(ctx, tam_head_plan_options(ctx, &config, &speeds, 0.1, options));
    assert_string_equal(options[0].dtype, "f32");
    assert_true(options[0].kept == 1.0 && options[1].kept == 0.0 && options[0].fits);
    assert_true(options[0].seconds == 25001.0 && options[1].seconds == 50002.0);
    assert_string_equal(options[4].dtype, "bf16-lean");
    assert_true(options[4].seconds == 25021.0);
    assert_true(options[6].sample_rate == 0.1 && options[6].seconds == 2501.0 + 5000.0);
    config.workspace = (options[0].bytes.least + options[0].bytes.workspace) / 2;
    test_ok(ctx, tam_head_plan_predict(ctx, &config, &speeds, &option));
    assert_true(option.kept > 0.2 && option.kept < 0.8);
    double between = option.kept * 25001.0 + (1.0 - option.kept) * 50002.0;
    assert_true(option.seconds > between - 1e-6 && option.seconds < between + 1e-6);
    test_ctx_free(ctx);
}

static void test_choice(void **state) {
    (void)state;
    tam_head_option options[4] = {{.dtype = "f32", .sample_rate = 1.0, .seconds = 1.0, .fits = 1},
                                  {.dtype = "bf16", .sample_rate = 1.0, .seconds = 0.95, .fits = 1},
                                  {.dtype = "bf16-lean", .sample_rate = 1.0, .seconds = 0.1, .fits = 1},
                                  {.dtype = "f32", .sample_rate = 0.1, .seconds = 0.01, .fits = 1}};
    assert_int_equal(tam_head_plan_choose(options, 4), 0); /* a twentieth is not worth the precision */
    options[1].seconds = 0.5;
    assert_int_equal(tam_head_plan_choose(options, 4), 1);
    options[0].fits = options[1].fits = 0;
    assert_int_equal(tam_head_plan_choose(options, 4), 2);
    options[2].fits = 0;
    assert_int_equal(tam_head_plan_choose(options, 4), -1);
    assert_int_equal(tam_head_plan_choose(options, 0), -1);
}

static void test_calibration(void **state) {
    (void)state;
    static const char *const tried[] = {"arcface", "p2sgrad", "triplet", "softmax+center"};
    for (int k = 0; k < 4; k++) {
        tam_ctx *ctx = test_ctx(2);
        tam_head_speeds speeds;
        tam_head_config config = {.loss = tried[k], .classes = k == 0 ? 5000 : 300, .dim = 16, .batch = 8};
        test_ok(ctx, tam_head_plan_calibrate(ctx, &config, 0.02, &speeds));
        assert_true(speeds.kept[0].each >= 0.0 && speeds.kept[0].fixed >= 0.0);
        assert_true(speeds.again[0].each + speeds.again[0].fixed > 0.0);
        assert_true(speeds.drawn[0] >= 0.0);
        test_ctx_free(ctx);
    }
}

static void test_calibration_without_memory(void **state) {
    (void)state;
    tam_status status = TAM_RESOURCES;
    int allowed = 1; /* the context's own */
    for (; status != TAM_OK; allowed++) {
        int left = allowed;
        tam_ctx *ctx = NULL;
        tam_head_speeds speeds;
        tam_ctx_config made = {.threads = 1, .allocator = test_ration(&left)};
        tam_head_config config = {.classes = 50, .dim = 4, .batch = 3};
        assert_int_equal(tam_ctx_create(&made, &ctx), TAM_OK);
        status = tam_head_plan_calibrate(ctx, &config, 1e-6, &speeds);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        test_ctx_free(ctx);
    }
    assert_true(allowed > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_exact),
        cmocka_unit_test(test_what_fits_instead),
        cmocka_unit_test(test_refused_like_the_head),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_calibration_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
