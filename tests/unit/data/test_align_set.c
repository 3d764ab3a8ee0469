/* Whole data sets aligned: which image gets which landmarks, what is left out, what is written. */
#include "data_support.h"

#include <math.h>
#include <unistd.h>

#include "tammes/align.h"

enum { SIDE = 40, MOST_FINDINGS = 16 };

/* Five points in the order of the template, as a face of 112 / 4 pixels. */
#define FACE "9.57,12.92,18.38,12.88,14.01,17.93,10.39,23.09,17.68,23.05"
#define SWAPPED "18.38,12.88,9.57,12.92,14.01,17.93,10.39,23.09,17.68,23.05"

typedef struct told {
    int count;
    tam_align_fault fault[MOST_FINDINGS];
    char key[MOST_FINDINGS][64];
    int64_t line[MOST_FINDINGS];
    char sentence[MOST_FINDINGS][512];
} told;

static void hear(void *user, const tam_align_finding *finding) {
    told *all = user;
    assert_true(all->count < MOST_FINDINGS);
    all->fault[all->count] = finding->fault;
    all->line[all->count] = finding->line;
    snprintf(all->key[all->count], sizeof all->key[0], "%s", finding->key);
    snprintf(all->sentence[all->count++], sizeof all->sentence[0], "%s", finding->sentence);
}

/* Images of 40 x 40: a/1.png grey, the others RGB. */
static void write_faces(tam_ctx *ctx, const char *folder) {
    write_image(ctx, folder, "data/a/1.png", SIDE, SIDE, 1, 3);
    write_image(ctx, folder, "data/a/2.png", SIDE, SIDE, 3, 50);
    write_image(ctx, folder, "data/b/1.png", SIDE, SIDE, 3, 99);
    write_image(ctx, folder, "data/b/3.png", SIDE, SIDE, 3, 177);
}

static tam_status align(tam_ctx *ctx, const char *folder, const char *list, tam_align_config config,
                        tam_align_result *result, told *all) {
    char data[128], out[128], landmarks[128];
    tam_dataset *dataset;
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(landmarks, sizeof landmarks, "%s/l.csv", folder);
    if (list != NULL) {
        write_bytes(ctx, landmarks, list, strlen(list));
    }
    config.out = out;
    config.landmarks = landmarks;
    config.found = hear;
    config.user = all;
    *all = (told){0};
    tam_status status = tam_dataset_open(ctx, &(tam_dataset_config){.path = data, .any_size = 1}, &dataset);
    if (status == TAM_OK) {
        status = tam_align_set(ctx, dataset, &config, result);
        tam_dataset_free(dataset);
    }
    return status;
}

