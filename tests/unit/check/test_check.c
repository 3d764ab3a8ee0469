/* A data set with every fault planted in it: three classes a, b, c of six different pictures. */
#include "../data/data_support.h"

#include "tammes/check.h"

enum { SIDE = 48, LUMPS = 12 };

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64], other[80], list[80];
} fixture;

static void draw(unsigned seed, uint8_t *pixels) {
    double at[LUMPS][4];
    for (int l = 0; l < LUMPS; l++) {
        for (int k = 0; k < 4; k++) {
            seed = seed * 1103515245u + 12345u;
            at[l][k] = (double)(seed >> 16 & 1023) / 1023;
        }
    }
    for (int i = 0; i < SIDE * SIDE; i++) {
        double light = 20;
        for (int l = 0; l < LUMPS; l++) {
            double dx = (i % SIDE + 0.5) / SIDE - at[l][0], dy = (i / SIDE + 0.5) / SIDE - at[l][1];
            light += 140 * at[l][2] / (1 + (dx * dx + dy * dy) * 80 * (0.2 + at[l][3]));
        }
        pixels[i] = (uint8_t)(light > 255 ? 255 : light);
    }
}

static void write_pixels(fixture *f, const char *folder, const char *name, const uint8_t *pixels) {
    char path[512];
    uint8_t *png;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *strrchr(path, '/') = '\0';
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    test_ok(f->ctx, tam_png_encode(f->ctx, SIDE, SIDE, 1, pixels, &png, &size));
    write_bytes(f->ctx, path, png, size);
    tam_release(f->ctx, png);
}

/* Picture `seed`; `change` grey levels are added, `mirrored` turns it round. */
static void write_picture(fixture *f, const char *folder, const char *name, unsigned seed, int change, bool mirrored) {
    uint8_t pixels[SIDE * SIDE], turned[SIDE * SIDE];
    draw(seed, pixels);
    for (int i = 0; i < SIDE * SIDE; i++) {
        int value = pixels[mirrored ? i / SIDE * SIDE + SIDE - 1 - i % SIDE : i] + change;
        turned[i] = (uint8_t)(value > 255 ? 255 : value);
    }
    write_pixels(f, folder, name, turned);
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    char name[64];
    assert_non_null(f);
    f->ctx = test_ctx(2);
    test_folder(f->folder);
    snprintf(f->other, sizeof f->other, "%s/eval", f->folder);
    snprintf(f->list, sizeof f->list, "%s/fixes", f->folder);
    snprintf(f->folder + strlen(f->folder), sizeof f->folder - strlen(f->folder), "/data");
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 6; k++) {
            snprintf(name, sizeof name, "%c/%d.png", "abc"[c], k);
            write_picture(f, f->folder, name, (unsigned)(1 + 6 * c + k), 0, false);
        }
    }
    write_picture(f, f->other, "x/0.png", 100, 0, false);
    write_picture(f, f->other, "y/0.png", 101, 0, false);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    *strrchr(f->folder, '/') = '\0';
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    free(f);
    return 0;
}

static tam_check *check_it(fixture *f, tam_check_config config) {
    tam_check *check;
    config.data.path = f->folder;
    test_ok(f->ctx, tam_check_run(f->ctx, &config, &check));
    return check;
}

static void expect_image(const tam_check *check, int set, int64_t image, const char *key) {
    char found[256];
    tam_dataset_image_key(tam_check_set(check, set), image, found, sizeof found);
    assert_string_equal(found, key);
}

static void expect_twin(const tam_check *check, const tam_check_twin *twin, const char *image, const char *of) {
    expect_image(check, 0, twin->image, image);
    expect_image(check, twin->set, twin->twin, of);
}

static void good_data_have_no_findings(void **state) {
    fixture *f = *state;
    tam_dataset_config other = {.path = f->other};
    tam_check *check = check_it(f, (tam_check_config){.against = &other, .against_count = 1});
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.images, 18);
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.fewest, 6);
    assert_int_equal(info.median, 6);
    assert_int_equal(info.most, 6);
    assert_int_equal(info.sizes, 1);
    assert_int_equal(info.size[0].width, SIDE);
    assert_int_equal(info.size[0].count, 18);
    assert_int_equal(info.corrupt_count + info.copy_count + info.conflict_count + info.near_count + info.leak_count +
                         info.blank_count + info.small_count + info.alike_count,
                     0);
    assert_int_equal(info.shared[0].classes, 2);
    assert_int_equal(info.shared[0].shared, 0);
    tam_check_free(check);
}

