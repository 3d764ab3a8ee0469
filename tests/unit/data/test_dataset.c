#include <pthread.h>

#include "data_support.h"

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64];
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(2);
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

static void expect_refused(fixture *f, tam_dataset_config config, tam_status status, const char *sentence) {
    tam_dataset *dataset;
    config.path = config.path != NULL ? config.path : f->folder;
    test_fails(f->ctx, tam_dataset_open(f->ctx, &config, &dataset), status, sentence);
    assert_null(dataset);
}

static void write_alphabets(fixture *f) {
    write_image(f->ctx, f->folder, "Greek/alpha/1.png", 5, 5, 1, 0);
    write_image(f->ctx, f->folder, "Greek/beta/1.png", 5, 5, 1, 1);
    write_image(f->ctx, f->folder, "Greek/beta/2.png", 5, 5, 1, 2);
    write_image(f->ctx, f->folder, "Korean_[old]/gi/1.png", 5, 5, 1, 3);
    write_image(f->ctx, f->folder, "Latin/a/1.png", 5, 5, 1, 4);
    write_image(f->ctx, f->folder, "Latin/b/1.png", 5, 5, 1, 5);
}

/* Opens with filters and compares the class names, joined by spaces, and each image's label and first value. */
static void expect_classes(fixture *f, const char *keep, const char *drop, const char *names, const char *images) {
    tam_dataset *dataset;
    char text[512] = "", values[64] = "", path[256];
    tam_dataset_config config = {.path = f->folder, .classes = keep, .exclude_classes = drop};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    for (int64_t c = 0; c < info.classes; c++) {
        strcat(strcat(text, c > 0 ? " " : ""), tam_dataset_class_name(dataset, c));
    }
    for (int64_t i = 0; i < info.count; i++) {
        uint8_t pixels[25];
        const char *name;
        test_ok(f->ctx, tam_dataset_read(dataset, i, pixels));
        snprintf(values + strlen(values), 8, "%d=%d ", tam_dataset_label(dataset, i), pixels[0]);
        tam_dataset_image_name(dataset, i, path, sizeof path);
        name = tam_dataset_class_name(dataset, tam_dataset_label(dataset, i));
        assert_memory_equal(path + strlen(f->folder) + 1, name, strlen(name));
    }
    assert_string_equal(text, names);
    assert_string_equal(values, images);
    tam_dataset_free(dataset);
}

static void classes_are_chosen_by_globs_and_names(void **state) {
    fixture *f = *state;
    char list[128], file[160];
    write_alphabets(f);
    expect_classes(f, NULL, NULL, "Greek/alpha Greek/beta Korean_[old]/gi Latin/a Latin/b", "0=0 1=1 1=2 2=3 3=4 4=5 ");
    expect_classes(f, "Greek*", NULL, "Greek/alpha Greek/beta", "0=0 1=1 1=2 ");
    expect_classes(f, "*/b*", NULL, "Greek/beta Latin/b", "0=1 0=2 1=5 ");
    expect_classes(f, "Latin/?,Korean_[old]/gi", NULL, "Korean_[old]/gi Latin/a Latin/b", "0=3 1=4 2=5 ");
    expect_classes(f, NULL, "Greek*,Korean*", "Latin/a Latin/b", "0=4 1=5 ");
    expect_classes(f, "Greek*,Latin*", "*/a*", "Greek/beta Latin/b", "0=1 0=2 1=5 ");
    snprintf(list, sizeof list, "%s.list", f->folder);
    write_bytes(f->ctx, list, "Latin/a\r\n\nGreek/b*\n", 19);
    snprintf(file, sizeof file, "@%s", list);
    expect_classes(f, file, NULL, "Greek/beta Latin/a", "0=1 0=2 1=4 ");
    assert_int_equal(unlink(list), 0);
}

static void filters_that_leave_nothing_are_refused(void **state) {
    fixture *f = *state;
    write_alphabets(f);
    expect_refused(f, (tam_dataset_config){.classes = "Greek*,Lattin*"}, TAM_CONFIG,
                   "no class matches 'Lattin*'; there are 5, from 'Greek/alpha' to 'Latin/b'");
    expect_refused(f, (tam_dataset_config){.exclude_classes = "greek/alpha"}, TAM_CONFIG,
                   "no class matches 'greek/alpha'");
    expect_refused(f, (tam_dataset_config){.classes = "Greek/beta"}, TAM_CONFIG, "leave 1 of 5 classes");
    expect_refused(f, (tam_dataset_config){.exclude_classes = "*"}, TAM_CONFIG, "leave 0 of 5 classes");
    expect_refused(f, (tam_dataset_config){.classes = ","}, TAM_CONFIG, "',' names no class");
    expect_refused(f, (tam_dataset_config){.classes = "@/nowhere"}, TAM_INPUT, "/nowhere: cannot open");
}