static bool exists(const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void remove_out(const char *folder) {
    char path[128];
    snprintf(path, sizeof path, "%s/out", folder);
    test_folder_remove(path);
}

static void read_picture(tam_ctx *ctx, const char *folder, const char *name, tam_image *image) {
    char path[256];
    uint8_t *data;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    test_ok(ctx, tam_image_decode(ctx, path, data, size, image));
    tam_release(ctx, data);
}

/* The result is the warp by the fit onto the scaled and cut template, in the image's own channels. */
static void results_are_the_warp(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(3);
    tam_align_result result;
    told all;
    char folder[64];
    tam_image before = {0}, after = {0};
    const float face[10] = {9.57f, 12.92f, 18.38f, 12.88f, 14.01f, 17.93f, 10.39f, 23.09f, 17.68f, 23.05f};
    float target[10];
    double map[6];
    uint8_t expected[56 * 48 * 3];
    test_folder(folder);
    write_faces(ctx, folder);
    test_ok(ctx, align(ctx, folder, "a/1.png," FACE "\na/2.png," FACE "\nb/1.png," FACE "\nb/3.png," FACE,
                       (tam_align_config){.size = 56, .width = 48}, &result, &all));
    assert_true(result.images == 4 && result.written == 4 && result.lines == 4 && result.unused_lines == 0);
    assert_int_equal(all.count, 0);
    for (int i = 0; i < 10; i++) {
        target[i] = 0.5f * (tam_face_template()[i] - (i % 2 == 0 ? 8.0f : 0.0f));
    }
    assert_int_equal(tam_similarity_fit(5, face, target, map), 1);
    static const char *const names[][2] = {{"data/a/1.png", "out/a/1.png"}, {"data/b/3.png", "out/b/3.png"}};
    for (int k = 0; k < 2; k++) {
        read_picture(ctx, folder, names[k][0], &before);
        read_picture(ctx, folder, names[k][1], &after);
        int channels = k == 0 ? 1 : 3;
        assert_true(after.info.height == 56 && after.info.width == 48 && after.info.channels == channels);
        tam_warp_affine(SIDE, SIDE, channels, before.pixels, map, 56, 48, expected);
        assert_memory_equal(after.pixels, expected, (size_t)(56 * 48 * channels));
    }
    tam_image_free(ctx, &before);
    tam_image_free(ctx, &after);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void jpegs_get_their_ending(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_align_result result;
    told all;
    char folder[64];
    tam_image image = {0};
    test_folder(folder);
    write_faces(ctx, folder);
    test_ok(ctx,
            align(ctx, folder, "a/1.png," FACE "\nb/1.png," FACE, (tam_align_config){.quality = 90}, &result, &all));
    assert_true(result.written == 2 && exists(folder, "out/a/1.jpg") && exists(folder, "out/b/1.jpg"));
    read_picture(ctx, folder, "out/b/1.jpg", &image);
    assert_true(image.info.height == 112 && image.info.width == 112);
    tam_image_free(ctx, &image);
    test_fails(ctx, align(ctx, folder, NULL, (tam_align_config){0}, &result, &all), TAM_CONFIG, "not an empty folder");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* Each fault in a list whose other lines are right. */
static void faults_are_told_and_left_out(void **state) {
    (void)state;
    static const struct {
        const char *lines;
        tam_align_fault fault;
        const char *key, *part;
        int64_t line, written, unused;
    } cases[] = {
        {"a/2.png," FACE "\nb/1.png," FACE, TAM_ALIGN_NO_LANDMARKS, "a/1.png", "a/1.png: no landmarks in ", 0, 3, 0},
        {"a/1.png,nan,2,3,4,5,6,7,8,9,10\na/2.png," FACE "\nb/1.png," FACE, TAM_ALIGN_NOT_FINITE, "a/1.png",
         "l.csv:2: a/1.png: a landmark is missing", 2, 3, 0},
        {"a/1.png,5,5,5,5,5,5,5,5,5,5\na/2.png," FACE "\nb/1.png," FACE, TAM_ALIGN_ONE_POINT, "a/1.png", "similarity",
         2, 3, 0},
        {"a/1.png," FACE "\na/2.png," FACE "\nb/1.png," SWAPPED, TAM_ALIGN_SWAPPED, "b/1.png", "l.csv:4: b/1.png: left",
         4, 3, 0},
        {"a/1.png," FACE "\na/2.png," FACE "\nb/1.png,109,12,118,12,114,17,110,23,117,23", TAM_ALIGN_OUTSIDE, "b/1.png",
         "far outside", 4, 3, 0},
        {"a/1.png," FACE "\na/2.png," FACE "\nb/1.png," FACE "\n./a/2.png," SWAPPED, TAM_ALIGN_REPEATED, "a/2.png",
         "l.csv:5: a/2.png: the list names the image again", 5, 4, 1},
        {"/x/a/1.png," FACE "\n/y/a/1.png," FACE "\n2.png," FACE "\nb/1.png," FACE, TAM_ALIGN_AMBIGUOUS, "a/1.png",
         "l.csv:2: a/1.png: it is not clear", 2, 3, 1},
    };
    tam_ctx *ctx = test_ctx(2);
    char folder[64];
    test_folder(folder);
    write_faces(ctx, folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char list[1024];
        tam_align_result result;
        told all;
        snprintf(list, sizeof list, "/data/b/3.png," FACE "\n%s", cases[i].lines);
        test_ok(ctx, align(ctx, folder, list, (tam_align_config){0}, &result, &all));
        assert_int_equal(all.count, 1);
        assert_int_equal(all.fault[0], cases[i].fault);
        assert_string_equal(all.key[0], cases[i].key);
        assert_int_equal(all.line[0], cases[i].line);
        assert_non_null(strstr(all.sentence[0], cases[i].part));
        assert_int_equal(result.faults[cases[i].fault], 1);
        assert_int_equal(result.written, cases[i].written);
        assert_int_equal(result.unused_lines, cases[i].unused);
        char name[64];
        snprintf(name, sizeof name, "out/%s", cases[i].key);
        assert_true(exists(folder, name) == (cases[i].written == 4));
        remove_out(folder);
        test_fails(ctx, align(ctx, folder, NULL, (tam_align_config){.strict = 1}, &result, &all), TAM_INPUT,
                   cases[i].part);
        assert_false(exists(folder, "out") || exists(folder, "out.tmp"));
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* A file's name alone is enough where only one image has it. */
static void one_name_for_two_images_is_none(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_align_result result;
    told all;
    char folder[64];
    test_folder(folder);
    write_faces(ctx, folder);
    test_ok(ctx,
            align(ctx, folder, "1.png," FACE "\n2.png," FACE "\n3.png," FACE, (tam_align_config){0}, &result, &all));
    assert_true(result.written == 2 && result.faults[TAM_ALIGN_AMBIGUOUS] == 2 && result.unused_lines == 0);
    assert_string_equal(all.key[0], "a/1.png");
    assert_string_equal(all.key[1], "b/1.png");
    remove_out(folder);
    test_fails(ctx, align(ctx, folder, "x.png," FACE, (tam_align_config){0}, &result, &all), TAM_INPUT,
               "no image can be aligned; the data name images like 'a/1.png', the list like 'x.png'");
    test_fails(
        ctx,
        align(ctx, folder, "a/1.png," SWAPPED "\nb/1.png,nan,2,3,4,5,6,7,8,9,10", (tam_align_config){0}, &result, &all),
        TAM_INPUT, "none of 4 images can be aligned: 2 no-landmarks, 1 not-finite, 1 swapped");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* Damage that the header does not show; a class of which nothing is left leaves no folder. */
static void unreadable_images_are_left_out(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_align_result result;
    told all;
    char folder[64], path[128];
    uint8_t *data;
    size_t size;
    test_folder(folder);
    write_faces(ctx, folder);
    snprintf(path, sizeof path, "%s/data/a/2.png", folder);
    write_bytes(ctx, path, "no image", 8);
    snprintf(path, sizeof path, "%s/data/b/1.png", folder);
    write_bytes(ctx, path, "", 0);
    snprintf(path, sizeof path, "%s/data/a/1.png", folder);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    write_bytes(ctx, path, data, size - 20);
    tam_release(ctx, data);
    const char *list = "a/1.png," FACE "\na/2.png," FACE "\nb/1.png," FACE "\nb/3.png," FACE;
    test_ok(ctx, align(ctx, folder, list, (tam_align_config){0}, &result, &all));
    assert_true(result.written == 1 && result.faults[TAM_ALIGN_UNREADABLE] == 3);
    static const char *const keys[] = {"a/2.png", "b/1.png", "a/1.png"};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(all.key[i], keys[i]);
        assert_non_null(strstr(all.sentence[i], keys[i]));
    }
    assert_true(exists(folder, "out/b/3.png") && !exists(folder, "out/a"));
    remove_out(folder);
    test_fails(ctx, align(ctx, folder, NULL, (tam_align_config){.strict = 1}, &result, &all), TAM_INPUT,
               "data/a/2.png");
    test_fails(ctx, align(ctx, folder, "a/1.png," FACE, (tam_align_config){0}, &result, &all), TAM_INPUT,
               "none of the images that have landmarks can be read");
    volatile sig_atomic_t stop = 1;
    test_fails(ctx, align(ctx, folder, list, (tam_align_config){.stop = &stop}, &result, &all), TAM_STOPPED, "stopped");
    assert_false(exists(folder, "out") || exists(folder, "out.tmp"));
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* What a real detector gives: a profile, a head turned by any angle, a face that sticks out of the picture. */
static void plausible_faces_are_kept(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    char folder[64], list[512];
    test_folder(folder);
    write_faces(ctx, folder);
    for (int degrees = 0; degrees < 360; degrees += 45) {
        tam_align_result result;
        told all;
        double c = cos(degrees * 3.14159265 / 180), s = sin(degrees * 3.14159265 / 180);
        const double profile[10] = {-3, -5, -3.5, -5, -7, 0, -3, 5, -3.2, 5};
        size_t used = (size_t)snprintf(list, sizeof list, "b/1.png");
        for (int i = 0; i < 5; i++) {
            double x = profile[2 * i], y = profile[2 * i + 1];
            used +=
                (size_t)snprintf(list + used, sizeof list - used, ",%.3f,%.3f", 8 + c * x - s * y, 8 + s * x + c * y);
        }
        test_ok(ctx, align(ctx, folder, list, (tam_align_config){0}, &result, &all));
        assert_int_equal(result.written, 1);
        remove_out(folder);
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void memory_may_run_out(void **state) {
    (void)state;
    char folder[64];
    int failures = 0;
    tam_ctx *plain = test_ctx(1);
    test_folder(folder);
    write_faces(plain, folder);
    for (int k = 0;; k++) {
        int left = k;
        tam_ctx *ctx = NULL;
        tam_align_result result;
        told all;
        char path[128];
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        snprintf(path, sizeof path, "%s/l.csv", folder);
        write_bytes(plain, path, "a/1.png," FACE "\nb/3.png," FACE, strlen("a/1.png," FACE "\nb/3.png," FACE));
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = align(ctx, folder, NULL, (tam_align_config){.quality = 80}, &result, &all);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        assert_true(exists(folder, "out") == (status == TAM_OK));
        failures += status != TAM_OK;
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            assert_int_equal(result.written, 2);
            break;
        }
    }
    assert_true(failures > 20);
    test_folder_remove(folder);
    test_ctx_free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_the_warp),
        cmocka_unit_test(jpegs_get_their_ending),
        cmocka_unit_test(faults_are_told_and_left_out),
        cmocka_unit_test(one_name_for_two_images_is_none),
        cmocka_unit_test(unreadable_images_are_left_out),
        cmocka_unit_test(plausible_faces_are_kept),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
