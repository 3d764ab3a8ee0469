/* The published data sets, where they are at hand: their counts and known facts about their pixels. */
#include "data_support.h"

static tam_dataset_info open_real(tam_ctx *ctx, const char *name, tam_dataset_config config, tam_dataset **dataset) {
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", test_data(), name);
    config.path = path;
    test_ok(ctx, tam_dataset_open(ctx, &config, dataset));
    return tam_dataset_describe(*dataset);
}

static void expect_info(tam_dataset_info info, int64_t count, int64_t classes, int channels, int side) {
    assert_int_equal(info.count, count);
    assert_int_equal(info.classes, classes);
    assert_int_equal(info.channels, channels);
    assert_int_equal(info.height, side);
    assert_int_equal(info.width, side);
}

static void mnist(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_dataset *dataset;
    uint8_t pixels[784];
    static const int32_t first[10] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    expect_info(open_real(ctx, "mnist", (tam_dataset_config){0}, &dataset), 60000, 10, 1, 28);
    double sum = 0;
    for (int64_t i = 0; i < 60000; i++) {
        test_ok(ctx, tam_dataset_read(dataset, i, pixels));
        for (int k = 0; k < 784; k++) {
            sum += pixels[k];
        }
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tam_dataset_label(dataset, i), first[i]);
    }
    assert_int_equal((int)(1e4 * sum / (60000.0 * 784 * 255)), 1306); /* the mean that everyone quotes, 0.1307 */
    tam_dataset_free(dataset);
    expect_info(open_real(ctx, "mnist", (tam_dataset_config){.split = "test"}, &dataset), 10000, 10, 1, 28);
    assert_int_equal(tam_dataset_label(dataset, 0), 7);
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
}

static void omniglot(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_dataset *dataset;
    uint8_t pixels[105 * 105];
    expect_info(open_real(ctx, "omniglot-background", (tam_dataset_config){0}, &dataset), 19280, 964, 1, 105);
    assert_string_equal(tam_dataset_class_name(dataset, 0), "Alphabet_of_the_Magi/character01");
    test_ok(ctx, tam_dataset_read(dataset, 0, pixels));
    int ink = 0;
    for (int i = 0; i < 105 * 105; i++) {
        assert_true(pixels[i] == 0 || pixels[i] == 255);
        ink += pixels[i] == 0;
    }
    assert_in_range(ink, 100, 2000);
    tam_dataset_free(dataset);
    tam_dataset_config five = {.classes = "Greek*,Latin*", .size = 28};
    expect_info(open_real(ctx, "omniglot-background", five, &dataset), 1000, 50, 1, 28);
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
}

static void lfw_dev(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_dataset *dataset;
    static uint8_t pixels[112 * 112 * 3];
    expect_info(open_real(ctx, "lfw-dev/images", (tam_dataset_config){0}, &dataset), 9525, 4038, 3, 112);
    for (int64_t i = 0; i < 9525; i += 500) {
        test_ok(ctx, tam_dataset_read(dataset, i, pixels));
    }
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
}

int main(void) {
    if (test_data() == NULL) {
        printf("skipped: no real data (set TAMMES_DATA)\n");
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(mnist), cmocka_unit_test(omniglot), cmocka_unit_test(lfw_dev)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