static void cut_short(fixture *f, const char *name) {
    char path[256];
    uint8_t *data;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    test_ok(f->ctx, tam_file_read(f->ctx, path, 0, &data, &size));
    write_bytes(f->ctx, path, data, size / 2);
    tam_release(f->ctx, data);
}

static void plant(fixture *f) {
    uint8_t blank[SIDE * SIDE];
    memset(blank, 77, sizeof blank);
    cut_short(f, "a/2.png");
    write_bytes(f->ctx, strcat(strcpy((char[256]){0}, f->folder), "/c/5.png"), "no image", 8);
    write_picture(f, f->folder, "b/copy.png", 7, 0, false);   /* of b/0.png */
    write_picture(f, f->folder, "c/other.png", 2, 0, false);  /* of a/1.png, in another class */
    write_picture(f, f->folder, "c/near.png", 9, 12, false);  /* of b/2.png */
    write_picture(f, f->folder, "c/turned.png", 10, 0, true); /* of b/3.png */
    write_pixels(f, f->folder, "c/blank.png", blank);
    write_image(f->ctx, f->folder, "d/odd.png", 31, 20, 3, 5);
    write_picture(f, f->other, "x/1.png", 4, 0, false); /* of a/3.png */
    write_picture(f, f->other, "y/1.png", 5, 9, true);  /* of a/4.png */
    write_picture(f, f->other, "a/1.png", 104, 0, false);
}

static void planted_faults_are_found(void **state) {
    fixture *f = *state;
    char reason[256];
    plant(f);
    tam_dataset_config other = {.path = f->other};
    tam_check *check = check_it(f, (tam_check_config){.against = &other, .against_count = 1, .least = 6});
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.images, 24);
    assert_int_equal(info.corrupt_count, 2);
    expect_image(check, 0, info.corrupt[0], "a/2.png");
    expect_image(check, 0, info.corrupt[1], "c/5.png");
    tam_check_reason(check, info.corrupt[1], reason, sizeof reason);
    assert_true(strlen(reason) > 5 && strstr(reason, f->folder) == NULL);
    assert_int_equal(info.copy_count, 1);
    expect_twin(check, &info.copy[0], "b/copy.png", "b/0.png");
    assert_int_equal(info.conflict_count, 1);
    expect_twin(check, &info.conflict[0], "c/other.png", "a/1.png");
    assert_int_equal(info.near_count, 2);
    expect_twin(check, &info.near[0], "c/near.png", "b/2.png");
    expect_twin(check, &info.near[1], "c/turned.png", "b/3.png");
    assert_true(!info.near[0].mirrored && info.near[1].mirrored && info.near[0].alike < 1);
    assert_int_equal(info.blank_count, 1);
    expect_image(check, 0, info.blank[0], "c/blank.png");
    assert_int_equal(info.sizes, 2);
    assert_int_equal(info.size[1].channels, 3);
    expect_image(check, 0, info.size[1].first, "d/odd.png");
    assert_int_equal(info.small_count, 1);
    assert_int_equal(info.small[0], 3);
    assert_int_equal(info.leak_count, 2);
    expect_twin(check, &info.leak[0], "a/3.png", "x/1.png");
    expect_twin(check, &info.leak[1], "a/4.png", "y/1.png");
    assert_true(info.leak[0].alike == 1 && info.leak[1].mirrored && info.leak[1].set == 1);
    assert_int_equal(info.shared[0].shared, 1);
    tam_check_free(check);
    check = check_it(f, (tam_check_config){.without_near = 1});
    assert_int_equal(tam_check_describe(check).near_count, 0);
    assert_int_equal(tam_check_describe(check).copy_count, 1);
    tam_check_free(check);
}

/* Twins within the evaluation set are its own affair; an image in it twice is one leak; images of one grey each are no
 * near duplicates. */
