/* Pairs written as a verification set: bytes as they are stored, other kinds of images as PNG. */
#include "data_support.h"

#include "data/dataset.h"
#include "tammes/pack.h"

typedef struct world {
    tam_ctx *ctx;
    char folder[64], images[96], list[96], out[96];
    tam_dataset *dataset;
    tam_pairs *pairs;
} world;

/* Two PNGs and a PGM; each image stands in several pairs. */
static void make_files(world *w) {
    static const char list[] = "a/1.png,a/2.pgm,1\nb/1.png,a/1.png,0\na/2.pgm,b/1.png,0\n";
    char path[128];
    test_folder(w->folder);
    snprintf(w->images, sizeof w->images, "%s/images", w->folder);
    snprintf(w->list, sizeof w->list, "%s/pairs.csv", w->folder);
    snprintf(w->out, sizeof w->out, "%s/out.bin", w->folder);
    write_image(w->ctx, w->images, "a/1.png", 5, 5, 1, 10);
    write_image(w->ctx, w->images, "b/1.png", 6, 7, 3, 20);
    snprintf(path, sizeof path, "%s/a/2.pgm", w->images);
    write_bytes(w->ctx, path, "P5 2 1 255\nab", 13);
    write_bytes(w->ctx, w->list, list, sizeof list - 1);
}

static tam_status open_files(world *w, tam_ctx *ctx, int size) {
    w->dataset = NULL;
    w->pairs = NULL;
    const tam_dataset_config config = {.path = w->images, .size = size, .channels = size > 0, .any_size = 1};
    TAM_TRY(tam_dataset_open(ctx, &config, &w->dataset));
    return tam_pairs_open(ctx, w->list, w->dataset, &w->pairs);
}

static void close_files(world *w) {
    tam_pairs_free(w->pairs);
    tam_dataset_free(w->dataset);
}

/* Image i of the set as it is stored there. */
static const uint8_t *stored(world *w, tam_dataset *set, int64_t i, tam_reader_scratch *scratch, size_t *size) {
    const uint8_t *data;
    const tam_source *source = tam_dataset_source(set);
    test_ok(w->ctx, source->reader->encoded(source, i, scratch, &data, size));
    return data;
}

static void stored_images_stay_what_they_are(void **state) {
    world *w = *state;
    tam_pack_result result;
    tam_dataset *set;
    tam_pairs *pairs;
    tam_reader_scratch scratch = {0};
    tam_image image = {0};
    char path[128];
    uint8_t *file;
    size_t size, file_size;
    test_ok(w->ctx, open_files(w, w->ctx, 0));
    test_ok(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &(tam_pack_config){.out = w->out}, &result));
    assert_true(result.images == 6 && result.files == 1 && result.bytes > 6 * 60);
    test_ok(w->ctx,
            tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->out, .unlabelled = 1, .any_size = 1}, &set));
    test_ok(w->ctx, tam_pairs_open(w->ctx, NULL, set, &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_true(info.count == 3 && info.same[0] == 1 && info.same[1] == 0 && info.same[2] == 0);
    static const char *const names[6] = {"a/1.png", NULL, "b/1.png", "a/1.png", NULL, "b/1.png"};
    for (int64_t i = 0; i < 6; i++) {
        const uint8_t *data = stored(w, set, i, &scratch, &size);
        if (names[i] == NULL) { /* the PGM */
            test_ok(w->ctx, tam_image_decode(w->ctx, "image", data, size, &image));
            assert_true(data[0] == 0x89 && image.info.width == 2 && image.info.height == 1);
            assert_memory_equal(image.pixels, "ab", 2);
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", w->images, names[i]);
        test_ok(w->ctx, tam_file_read(w->ctx, path, 0, &file, &file_size));
        assert_int_equal(size, file_size);
        assert_memory_equal(data, file, size);
        tam_release(w->ctx, file);
    }
    test_fails(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &(tam_pack_config){.out = w->out}, &result),
               TAM_CONFIG, "out.bin: exists");
    tam_image_free(w->ctx, &image);
    tam_scratch_free(w->ctx, &scratch);
    tam_pairs_free(pairs);
    tam_dataset_free(set);
    close_files(w);
}

static void images_written_anew_have_one_size(void **state) {
    world *w = *state;
    tam_pack_result result;
    tam_dataset *set;
    test_ok(w->ctx, open_files(w, w->ctx, 9));
    for (int quality = 0; quality <= 90; quality += 90) {
        const tam_pack_config config = {.out = w->out, .encode = 1, .quality = quality};
        test_ok(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &config, &result));
        test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->out, .unlabelled = 1}, &set));
        tam_dataset_info info = tam_dataset_describe(set);
        assert_true(info.count == 6 && info.width == 9 && info.height == 9 && info.channels == 1);
        uint8_t from[81], to[81];
        test_ok(w->ctx, tam_dataset_read(w->dataset, 0, from));
        test_ok(w->ctx, tam_dataset_read(set, 0, to));
        assert_true(quality > 0 || memcmp(from, to, sizeof from) == 0);
        tam_dataset_free(set);
        assert_int_equal(remove(w->out), 0);
    }
    close_files(w);
}

static void a_failure_leaves_nothing(void **state) {
    world *w = *state;
    tam_pack_result result;
    char path[128];
    volatile sig_atomic_t stop = 1;
    test_ok(w->ctx, open_files(w, w->ctx, 0));
    const tam_pack_config config = {.out = w->out, .stop = &stop};
    test_fails(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &config, &result), TAM_STOPPED, "0 of 6 images");
    snprintf(path, sizeof path, "%s/b/1.png", w->images);
    write_bytes(w->ctx, path, "no image", 8);
    stop = 0;
    test_fails(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &config, &result), TAM_INPUT, "b/1.png: ");
    assert_int_not_equal(access(w->out, F_OK), 0);
    snprintf(path, sizeof path, "%s.tmp", w->out);
    assert_int_not_equal(access(path, F_OK), 0);
    test_fails(w->ctx, tam_pack_pairs(w->ctx, w->dataset, w->pairs, &(tam_pack_config){0}, &result), TAM_CONFIG,
               "no output");
    close_files(w);
}

static void memory_may_run_out_anywhere(void **state) {
    world *w = *state;
    int left, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_pack_result result;
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        tam_status status = open_files(w, ctx, 0);
        if (status == TAM_OK) {
            status = tam_pack_pairs(ctx, w->dataset, w->pairs, &(tam_pack_config){.out = w->out}, &result);
        }
        close_files(w);
        test_ctx_free(ctx);
        assert_int_equal(access(w->out, F_OK) == 0, status == TAM_OK);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
    }
    assert_true(failures > 20);
}

static int set_up(void **state) {
    static world w;
    w = (world){.ctx = test_ctx(1)};
    make_files(&w);
    *state = &w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    test_folder_remove(w->folder);
    test_ctx_free(w->ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stored_images_stay_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_written_anew_have_one_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
