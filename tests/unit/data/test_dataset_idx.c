#include <zlib.h>

#include "data_support.h"

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64];
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(1);
    test_folder(f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    return 0;
}

/* Images of 3 x 2 whose values count up, gzipped if the name says so. */
static void write_images(fixture *f, const char *name, int count) {
    uint8_t bytes[16 + 6 * 32] = {0, 0, 8, 3, 0, 0, 0, (uint8_t)count, 0, 0, 0, 2, 0, 0, 0, 3};
    char path[256];
    size_t size = 16 + 6 * (size_t)count;
    for (size_t i = 16; i < size; i++) {
        bytes[i] = (uint8_t)i;
    }
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    if (strstr(name, ".gz") == NULL) {
        write_bytes(f->ctx, path, bytes, size);
        return;
    }
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void write_labels(fixture *f, const char *name, const uint8_t *labels, int count) {
    uint8_t bytes[8 + 32] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};
    char path[256];
    memcpy(bytes + 8, labels, (size_t)count);
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    write_bytes(f->ctx, path, bytes, 8 + (size_t)count);
}

static void expect_refused(fixture *f, tam_dataset_config config, tam_status status, const char *sentence) {
    tam_dataset *dataset;
    config.path = f->folder;
    test_fails(f->ctx, tam_dataset_open(f->ctx, &config, &dataset), status, sentence);
    assert_null(dataset);
}

static void both_splits_are_read(void **state) {
    fixture *f = *state;
    tam_dataset *dataset;
    uint8_t pixels[6];
    char name[256];
    write_images(f, "train-images-idx3-ubyte.gz", 5);
    write_labels(f, "train-labels-idx1-ubyte", (const uint8_t[]){7, 10, 2, 7, 10}, 5);
    write_images(f, "t10k-images-idx3-ubyte", 2);
    write_labels(f, "t10k-labels-idx1-ubyte", (const uint8_t[]){1, 0}, 2);
    tam_dataset_config config = {.path = f->folder};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_int_equal(info.count, 5);
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.channels, 1);
    assert_int_equal(info.height, 2);
    assert_int_equal(info.width, 3);
    static const char *const names[3] = {"2", "7", "10"}; /* in the order of the numbers */
    static const int32_t labels[5] = {1, 2, 0, 1, 2};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(tam_dataset_class_name(dataset, i), names[i]);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tam_dataset_label(dataset, i), labels[i]);
        test_ok(f->ctx, tam_dataset_read(dataset, i, pixels));
        assert_int_equal(pixels[5], 16 + 6 * i + 5);
    }
    tam_dataset_image_name(dataset, 3, name, sizeof name);
    assert_non_null(strstr(name, "/train-images-idx3-ubyte.gz#3"));
    tam_dataset_free(dataset);

    config = (tam_dataset_config){.path = f->folder, .classes = "7,2", .channels = 3, .size = 2};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 3);
    assert_int_equal(tam_dataset_label(dataset, 1), 0);
    tam_dataset_free(dataset);

    config = (tam_dataset_config){.path = f->folder, .split = "test"};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 2);
    tam_dataset_free(dataset);
    expect_refused(f, (tam_dataset_config){.split = "dev"}, TAM_CONFIG, "unknown split 'dev'");
}

static void counts_that_differ_are_refused(void **state) {
    fixture *f = *state;
    write_images(f, "train-images-idx3-ubyte", 5);
    write_labels(f, "train-labels-idx1-ubyte", (const uint8_t[]){7, 10, 2, 7}, 4);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "train-labels-idx1-ubyte holds 4 labels but ");
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "train-images-idx3-ubyte holds 5 images");
}

static void one_class_is_refused(void **state) {
    fixture *f = *state;
    write_images(f, "train-images-idx3-ubyte", 3);
    write_labels(f, "train-labels-idx1-ubyte", (const uint8_t[]){4, 4, 4}, 3);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "there is only one class, '4'");
}

static void missing_corrupt_and_doubtful_files_are_named(void **state) {
    fixture *f = *state;
    char path[128];
    uint8_t *data;
    size_t size;
    write_labels(f, "train-labels-idx1-ubyte", (const uint8_t[]){4, 5, 4}, 3);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "no file train-images-idx3-ubyte or .gz");
    expect_refused(f, (tam_dataset_config){.split = "test"}, TAM_INPUT, "no file t10k-images-idx3-ubyte or .gz");
    write_images(f, "train-images-idx3-ubyte.gz", 3);
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", f->folder);
    test_ok(f->ctx, tam_file_read(f->ctx, path, 0, &data, &size));
    write_bytes(f->ctx, path, data, size - 9);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "train-images-idx3-ubyte.gz: cut short");
    data[size / 2] ^= 0x55;
    write_bytes(f->ctx, path, data, size);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "train-images-idx3-ubyte.gz: corrupt gzip");
    tam_release(f->ctx, data);
    write_images(f, "train-images-idx3-ubyte", 3);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "which of them is meant?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(both_splits_are_read),
        TEST(counts_that_differ_are_refused),
        TEST(one_class_is_refused),
        TEST(missing_corrupt_and_doubtful_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
