/* Packing into folders and lists: images byte for byte, names that are safe, nothing left of what fails. */
#include <sys/stat.h>

#include "data_support.h"

#include "io/image.h"
#include "tammes/pack.h"

typedef struct world {
    tam_ctx *ctx;
    char folder[64], from[96], to[96];
} world;

static void enter(world *w, void **state) {
    w->ctx = *state;
    test_folder(w->folder);
    snprintf(w->from, sizeof w->from, "%s/from", w->folder);
    snprintf(w->to, sizeof w->to, "%s/to", w->folder);
}

static tam_status pack(world *w, const tam_dataset_config *data, const tam_pack_config *config,
                       tam_pack_result *result) {
    tam_dataset *dataset;
    test_ok(w->ctx, tam_dataset_open(w->ctx, data, &dataset));
    tam_status status = tam_pack(w->ctx, dataset, config, result);
    tam_dataset_free(dataset);
    return status;
}

static void expect_nothing(const char *path) {
    char temporary[192];
    struct stat facts;
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_not_equal(lstat(path, &facts), 0);
    assert_int_not_equal(lstat(temporary, &facts), 0);
}

static void a_folder_comes_back_byte_for_byte(void **state) {
    world w;
    char command[512];
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 3, 4);
    write_image(w.ctx, w.from, "Greek/deep/\xff\n.png", 7, 5, 3, 1); /* another size, no UTF-8, a new line */
    tam_dataset_config data = {.path = w.from, .any_size = 1};
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result));
    assert_int_equal(result.images, 13);
    assert_int_equal(result.classes, 4);
    assert_int_equal(result.files, 13);
    snprintf(command, sizeof command, "diff -r '%s' '%s'", w.from, w.to);
    assert_int_equal(system(command), 0);
    test_folder_remove(w.folder);
}

static void chosen_classes_are_packed_and_a_size_writes_anew(void **state) {
    world w;
    char path[160];
    tam_image image = {0};
    uint8_t *data;
    size_t size;
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 3, 2);
    tam_dataset_config chosen = {.path = w.from, .size = 8, .channels = 3, .exclude_classes = "c1"};
    tam_pack_config config = {.out = w.to, .encode = 1, .quality = 90};
    test_ok(w.ctx, pack(&w, &chosen, &config, &result));
    assert_int_equal(result.images, 4);
    snprintf(path, sizeof path, "%s/c2/01.jpg", w.to);
    test_ok(w.ctx, tam_file_read(w.ctx, path, 0, &data, &size));
    test_ok(w.ctx, tam_image_decode(w.ctx, path, data, size, &image));
    assert_int_equal(image.info.width, 8);
    assert_int_equal(image.info.channels, 3);
    tam_image_free(w.ctx, &image);
    tam_release(w.ctx, data);
    test_folder_remove(w.folder);
}

static void bare_pixels_become_png(void **state) {
    world w;
    static const uint8_t labels[8 + 3] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 1, 7};
    static const uint8_t images[16 + 6] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40, 50, 60};
    char path[160];
    tam_dataset *dataset;
    tam_pack_result result;
    uint8_t pixels[2];
    enter(&w, state);
    test_ok(w.ctx, tam_folder_make(w.ctx, w.from));
    snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte", w.from);
    write_bytes(w.ctx, path, labels, sizeof labels);
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", w.from);
    write_bytes(w.ctx, path, images, sizeof images);
    for (int any = 0; any < 2; any++) {
        snprintf(w.to, sizeof w.to, "%s/to%d", w.folder, any);
        tam_dataset_config data = {.path = w.from, .any_size = any};
        test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result));
        test_ok(w.ctx, tam_dataset_open(w.ctx, &(tam_dataset_config){.path = w.to}, &dataset));
        assert_string_equal(tam_dataset_class_name(dataset, 1), "7");
        tam_dataset_image_key(dataset, 2, path, sizeof path);
        assert_string_equal(path, "7/00000002.png");
        test_ok(w.ctx, tam_dataset_read(dataset, 2, pixels));
        assert_memory_equal(pixels, images + 16 + 4, 2);
        tam_dataset_free(dataset);
    }
    test_folder_remove(w.folder);
}

static void data_of_any_size_are_not_decoded(void **state) {
    world w;
    tam_dataset *dataset;
    uint8_t pixels[3];
    enter(&w, state);
    write_image(w.ctx, w.from, "a/1.png", 1, 1, 1, 0);
    write_image(w.ctx, w.from, "b/1.png", 2, 1, 3, 0);
    test_fails(w.ctx, tam_dataset_open(w.ctx, &(tam_dataset_config){.path = w.from}, &dataset), TAM_CONFIG,
               "give the size");
    test_ok(w.ctx, tam_dataset_open(w.ctx, &(tam_dataset_config){.path = w.from, .any_size = 1}, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).width, 0);
    test_fails(w.ctx, tam_dataset_read(dataset, 0, pixels), TAM_CONFIG, "any size");
    tam_dataset_free(dataset);
    test_ok(w.ctx, tam_dataset_open(w.ctx, &(tam_dataset_config){.path = w.from, .any_size = 1, .size = 1}, &dataset));
    test_ok(w.ctx, tam_dataset_read(dataset, 1, pixels)); /* a size that is given is meant */
    tam_dataset_free(dataset);
    test_folder_remove(w.folder);
}