static void sizes_and_channels(void **state) {
    fixture *f = *state;
    uint8_t pixels[8 * 8 * 3];
    tam_dataset *dataset;
    write_image(f->ctx, f->folder, "a/1.png", 6, 4, 1, 10);
    write_image(f->ctx, f->folder, "a/2.png", 6, 4, 3, 10);
    write_image(f->ctx, f->folder, "b/1.png", 6, 4, 1, 10);
    for (int size = 0; size <= 8; size += 4) {
        for (int channels = 0; channels <= 3; channels++) {
            tam_dataset_config config = {.path = f->folder, .size = size, .channels = channels};
            if (channels == 2) {
                expect_refused(f, config, TAM_CONFIG, "2 channels");
                continue;
            }
            test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
            tam_dataset_info info = tam_dataset_describe(dataset);
            assert_int_equal(info.width, size > 0 ? size : 6);
            assert_int_equal(info.height, size > 0 ? size : 4);
            assert_int_equal(info.channels, channels == 1 ? 1 : 3); /* one image has colour */
            for (int64_t i = 0; i < 3; i++) {
                test_ok(f->ctx, tam_dataset_read(dataset, i, pixels));
            }
            assert_int_equal(tam_dataset_describe(dataset).count, 3);
            if (size == 0 && channels == 1) {
                test_ok(f->ctx, tam_dataset_read(dataset, 1, pixels));
                assert_int_equal(pixels[1], 14); /* 0.299 13 + 0.587 14 + 0.114 15 */
            } else if (size == 0) {
                test_ok(f->ctx, tam_dataset_read(dataset, 2, pixels));
                assert_memory_equal(pixels, "\x0A\x0A\x0A\x0B\x0B\x0B", 6);
            }
            tam_dataset_free(dataset);
        }
    }
    write_image(f->ctx, f->folder, "b/2.png", 6, 5, 1, 10);
    expect_refused(f, (tam_dataset_config){0}, TAM_CONFIG, "a/1.png is 6 x 4 but ");
    expect_refused(f, (tam_dataset_config){0}, TAM_CONFIG, "b/2.png is 6 x 5");
    expect_refused(f, (tam_dataset_config){.size = -1}, TAM_CONFIG, "an image size of -1");
    expect_refused(f, (tam_dataset_config){.size = 5000}, TAM_CONFIG, "an image size of 5000");
}

static void bad_folders_are_refused(void **state) {
    fixture *f = *state;
    char path[128];
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "an empty folder");
    write_image(f->ctx, f->folder, "only/1.png", 5, 5, 1, 0);
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "there is only one class, 'only'");
    write_image(f->ctx, f->folder, "other/1.png", 5, 5, 1, 0);
    expect_refused(f, (tam_dataset_config){.split = "test"}, TAM_CONFIG, "an image folder has no split 'test'");
    expect_refused(f, (tam_dataset_config){.path = "/nowhere"}, TAM_INPUT, "/nowhere: there is no such file or folder");
    expect_refused(f, (tam_dataset_config){.path = ""}, TAM_CONFIG, "no data were named");
    snprintf(path, sizeof path, "%s/only/1.png", f->folder);
    expect_refused(f, (tam_dataset_config){.path = path}, TAM_INPUT, "1.png: image file without labels");
    snprintf(path, sizeof path, "%s/empty", f->folder);
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
    expect_refused(f, (tam_dataset_config){0}, TAM_INPUT, "/empty: an empty class folder");
}

static void a_truncated_image_is_refused_by_name(void **state) {
    fixture *f = *state;
    char path[128];
    uint8_t *data, pixels[25];
    size_t size;
    tam_dataset *dataset;
    write_classes(f->ctx, f->folder, 2, 3);
    snprintf(path, sizeof path, "%s/c1/01.png", f->folder);
    test_ok(f->ctx, tam_file_read(f->ctx, path, 0, &data, &size));
    write_bytes(f->ctx, path, data, size - 20); /* the header is whole */
    tam_release(f->ctx, data);
    tam_dataset_config config = {.path = f->folder};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_ok(f->ctx, tam_dataset_read(dataset, 3, pixels));
    test_fails(f->ctx, tam_dataset_read(dataset, 4, pixels), TAM_INPUT, "c1/01.png: ");
    test_ok(f->ctx, tam_dataset_read(dataset, 5, pixels));
    tam_dataset_free(dataset);
}

/* Images come from the cache the second time: their files may be gone. */
static void decoded_images_are_kept(void **state) {
    fixture *f = *state;
    uint8_t pixels[25], again[25];
    tam_dataset *dataset;
    write_classes(f->ctx, f->folder, 2, 3);
    tam_dataset_config config = {.path = f->folder};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_ok(f->ctx, tam_dataset_read(dataset, 4, pixels));
    test_folder_remove(f->folder);
    test_ok(f->ctx, tam_dataset_read(dataset, 4, again));
    assert_memory_equal(pixels, again, sizeof pixels);
    test_fails(f->ctx, tam_dataset_read(dataset, 3, again), TAM_INPUT, "c1/00.png: cannot open");
    tam_dataset_free(dataset);
}

enum { READERS = 4, READS = 3000 };

static void *read_many(void *argument) {
    tam_dataset *dataset = argument;
    uint8_t pixels[49];
    long wrong = 0;
    for (int i = 0; i < READS; i++) {
        int64_t image = (i * 7919) % 40;
        wrong += tam_dataset_read(dataset, image, pixels) != TAM_OK || pixels[0] != 16 * (image / 10) + image % 10;
    }
    return (void *)wrong;
}

static void several_threads_may_read(void **state) {
    fixture *f = *state;
    pthread_t threads[READERS];
    tam_dataset *dataset;
    write_classes(f->ctx, f->folder, 4, 10);
    tam_dataset_config config = {.path = f->folder, .size = 7};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, dataset), 0);
    }
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    tam_dataset_free(dataset);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(classes_are_chosen_by_globs_and_names),
        TEST(filters_that_leave_nothing_are_refused),
        TEST(sizes_and_channels),
        TEST(bad_folders_are_refused),
        TEST(a_truncated_image_is_refused_by_name),
        TEST(decoded_images_are_kept),
        TEST(several_threads_may_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
