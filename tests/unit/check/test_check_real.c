/* What is known to be twice in the published data sets, where they are at hand. */
#include "support.h"

#include "tammes/check.h"

static tam_check *check_real(tam_ctx *ctx, const char *name) {
    char path[2048];
    tam_check *check;
    snprintf(path, sizeof path, "%s/%s", test_data(), name);
    tam_check_config config = {.data = {.path = path}};
    test_ok(ctx, tam_check_run(ctx, &config, &check));
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.corrupt_count + info.conflict_count + info.blank_count, 0);
    assert_int_equal(info.sizes, 1);
    return check;
}

static void expect_pair(const tam_check *check, const tam_check_twin *twin, const char *image, const char *of) {
    char key[256];
    tam_dataset_image_key(tam_check_set(check, 0), twin->image, key, sizeof key);
    assert_string_equal(key, image);
    tam_dataset_image_key(tam_check_set(check, 0), twin->twin, key, sizeof key);
    assert_string_equal(key, of);
}

/* A comparison of all images with all has the same 11 pairs above the threshold; all are one photograph twice. */
static void lfw_dev(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_check *check = check_real(ctx, "lfw-dev/images");
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.images, 9525);
    assert_int_equal(info.copy_count, 0);
    assert_int_equal(info.near_count, 11);
    int other_class = 0;
    for (int k = 0; k < 11; k++) {
        other_class += tam_dataset_label(tam_check_set(check, 0), info.near[k].image) !=
                       tam_dataset_label(tam_check_set(check, 0), info.near[k].twin);
    }
    assert_int_equal(other_class, 2);
    expect_pair(check, &info.near[0], "Ari_Fleischer/Ari_Fleischer_0011.jpg", "Ari_Fleischer/Ari_Fleischer_0006.jpg");
    tam_check_free(check);
    test_ctx_free(ctx);
}

static void omniglot(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_check *check = check_real(ctx, "omniglot-background");
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.images, 19280);
    assert_int_equal(info.copy_count, 1);
    expect_pair(check, &info.copy[0], "Braille/character01/0192_19.png", "Braille/character01/0192_03.png");
    assert_in_range(info.near_count, 1, 10);
    tam_check_free(check);
    test_ctx_free(ctx);
}

static void mnist_and_a_record_file(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_check *check = check_real(ctx, "mnist");
    assert_int_equal(tam_check_describe(check).images, 60000);
    assert_int_equal(tam_check_describe(check).copy_count, 0);
    assert_in_range(tam_check_describe(check).near_count, 1, 100);
    tam_check_free(check);
    check = check_real(ctx, "recordio-sample");
    assert_int_equal(tam_check_describe(check).images, 8);
    assert_int_equal(tam_check_describe(check).copy_count + tam_check_describe(check).near_count, 0);
    tam_check_free(check);
    test_ctx_free(ctx);
}

int main(void) {
    if (test_data() == NULL) {
        printf("skipped: no real data (set TAMMES_DATA)\n");
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(lfw_dev), cmocka_unit_test(omniglot),
                                       cmocka_unit_test(mnist_and_a_record_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
