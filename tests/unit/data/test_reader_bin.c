/* A verification set as data: images without labels, and pairs of its own. */
#include <fcntl.h>

#include "data_support.h"

#include "data/dataset.h"
#include "tammes/pairs.h"

static const char *golden(const char *name) {
    static char path[512];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/bin/%s", source != NULL ? source : ".", name);
    return path;
}

static void images_come_in_the_order_of_the_pairs(void **state) {
    static const char *const names[] = {"python2-p0.bin", "bytes-p2.bin", "bytes-p4.bin", "numpy-p2.bin",
                                        "numpy-p5.bin"};
    static const char *const images[] = {"image0.png", "image1.jpg", "image2.png",
                                         "image3.png", "image4.png", "image5.png"};
    tam_ctx *ctx = *state;
    for (size_t f = 0; f < sizeof names / sizeof *names; f++) {
        tam_dataset *dataset;
        char key[64], name[600];
        test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = golden(names[f]), .unlabelled = 1}, &dataset));
        tam_dataset_info info = tam_dataset_describe(dataset);
        assert_true(info.count == 6 && info.classes == 0 && info.width == 4 && info.height == 4 && info.channels == 3);
        assert_string_equal(tam_dataset_kind(dataset), "verification set");
        tam_dataset_image_key(dataset, 5, key, sizeof key);
        tam_dataset_image_name(dataset, 5, name, sizeof name);
        assert_string_equal(key, "5");
        assert_non_null(strstr(name, ".bin#5"));
        for (int i = 0; i < 6; i++) {
            tam_reader_scratch scratch = {0};
            const tam_source *source = tam_dataset_source(dataset);
            const uint8_t *stored;
            uint8_t *file, pixels[4 * 4 * 3];
            size_t size, file_size;
            assert_int_equal(tam_dataset_label(dataset, i), -1);
            test_ok(ctx, tam_file_read(ctx, golden(images[i]), 0, &file, &file_size));
            test_ok(ctx, source->reader->encoded(source, i, &scratch, &stored, &size));
            assert_int_equal(size, file_size);
            assert_memory_equal(stored, file, size);
            test_ok(ctx, tam_dataset_read(dataset, i, pixels));
            tam_scratch_free(ctx, &scratch);
            tam_release(ctx, file);
        }
        tam_dataset_free(dataset);
    }
}

static void pairs_lie_in_the_set_itself(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    tam_pairs *pairs;
    test_ok(ctx,
            tam_dataset_open(ctx, &(tam_dataset_config){.path = golden("bytes-p3.bin"), .unlabelled = 1}, &dataset));
    static const char *const names[] = {"bytes-p3.bin", "../bin/bytes-p3.bin", NULL};
    for (int i = 0; i < 3; i++) {
        test_ok(ctx, tam_pairs_open(ctx, names[i] != NULL ? golden(names[i]) : NULL, dataset, &pairs));
        tam_pairs_info info = tam_pairs_describe(pairs);
        assert_true(info.count == 3 && info.folds == 10 && info.images == 6 && info.missing == 0);
        for (int k = 0; k < 6; k++) {
            assert_true(info.image[k] == k && info.rows[k] == k);
        }
        assert_true(info.same[0] == 1 && info.same[1] == 0 && info.same[2] == 1);
        tam_pairs_free(pairs);
    }
    test_fails(ctx, tam_pairs_open(ctx, golden("bytes-p4.bin"), dataset, &pairs), TAM_CONFIG,
               "its pairs are of its own images");
    tam_dataset_free(dataset);
}

/* The number that the next file will have. */
static int next_descriptor(void) {
    int descriptor = open("/dev/null", O_RDONLY);
    assert_true(descriptor >= 0);
    close(descriptor);
    return descriptor;
}

static void files_are_closed(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    tam_dataset_config config = {.path = golden("bytes-p3.bin"), .unlabelled = 1};
    int before = next_descriptor();
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    assert_int_not_equal(next_descriptor(), before);
    tam_dataset_free(dataset);
    assert_int_equal(next_descriptor(), before);
}

static void a_set_is_no_training_data(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    tam_dataset_config config = {.path = golden("bytes-p3.bin")};
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT, "has pairs and no labels: it is for eval");
    config.unlabelled = 1;
    config.split = "test";
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_CONFIG, "has no split 'test'");
    config.split = NULL;
    config.classes = "*";
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_CONFIG, "there are no labels");
    assert_null(dataset);
}

