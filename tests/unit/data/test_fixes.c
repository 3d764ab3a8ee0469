/* Data sets with a list of fixes: three classes c0, c1, c2 of four images each. */
#include "data_support.h"

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64], list[128];
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->ctx = test_ctx(2);
    test_folder(f->folder);
    snprintf(f->list, sizeof f->list, "%s.txt", f->folder);
    write_classes(f->ctx, f->folder, 3, 4);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    unlink(f->list);
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    free(f);
    return 0;
}

static tam_status open_fixed(fixture *f, const char *lines, tam_dataset_config config, tam_dataset **dataset) {
    char text[4096];
    snprintf(text, sizeof text, "# tammes fixes 1\n%s", lines);
    write_bytes(f->ctx, f->list, text, strlen(text));
    config.path = f->folder;
    config.fixes = f->list;
    return tam_dataset_open(f->ctx, &config, dataset);
}

/* Opens with the lines and compares "class:key class:key ..." of all images. */
static void expect_images(fixture *f, const char *lines, tam_dataset_config config, const char *expected) {
    tam_dataset *dataset;
    char found[4096] = "";
    test_ok(f->ctx, open_fixed(f, lines, config, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    for (int64_t i = 0; i < info.count; i++) {
        char key[256];
        size_t at = strlen(found);
        int32_t label = tam_dataset_label(dataset, i);
        assert_in_range(label, 0, info.classes - 1);
        tam_dataset_image_key(dataset, i, key, sizeof key);
        snprintf(found + at, sizeof found - at, "%s%s:%s", i > 0 ? " " : "", tam_dataset_class_name(dataset, label),
                 key);
    }
    assert_string_equal(found, expected);
    for (int64_t c = 1; c < info.classes; c++) {
        assert_true(strcmp(tam_dataset_class_name(dataset, c - 1), tam_dataset_class_name(dataset, c)) < 0);
    }
    tam_dataset_free(dataset);
}

static void images_are_left_out_and_move(void **state) {
    fixture *f = *state;
    tam_dataset_config all = {0}, some = {.classes = "c0,b"};
    const char *lines = "move\tc2/01.png\tb\n" /* a new class */
                        "drop\tc0/00.png\ndrop\tc0/03.png\n"
                        "move\tc1/02.png\tc0\n"
                        "drop\tc2/00.png\ndrop\tc2/02.png\ndrop\tc0/00.png\n";
    expect_images(f, lines, all,
                  "c0:c0/01.png c0:c0/02.png c1:c1/00.png c1:c1/01.png c0:c1/02.png c1:c1/03.png b:c2/01.png "
                  "c2:c2/03.png");
    expect_images(f, lines, some, "c0:c0/01.png c0:c0/02.png c0:c1/02.png b:c2/01.png");
}

/* An image that is read is the one that its key names. */
static void pixels_stay_with_their_keys(void **state) {
    fixture *f = *state;
    tam_dataset *dataset;
    uint8_t pixels[25];
    test_ok(f->ctx, open_fixed(f, "drop\tc0/01.png\nmove\tc1/00.png\tc0\n", (tam_dataset_config){0}, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 11);
    test_ok(f->ctx, tam_dataset_read(dataset, 1, pixels));
    assert_int_equal(pixels[0], 2);
    test_ok(f->ctx, tam_dataset_read(dataset, 3, pixels));
    assert_int_equal(pixels[0], 16);
    assert_int_equal(tam_dataset_label(dataset, 3), 0);
    tam_dataset_free(dataset);
}

static void classes_merge_and_vanish(void **state) {
    fixture *f = *state;
    tam_dataset_config all = {0};
    const char *every_other = "drop\tc0/01.png\ndrop\tc0/02.png\ndrop\tc0/03.png\ndrop\tc1/01.png\ndrop\tc1/02.png\n"
                              "drop\tc1/03.png\ndrop\tc2/01.png\ndrop\tc2/02.png\ndrop\tc2/03.png\n";
    char lines[1024];
    snprintf(lines, sizeof lines, "merge\tc2\tc0\n%s", every_other);
    expect_images(f, lines, all, "c0:c0/00.png c1:c1/00.png c0:c2/00.png");
    /* Images move before classes merge; a merge goes on where the next one leads. */
    snprintf(lines, sizeof lines, "merge\tnew\tc1\nmerge\tc2\tnew\nmove\tc0/00.png\tnew\nmove\tc0/01.png\tother\n%s",
             strchr(every_other, '\n') + 1);
    expect_images(f, lines, all, "c1:c0/00.png other:c0/01.png c1:c1/00.png c1:c2/00.png");
    snprintf(lines, sizeof lines, "drop\tc0/00.png\n%s", every_other);
    expect_images(f, lines, all, "c1:c1/00.png c2:c2/00.png");
}

static void expect_refused(fixture *f, const char *lines, tam_status status, const char *sentence) {
    tam_dataset *dataset;
    test_fails(f->ctx, open_fixed(f, lines, (tam_dataset_config){0}, &dataset), status, sentence);
    assert_null(dataset);
}

static void fixes_of_what_is_not_there_are_refused(void **state) {
    fixture *f = *state;
    expect_refused(f, "# x\ndrop\tc0/99.png\n", TAM_INPUT, ".txt:3: the image 'c0/99.png' is not in the data");
    expect_refused(f, "merge\tc7\tc0\n", TAM_INPUT, ".txt:2: the class 'c7' is not in the data");
    expect_refused(f, "merge\tc0\tc7\n", TAM_INPUT, ".txt:2: the class 'c7' is not in the data");
    expect_refused(f, "merge\tc0\tc0\n", TAM_INPUT, ".txt:2: the class 'c0' is to go into itself");
    expect_refused(f, "merge\tc0\tc1\nmerge\tc0\tc2\n", TAM_INPUT, ".txt:3: the class 'c0' goes into another");
    expect_refused(f, "merge\tc0\tc1\nmerge\tc1\tc2\nmerge\tc2\tc0\n", TAM_INPUT, "goes round in a circle");
    expect_refused(f, "drop\tc0/00.png\nmove\tc0/00.png\tc1\n", TAM_INPUT, ".txt:3: line 2 says something else");
    expect_refused(f, "move\tc0/00.png\tc2\nmove\tc0/00.png\tc1\n", TAM_INPUT, ".txt:3: line 2 says something else");
    expect_refused(f, "merge\tc0\tc1\nmerge\tc2\tc1\n", TAM_CONFIG, "the fixes and class filters leave 1 of 1 classes");
    expect_refused(f, "delete\tx\n", TAM_INPUT, ".txt:2: 'delete' is none of");
    tam_dataset *dataset;
    tam_dataset_config config = {.path = f->folder, .fixes = "/nowhere"};
    test_fails(f->ctx, tam_dataset_open(f->ctx, &config, &dataset), TAM_INPUT, "/nowhere: cannot open");
}

static void dropping_everything_is_refused(void **state) {
    fixture *f = *state;
    char lines[1024] = "";
    for (int i = 0; i < 12; i++) {
        size_t at = strlen(lines);
        snprintf(lines + at, sizeof lines - at, "drop\tc%d/%02d.png\n", i / 4, i % 4);
    }
    tam_dataset *dataset;
    tam_dataset_config config = {.unlabelled = 1};
    test_fails(f->ctx, open_fixed(f, lines, config, &dataset), TAM_CONFIG, "leave no image");
}

static tam_status use_all(fixture *f, tam_ctx *ctx) {
    tam_dataset_config config = {.path = f->folder, .fixes = f->list, .classes = "c1,d"};
    tam_dataset *dataset;
    tam_status status = tam_dataset_open(ctx, &config, &dataset);
    tam_dataset_free(dataset);
    return status;
}

static void every_allocation_may_fail(void **state) {
    fixture *f = *state;
    static const char lines[] = "# tammes fixes 1\ndrop\tc0/00.png\nmove\tc1/00.png\td\nmerge\tc2\tc1\n";
    write_bytes(f->ctx, f->list, lines, sizeof lines - 1);
    int left = INT32_MAX, failures = 0;
    tam_ctx *ctx;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    for (int k = 0;; k++) {
        left = k;
        tam_status status = use_all(f, ctx);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
    }
    assert_true(failures > 20);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_are_left_out_and_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pixels_stay_with_their_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_merge_and_vanish, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fixes_of_what_is_not_there_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dropping_everything_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
