#include <math.h>

#include "data_support.h"

#include "tammes/faces.h"

static void read_text(const char *folder, const char *name, char *text, size_t room) {
    char path[192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, room - 1, file);
    assert_true(size < room - 1);
    text[size] = '\0';
    fclose(file);
}

/* Line `number` of a text, from 0. */
static const char *line_of(const char *text, int number) {
    for (; number > 0; number--) {
        text = strchr(text, '\n');
        assert_non_null(text);
        text++;
    }
    return text;
}

/* The lists name the files in their order and tell what drawing tells. */
static void check_lists(tam_ctx *ctx, const tam_faces_config *config, const char *folder) {
    static char landmarks[8192], attributes[8192];
    static uint8_t pixels[60 * 60 * 3];
    read_text(folder, "landmarks.csv", landmarks, sizeof landmarks);
    read_text(folder, "attributes.csv", attributes, sizeof attributes);
    assert_int_equal(strncmp(landmarks, "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n", 35), 0);
    for (int i = 0; i < 15; i++) {
        long long identity = config->first + i / 3;
        tam_face_facts f;
        test_ok(ctx, tam_faces_draw(ctx, config, identity, i % 3, pixels, &f));
        char expected[64], word[16];
        double x, y, yaw;
        snprintf(expected, sizeof expected, "id%06lld/%03d.png,", identity, i % 3);
        const char *line = line_of(landmarks, 1 + i);
        assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
        assert_int_equal(sscanf(line + strlen(expected), "%lf,%lf", &x, &y), 2);
        assert_true(fabs(x - (double)f.landmark[0][0]) < 0.006 && fabs(y - (double)f.landmark[0][1]) < 0.006);
        line = line_of(attributes, 1 + i);
        assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
        long long told;
        assert_int_equal(sscanf(line + strlen(expected), "%lld,%lf", &told, &yaw), 2);
        assert_int_equal(told, identity);
        assert_true(fabs(yaw - (double)f.yaw) < 6e-5);
        const char *end = strchr(line, '\n');
        snprintf(word, sizeof word, ",%s", tam_face_occlusion_name(f.occlusion));
        assert_int_equal(strncmp(end - strlen(word), word, strlen(word)), 0);
    }
    assert_int_equal(*line_of(landmarks, 16), '\0');
}

static void a_written_folder_is_a_dataset(void **state) {
    (void)state;
    char root[64], folder[96], path[200];
    tam_ctx *ctx = test_ctx(3);
    tam_faces_config config = {
        .identities = 5, .per_identity = 3, .size = 40, .seed = 2, .first = 999998, .unaligned = 1};
    tam_dataset *dataset;
    test_folder(root);
    snprintf(folder, sizeof folder, "%s/new/faces", root);
    test_ok(ctx, tam_faces_write(ctx, &config, folder));
    tam_dataset_config data = {.path = folder};
    test_ok(ctx, tam_dataset_open(ctx, &data, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_int_equal(info.count, 15);
    assert_int_equal(info.classes, 5);
    assert_int_equal(info.channels, 3);
    assert_int_equal(info.width, 60);
    for (int64_t i = 0; i < 15; i++) {
        static uint8_t read[60 * 60 * 3], drawn[60 * 60 * 3];
        long long identity;
        int sample;
        test_ok(ctx, tam_dataset_read(dataset, i, read));
        tam_dataset_image_name(dataset, i, path, sizeof path);
        assert_int_equal(sscanf(strstr(path, "/id"), "/id%lld/%d.png", &identity, &sample), 2);
        test_ok(ctx, tam_faces_draw(ctx, &config, identity, sample, drawn, NULL));
        assert_memory_equal(read, drawn, sizeof read);
    }
    tam_dataset_free(dataset);
    check_lists(ctx, &config, folder);
    test_fails(ctx, tam_faces_write(ctx, &config, folder), TAM_CONFIG, "not an empty folder");
    test_folder_remove(root);
    test_ctx_free(ctx);
}

static void wrong_settings_are_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    char root[64], folder[96];
    uint8_t pixels[32 * 32 * 3];
    test_folder(root);
    snprintf(folder, sizeof folder, "%s/faces", root);
    const struct {
        tam_faces_config config;
        const char *sentence;
    } cases[] = {
        {{.identities = 0}, "0 identities"},
        {{.identities = 2, .size = 31}, "a size of 31"},
        {{.identities = 2, .size = 1025}, "a size of 1025"},
        {{.identities = 2, .per_identity = -1}, "-1 samples"},
        {{.identities = 2, .first = -1}, "from number -1"},
        {{.identities = 2, .first = UINT32_MAX}, "from number 4294967295"},
        {{.identities = 2, .jpeg = 101}, "quality of 101"},
        {{.identities = 2, .jpeg = -1}, "quality of -1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_fails(ctx, tam_faces_write(ctx, &cases[i].config, folder), TAM_CONFIG, cases[i].sentence);
        assert_int_not_equal(access(folder, F_OK), 0);
    }
    tam_faces_config good = {.identities = 2, .size = 32};
    test_fails(ctx, tam_faces_draw(ctx, &good, -1, 0, pixels, NULL), TAM_CONFIG, "identity -1");
    test_fails(ctx, tam_faces_draw(ctx, &good, 0, 100000, pixels, NULL), TAM_CONFIG, "sample 100000");
    test_fails(ctx, tam_faces_write(ctx, &good, "/proc/nowhere"), TAM_RESOURCES, "/proc/nowhere");
    test_folder_remove(root);
    test_ctx_free(ctx);
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    int left = 1000000;
    tam_ctx_config settings = {.threads = 1, .allocator = test_ration(&left)};
    tam_faces_config config = {.identities = 2, .per_identity = 1, .size = 32, .jpeg = 90};
    tam_ctx *ctx;
    char root[64], folder[96];
    test_folder(root);
    assert_int_equal(tam_ctx_create(&settings, &ctx), TAM_OK);
    size_t before = tam_ctx_memory(ctx).bytes;
    int k = 0;
    for (tam_status status = TAM_RESOURCES; status != TAM_OK; k++) {
        snprintf(folder, sizeof folder, "%s/%d", root, k);
        left = k;
        status = tam_faces_write(ctx, &config, folder);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        assert_int_equal(tam_ctx_memory(ctx).bytes, before);
        assert_true(k < 100);
    }
    assert_true(k > 6);
    left = 1000000;
    tam_ctx_free(ctx);
    test_folder_remove(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_folder_is_a_dataset),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