static void what_exists_is_refused(void **state) {
    world w;
    char path[160];
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 1);
    tam_dataset_config data = {.path = w.from};
    test_ok(w.ctx, tam_folder_make(w.ctx, w.to));
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result)); /* an empty folder is a place */
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result), TAM_CONFIG,
               "to: exists and is not an empty folder; nothing was written");
    snprintf(path, sizeof path, "%s/list.txt", w.folder);
    write_bytes(w.ctx, path, "mine", 4);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_CONFIG, "list.txt: exists");
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path, .format = "folder"}, &result), TAM_CONFIG,
               "list.txt: exists");
    snprintf(path, sizeof path, "%s/link", w.folder);
    assert_int_equal(symlink("nowhere", path), 0);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_CONFIG, "link: exists");
    snprintf(path, sizeof path, "%s/other.tmp/x", w.folder);
    test_ok(w.ctx, tam_folder_make(w.ctx, path));
    snprintf(path, sizeof path, "%s/other", w.folder);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_CONFIG, "other.tmp: cannot make");
    snprintf(path, sizeof path, "%s/other.tmp/x", w.folder);
    assert_int_equal(tam_path_look(path), TAM_PATH_FOLDER);
    test_folder_remove(w.folder);
}

static void formats_go_by_name_or_ending(void **state) {
    world w;
    char path[160];
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 1);
    tam_dataset_config data = {.path = w.from};
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to, .format = "foldr"}, &result), TAM_CONFIG,
               "did you mean 'folder'");
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to, .format = "parquet"}, &result), TAM_CONFIG,
               "unknown format 'parquet' (known: ");
    snprintf(path, sizeof path, "%s/x.zip", w.folder);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_CONFIG, "x.zip: no format");
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){0}, &result), TAM_CONFIG, "no output");
    snprintf(path, sizeof path, "%s/lfw-v1.2/", w.folder);
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result));
    test_folder_remove(w.folder);
}

static void an_image_that_is_none_leaves_nothing(void **state) {
    world w;
    char path[160];
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 3);
    snprintf(path, sizeof path, "%s/c1/01.png", w.from);
    write_bytes(w.ctx, path, "no image", 8);
    tam_dataset_config data = {.path = w.from, .any_size = 1};
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result), TAM_INPUT, "from/c1/01.png: neither");
    expect_nothing(w.to);
    snprintf(path, sizeof path, "%s/l.txt", w.folder);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_INPUT, "from/c1/01.png: neither");
    expect_nothing(path);
    data = (tam_dataset_config){.path = w.from, .any_size = 1};
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to, .encode = 1}, &result), TAM_CONFIG, "one size");
    expect_nothing(w.to);
    test_folder_remove(w.folder);
}

static volatile sig_atomic_t stopped;
static void stop_now(void *user, int64_t done, int64_t all) {
    (void)done;
    (void)all;
    ++*(int *)user;
}

static void a_stopped_run_leaves_nothing(void **state) {
    world w;
    int reports = 0;
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 3);
    tam_dataset_config data = {.path = w.from};
    tam_pack_config config = {.out = w.to, .stop = &stopped, .progress = stop_now, .progress_user = &reports};
    stopped = 1;
    test_fails(w.ctx, pack(&w, &data, &config, &result), TAM_STOPPED, "stopped after 0 of 6 images");
    expect_nothing(w.to);
    assert_int_equal(reports, 0);
    stopped = 0;
    test_ok(w.ctx, pack(&w, &data, &config, &result));
    assert_true(reports >= 1);
    test_folder_remove(w.folder);
}

static void a_list_names_images_where_they_lie(void **state) {
    world w;
    char path[160], expected[512];
    tam_pack_result result;
    uint8_t *text;
    size_t size;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 1);
    snprintf(path, sizeof path, "%s/list.txt", w.folder);
    tam_dataset_config data = {.path = w.from, .any_size = 1};
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result));
    test_ok(w.ctx, tam_file_read(w.ctx, path, 0, &text, &size));
    snprintf(expected, sizeof expected, "%s/c0/00.png\tc0\n%s/c1/00.png\tc1\n", w.from, w.from);
    assert_string_equal((char *)text, expected);
    tam_release(w.ctx, text);
    snprintf(path, sizeof path, "%s/anew.txt", w.folder);
    data = (tam_dataset_config){.path = w.from};
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path, .encode = 1}, &result), TAM_CONFIG,
               "files of their own");
    expect_nothing(path);
    test_folder_remove(w.folder);
}

static void a_list_comes_back_with_any_name(void **state) {
    world w;
    char path[160], command[512];
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 2);
    write_image(w.ctx, w.from, "a\tb/ \xff\n.png", 5, 5, 1, 200);
    snprintf(path, sizeof path, "%s/list.txt", w.folder);
    tam_dataset_config data = {.path = w.from, .any_size = 1};
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result));
    data.path = path;
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = w.to}, &result));
    snprintf(command, sizeof command, "diff -r '%s' '%s'", w.from, w.to);
    assert_int_equal(system(command), 0);
    test_folder_remove(w.folder);
}