static void what_is_not_a_finding(void **state) {
    fixture *f = *state;
    uint8_t flat[SIDE * SIDE];
    for (int k = 0; k < 3; k++) {
        char name[32];
        snprintf(name, sizeof name, "c/flat%d.png", k);
        memset(flat, 60 + 5 * k, sizeof flat);
        for (int i = 0; i < SIDE * SIDE; i++) {
            flat[i] = (uint8_t)(flat[i] + (i % SIDE > SIDE / 2)); /* alike, if one looks closely */
        }
        write_pixels(f, f->folder, name, flat);
    }
    write_picture(f, f->other, "x/1.png", 200, 0, false);
    write_picture(f, f->other, "x/2.png", 200, 9, false); /* near x/1.png */
    write_picture(f, f->other, "y/1.png", 200, 0, true);  /* its mirror image */
    write_picture(f, f->other, "y/2.png", 3, 0, false);   /* a/2.png, twice */
    write_picture(f, f->other, "y/3.png", 3, 0, false);
    tam_dataset_config other[2] = {{.path = f->other}, {.path = f->other}};
    tam_check *check = check_it(f, (tam_check_config){.against = other, .against_count = 2});
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.copy_count + info.conflict_count + info.near_count, 0);
    assert_int_equal(info.leak_count, 2); /* once for each set */
    for (int k = 0; k < 2; k++) {
        assert_int_equal(info.leak[k].set, k + 1);
        expect_twin(check, &info.leak[k], "a/2.png", "y/2.png");
    }
    tam_check_free(check);
}

/* With its own list of fixes only what a person has to decide is left. */
static void the_list_of_fixes_mends(void **state) {
    fixture *f = *state;
    int64_t fixes;
    plant(f);
    tam_check *check = check_it(f, (tam_check_config){0});
    test_ok(f->ctx, tam_check_write_fixes(check, f->list, &fixes));
    assert_int_equal(fixes, 5); /* two corrupt, a copy, both images of the conflict */
    test_fails(f->ctx, tam_check_write_fixes(check, f->list, &fixes), TAM_CONFIG, "exists; nothing was written");
    tam_check_free(check);
    check = check_it(f, (tam_check_config){.data = {.fixes = f->list}});
    tam_check_info info = tam_check_describe(check);
    assert_int_equal(info.images, 24 - 5);
    assert_int_equal(info.corrupt_count + info.copy_count + info.conflict_count, 0);
    assert_int_equal(info.near_count, 2);
    tam_check_free(check);
    uint8_t *data;
    size_t size;
    test_ok(f->ctx, tam_file_read(f->ctx, f->list, 0, &data, &size));
    assert_non_null(strstr((const char *)data, "# corrupt: "));
    assert_non_null(strstr((const char *)data, "\n# the same pixels as b/0.png\ndrop\tb/copy.png\n"));
    assert_non_null(strstr((const char *)data, "is also in 'c'\ndrop\ta/1.png\ndrop\tc/other.png\n"));
    assert_non_null(strstr((const char *)data, "\n# drop\tc/near.png\n"));
    assert_non_null(strstr((const char *)data, "\n# drop\tc/blank.png\n"));
    tam_release(f->ctx, data);
}

static void what_cannot_be_opened_fails(void **state) {
    fixture *f = *state;
    tam_check *check;
    tam_check_config config = {.data = {.path = "/nowhere"}};
    test_fails(f->ctx, tam_check_run(f->ctx, &config, &check), TAM_INPUT, "/nowhere");
    assert_null(check);
    volatile sig_atomic_t stop = 2;
    config = (tam_check_config){.data = {.path = f->folder}, .stop = &stop};
    test_fails(f->ctx, tam_check_run(f->ctx, &config, &check), TAM_STOPPED, "stopped");
    tam_dataset_config other = {.path = "/nowhere/else"};
    config = (tam_check_config){.data = {.path = f->folder}, .against = &other, .against_count = 1};
    test_fails(f->ctx, tam_check_run(f->ctx, &config, &check), TAM_INPUT, "/nowhere/else");
    config = (tam_check_config){.data = {.path = f->folder}, .model = "/nowhere/model"};
    test_fails(f->ctx, tam_check_run(f->ctx, &config, &check), TAM_INPUT, "/nowhere/model");
}

static tam_status use_all(fixture *f, tam_ctx *ctx) {
    tam_dataset_config other = {.path = f->other};
    tam_check_config config = {.data = {.path = f->folder}, .against = &other, .against_count = 1};
    tam_check *check;
    int64_t fixes;
    unlink(f->list);
    tam_status status = tam_check_run(ctx, &config, &check);
    if (status == TAM_OK) {
        status = tam_check_write_fixes(check, f->list, &fixes);
    }
    tam_check_free(check);
    return status;
}

static void every_allocation_may_fail(void **state) {
    fixture *f = *state;
    int left = INT32_MAX, failures = 0;
    tam_ctx *ctx;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    plant(f);
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
    assert_true(failures > 40);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_data_have_no_findings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(planted_faults_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_a_finding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_of_fixes_mends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
