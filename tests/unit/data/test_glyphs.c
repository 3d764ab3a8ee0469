#include <dirent.h>

#include "data_support.h"

static uint64_t hash(const uint8_t *data, size_t size) {
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < size; i++) {
        h = (h ^ data[i]) * 1099511628211u;
    }
    return h;
}

static void the_bytes_never_change(void **state) {
    (void)state;
    static const struct {
        tam_glyphs_config config;
        int64_t identity;
        int sample;
        uint64_t hash;
    } golden[] = {
        {{.seed = 0}, 0, 0, 0xa134e1f30d1a5cd2},
        {{.seed = 1, .size = 16}, 7, 3, 0x702afba7406bd10},
        {{.seed = 0xFFFFFFFFFFu, .size = 61}, 4000000000, 19, 0xfca20ac23f9034a5},
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        uint8_t pixels[61 * 61];
        int size = golden[i].config.size > 0 ? golden[i].config.size : 28;
        tam_glyphs_draw(&golden[i].config, golden[i].identity, golden[i].sample, pixels);
        uint64_t got = hash(pixels, (size_t)(size * size));
        if (got != golden[i].hash) {
            fail_msg("case %zu: 0x%llx", i, (unsigned long long)got);
        }
    }
}

static double squared_difference(const uint8_t *a, const uint8_t *b) {
    double sum = 0;
    for (int i = 0; i < 28 * 28; i++) {
        sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
}

/* Same-identity samples must look more alike than samples of two identities, but must not be copies. */
static void samples_of_an_identity_are_alike(void **state) {
    (void)state;
    tam_glyphs_config config = {.seed = 3};
    uint8_t a[28 * 28], b[28 * 28], c[28 * 28];
    double same = 0, other = 0, least = 1e30;
    for (int i = 0; i < 200; i++) {
        tam_glyphs_draw(&config, i, 0, a);
        tam_glyphs_draw(&config, i, 1, b);
        tam_glyphs_draw(&config, i + 1, 1, c);
        double distance = squared_difference(a, b);
        same += distance;
        other += squared_difference(a, c);
        least = distance < least ? distance : least;
    }
    assert_true(same < 0.75 * other);
    assert_true(least > 1e4);
}

static void ink_lies_inside_on_a_dark_ground(void **state) {
    (void)state;
    tam_glyphs_config config = {.seed = 5};
    uint8_t pixels[28 * 28];
    for (int i = 0; i < 300; i++) {
        int bright = 0, border = 0;
        tam_glyphs_draw(&config, i, i % 7, pixels);
        for (int k = 0; k < 28 * 28; k++) {
            int x = k % 28, y = k / 28;
            bright += pixels[k] > 128;
            border += pixels[k] > 128 && (x == 0 || y == 0 || x == 27 || y == 27);
        }
        assert_in_range(bright, 12, 350);
        assert_in_range(border, 0, 12);
    }
}

static int count_entries(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void a_written_folder_is_a_dataset(void **state) {
    (void)state;
    char root[64], folder[96], path[160];
    tam_ctx *ctx = test_ctx(2);
    tam_glyphs_config config = {.identities = 5, .per_identity = 3, .size = 20, .seed = 2, .first = 999998};
    tam_dataset *dataset;
    test_folder(root);
    snprintf(folder, sizeof folder, "%s/new/glyphs", root);
    test_ok(ctx, tam_glyphs_write(ctx, &config, folder));
    assert_int_equal(count_entries(folder), 5);
    snprintf(path, sizeof path, "%s/id1000002", folder);
    assert_int_equal(count_entries(path), 3);
    tam_dataset_config data = {.path = folder};
    test_ok(ctx, tam_dataset_open(ctx, &data, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_int_equal(info.count, 15);
    assert_int_equal(info.classes, 5);
    assert_int_equal(info.channels, 1);
    assert_int_equal(info.width, 20);
    for (int64_t i = 0; i < 15; i++) {
        uint8_t read[400], drawn[400];
        long long identity;
        int sample;
        test_ok(ctx, tam_dataset_read(dataset, i, read));
        tam_dataset_image_name(dataset, i, path, sizeof path);
        assert_int_equal(sscanf(strstr(path, "/id"), "/id%lld/%d.png", &identity, &sample), 2);
        tam_glyphs_draw(&config, identity, sample, drawn);
        assert_memory_equal(read, drawn, sizeof read);
    }
    tam_dataset_free(dataset);
    test_fails(ctx, tam_glyphs_write(ctx, &config, folder), TAM_CONFIG, "not an empty folder");
    test_folder_remove(root);
    test_ctx_free(ctx);
}

static void wrong_settings_are_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    char root[64], folder[96];
    test_folder(root);
    snprintf(folder, sizeof folder, "%s/glyphs", root);
    const struct {
        tam_glyphs_config config;
        const char *sentence;
    } cases[] = {
        {{.identities = 0}, "0 identities"},
        {{.identities = 2, .size = 15}, "a size of 15"},
        {{.identities = 2, .size = -28}, "a size of -28"},
        {{.identities = 2, .per_identity = -1}, "-1 samples"},
        {{.identities = 2, .first = -1}, "from number -1"},
        {{.identities = 2, .first = UINT32_MAX}, "from number 4294967295"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_fails(ctx, tam_glyphs_write(ctx, &cases[i].config, folder), TAM_CONFIG, cases[i].sentence);
        assert_int_not_equal(access(folder, F_OK), 0);
    }
    tam_glyphs_config good = {.identities = 2};
    test_fails(ctx, tam_glyphs_write(ctx, &good, "/proc/nowhere"), TAM_RESOURCES, "/proc/nowhere");
    test_folder_remove(root);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_never_change),           cmocka_unit_test(samples_of_an_identity_are_alike),
        cmocka_unit_test(ink_lies_inside_on_a_dark_ground), cmocka_unit_test(a_written_folder_is_a_dataset),
        cmocka_unit_test(wrong_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