static void numbers_that_a_list_would_change_are_refused(void **state) {
    world w;
    char path[160];
    tam_pack_result result;
    enter(&w, state);
    write_image(w.ctx, w.from, "7/1.png", 5, 5, 1, 0);
    write_image(w.ctx, w.from, "10/1.png", 5, 5, 1, 0);
    tam_dataset_config data = {.path = w.from, .any_size = 1};
    snprintf(path, sizeof path, "%s/list.txt", w.folder);
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result));
    write_image(w.ctx, w.from, "007/1.png", 5, 5, 1, 0);
    snprintf(path, sizeof path, "%s/list2.txt", w.folder);
    test_fails(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result), TAM_INPUT, "'007' would be read back");
    expect_nothing(path);
    write_image(w.ctx, w.from, "a/1.png", 5, 5, 1, 0); /* with a name among them all are names */
    test_ok(w.ctx, pack(&w, &data, &(tam_pack_config){.out = path}, &result));
    test_folder_remove(w.folder);
}

static tam_status pack_list(world *w, const char *text) {
    char path[160];
    tam_pack_result result;
    snprintf(path, sizeof path, "%s/list.txt", w->folder);
    write_bytes(w->ctx, path, text, strlen(text));
    return pack(w, &(tam_dataset_config){.path = path, .any_size = 1}, &(tam_pack_config){.out = w->to}, &result);
}

static void images_of_one_name_all_stay(void **state) {
    world w;
    static const char *const names[] = {"m/1.png", "m/1~1.png", "m/1~2.png", "m/%2Ehidden.png", "n/1.png"};
    char path[160];
    enter(&w, state);
    write_image(w.ctx, w.folder, "a/1.png", 5, 5, 1, 0);
    write_image(w.ctx, w.folder, "b/1.png", 5, 5, 1, 40);
    write_image(w.ctx, w.folder, "c/1.png", 5, 5, 1, 80);
    write_image(w.ctx, w.folder, "c/.hidden.png", 5, 5, 1, 120);
    test_ok(w.ctx, pack_list(&w, "a/1.png\tm\nb/1.png\tm\nc/1.png\tm\nc/.hidden.png\tm\na/1.png\tn\n"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", w.to, names[i]);
        if (tam_path_look(path) != TAM_PATH_FILE) {
            fail_msg("there is no %s", names[i]);
        }
    }
    test_folder_remove(w.folder);
}

static void classes_that_cannot_be_folders_are_refused(void **state) {
    static const char *const classes[] = {"../out", "a/../../out", ".hidden", "a/.b", "/root", "a//b", "a/"};
    world w;
    char text[512], longest[300];
    enter(&w, state);
    write_image(w.ctx, w.folder, "a/1.png", 5, 5, 1, 0);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        snprintf(text, sizeof text, "a/1.png\tfine\na/1.png\t%s\n", classes[i]);
        test_fails(w.ctx, pack_list(&w, text), TAM_INPUT, classes[i]);
        expect_nothing(w.to);
    }
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    snprintf(text, sizeof text, "a/1.png\tfine\na/1.png\t%s\n", longest);
    test_fails(w.ctx, pack_list(&w, text), TAM_INPUT, "longer than 255 bytes");
    expect_nothing(w.to);
    test_folder_remove(w.folder);
}

static void memory_may_run_out_anywhere(void **state) {
    world w;
    int left, failures = 0;
    tam_pack_result result;
    enter(&w, state);
    write_classes(w.ctx, w.from, 2, 2);
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_dataset *dataset;
        left = k;
        if (tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = test_ration(&left)}, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_dataset_open(ctx, &(tam_dataset_config){.path = w.from, .size = 5}, &dataset);
        if (status == TAM_OK) {
            status = tam_pack(ctx, dataset, &(tam_pack_config){.out = w.to, .encode = 1}, &result);
            tam_dataset_free(dataset);
        }
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        expect_nothing(w.to);
        failures++;
        assert_true(k < 1000);
    }
    assert_true(failures > 30);
    test_folder_remove(w.folder);
}

static int setup(void **state) {
    *state = test_ctx(2);
    return 0;
}

static int teardown(void **state) {
    test_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_folder_comes_back_byte_for_byte),
        TEST(chosen_classes_are_packed_and_a_size_writes_anew),
        TEST(bare_pixels_become_png),
        TEST(data_of_any_size_are_not_decoded),
        TEST(what_exists_is_refused),
        TEST(formats_go_by_name_or_ending),
        TEST(an_image_that_is_none_leaves_nothing),
        TEST(a_stopped_run_leaves_nothing),
        TEST(a_list_names_images_where_they_lie),
        TEST(a_list_comes_back_with_any_name),
        TEST(numbers_that_a_list_would_change_are_refused),
        TEST(images_of_one_name_all_stay),
        TEST(classes_that_cannot_be_folders_are_refused),
        TEST(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