static void other_files_by_that_name_are_refused(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    char folder[64], path[96];
    test_folder(folder);
    snprintf(path, sizeof path, "%s/lfw.BIN", folder);
    write_bytes(ctx, path, "cos\nsystem\n(S'id'\ntR.", 21);
    const tam_dataset_config config = {.path = path, .unlabelled = 1};
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT,
               "lfw.BIN: byte 0: the pickle asks for os.system");
    write_bytes(ctx, path, "hello", 5);
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT, "lfw.BIN: byte 0: ");
    write_bytes(ctx, path, "", 0);
    int before = next_descriptor();
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT, "lfw.BIN: cut short at byte 0");
    assert_int_equal(next_descriptor(), before);
    test_folder_remove(folder);
}

/* The file's end, and an image in the middle, are found damaged by their number. */
static void damage_names_its_place(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    uint8_t *data;
    size_t size;
    char folder[64], path[96];
    test_folder(folder);
    snprintf(path, sizeof path, "%s/cut.bin", folder);
    test_ok(ctx, tam_file_read(ctx, golden("numpy-p4.bin"), 0, &data, &size));
    tam_dataset_config config = {.path = path, .unlabelled = 1};
    for (size_t cut = 0; cut < size; cut += 97) {
        write_bytes(ctx, path, data, cut);
        test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT, "cut short");
    }
    uint8_t *third = memmem(data, size, "\x89PNG", 4);
    assert_non_null(third);
    third = memmem(third + 4, size - (size_t)(third + 4 - data), "\x89PNG", 4);
    assert_non_null(third);
    third[1] = 'Q';
    write_bytes(ctx, path, data, size);
    test_fails(ctx, tam_dataset_open(ctx, &config, &dataset), TAM_INPUT, "cut.bin#2: ");
    tam_release(ctx, data);
    test_folder_remove(folder);
}

/* A list of fixes leaves images out: their pairs are missing. */
static void images_left_out_take_their_pairs_along(void **state) {
    tam_ctx *ctx = *state;
    tam_dataset *dataset;
    tam_pairs *pairs;
    char folder[64], path[96];
    test_folder(folder);
    snprintf(path, sizeof path, "%s/fixes.txt", folder);
    static const char fixes[] = "# tammes fixes 1\ndrop\t2\n";
    write_bytes(ctx, path, fixes, sizeof fixes - 1);
    const tam_dataset_config config = {.path = golden("bytes-p3.bin"), .unlabelled = 1, .fixes = path};
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    test_fails(ctx, tam_pairs_open(ctx, NULL, dataset, &pairs), TAM_INPUT,
               "pair 2 names '2', which the data set does not hold; 1 images are missing in all, from 1 of 3 pairs");
    test_ok(ctx, tam_pairs_open_present(ctx, NULL, dataset, &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_true(info.count == 2 && info.missing == 1 && info.images == 4);
    assert_true(info.image[0] == 0 && info.image[1] == 1 && info.image[2] == 3 && info.image[3] == 4);
    assert_true(info.same[0] == 1 && info.same[1] == 1 && info.rows[2] == 2 && info.rows[3] == 3);
    tam_pairs_free(pairs);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    int left, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_dataset *dataset;
        tam_pairs *pairs = NULL;
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        const tam_dataset_config data = {.path = golden("numpy-p2.bin"), .unlabelled = 1};
        tam_status status = tam_dataset_open(ctx, &data, &dataset);
        if (status == TAM_OK) {
            status = tam_pairs_open(ctx, NULL, dataset, &pairs);
        }
        if (status != TAM_OK) {
            assert_int_equal(status, TAM_RESOURCES);
            failures++;
        }
        tam_pairs_free(pairs);
        tam_dataset_free(dataset);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures > 15);
}

static int set_up(void **state) {
    *state = test_ctx(2);
    return 0;
}

static int tear_down(void **state) {
    test_ctx_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_come_in_the_order_of_the_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pairs_lie_in_the_set_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_set_is_no_training_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files_by_that_name_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_names_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_left_out_take_their_pairs_along, set_up, tear_down),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
