#include "support.h"

#include <math.h>

#include "base/file.h"
#include "io/megaface.h"

/* As numpy.array([3, 1, 4, 5], '<i4').tobytes() + numpy.array([0.5, -1.25, 2.0], '<f4').tobytes() */
static const uint8_t feature[28] = {3, 0, 0, 0, 1, 0,    0, 0, 4,    0,    0, 0, 5, 0,
                                    0, 0, 0, 0, 0, 0x3F, 0, 0, 0xA0, 0xBF, 0, 0, 0, 0x40};
static const char list_words[] = "{\"path\": [\"a/1.jpg\", \"b\\u00e9/2.jpg\"], \"id\": [\"Aaron\", -7]}";

static void features_there_and_back(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    float values[4] = {0};
    char folder[64], path[96];
    uint8_t *data;
    size_t size;
    int dim;
    test_folder(folder);
    snprintf(path, sizeof path, "%s/f.bin", folder);
    test_ok(ctx, tam_megaface_decode(ctx, "f", feature, sizeof feature, 3, values, &dim));
    assert_true(dim == 3 && values[0] == 0.5f && values[1] == -1.25f && values[2] == 2.0f);
    test_ok(ctx, tam_megaface_write(ctx, path, 3, values));
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_int_equal(size, sizeof feature);
    assert_memory_equal(data, feature, sizeof feature);
    tam_release(ctx, data);
    memset(values, 0, sizeof values);
    test_ok(ctx, tam_megaface_read(ctx, path, 4, values, &dim));
    assert_true(dim == 3 && values[2] == 2.0f);
    test_fails(ctx, tam_megaface_write(ctx, path, 3, values), TAM_RESOURCES, "f.bin: cannot write: File exists");
    test_fails(ctx, tam_megaface_write(ctx, path, 0, values), TAM_CONFIG, "a feature of 0 values");
    test_fails(ctx, tam_megaface_read(ctx, folder, 4, values, &dim), TAM_INPUT, "not a regular file");
    test_fails(ctx, tam_megaface_write(ctx, "/nowhere/f", 3, values), TAM_RESOURCES, "/nowhere/f: cannot write");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void wrong_features_are_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    float values[4];
    int dim;
    static const struct {
        size_t at;
        uint8_t value;
        const char *part;
    } wrong[] = {
        {0, 4, "12 bytes behind the header, but 4 values take 16"},
        {0, 2, "12 bytes behind the header"},
        {0, 0, "the header {0, 1, 4, 5} is not"},
        {3, 0x80, "the header {-2147483645, 1, 4, 5}"},
        {2, 1, "the header {65539, 1, 4, 5}"},
        {4, 2, "the header {3, 2, 4, 5}"},
        {8, 8, "{3, 1, 8, 5}"},
        {12, 6, "{3, 1, 4, 6}"},
        {19, 0xFF, NULL},
        {23, 0xFF, NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t bad[sizeof feature];
        memcpy(bad, feature, sizeof bad);
        bad[wrong[i].at] = wrong[i].value;
        if (wrong[i].part == NULL) {
            bad[wrong[i].at - 1] = 0x80; /* an infinity */
            test_fails(ctx, tam_megaface_decode(ctx, "f", bad, sizeof bad, 4, values, &dim), TAM_INPUT,
                       i == 8 ? "f: value 0, at byte 16, is not finite" : "f: value 1, at byte 20, is not finite");
            continue;
        }
        test_fails(ctx, tam_megaface_decode(ctx, "f", bad, sizeof bad, 4, values, &dim), TAM_INPUT, wrong[i].part);
        assert_int_equal(dim, 0);
    }
    test_fails(ctx, tam_megaface_decode(ctx, "f", feature, sizeof feature, 2, values, &dim), TAM_INPUT,
               "3 values, and at most 2");
    for (size_t size = 0; size < sizeof feature; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, feature, size);
        test_fails(ctx, tam_megaface_decode(ctx, "f", copy, size, 4, values, &dim), TAM_INPUT,
                   size < 16 ? "too few for a feature" : "behind the header");
        (void)tam_megaface_recognise((const char *)copy, size);
        free(copy);
    }
    test_ctx_free(ctx);
}

static void lists_are_read(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_megaface_list list;
    test_ok(ctx, tam_megaface_parse_list(ctx, "l", list_words, strlen(list_words), &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.path[0], "a/1.jpg");
    assert_string_equal(list.path[1], "b\xC3\xA9/2.jpg");
    assert_string_equal(list.id[0], "Aaron");
    assert_string_equal(list.id[1], "-7");
    tam_megaface_free_list(ctx, &list);
    test_ok(ctx, tam_megaface_parse_list(ctx, "l", "{\"path\":[\"x\"],\"other\":1}", 24, &list));
    assert_true(list.count == 1 && list.id == NULL);
    tam_megaface_free_list(ctx, &list);
    const char *noises = "# of MegaFace\n3\tFlickr/a b/1.jpg\r\n\nAaron_7.jpg\n  # no comment\n1\tx.jpg\tmore\n";
    tam_lines lines = tam_lines_of(ctx, "n", noises, strlen(noises));
    test_ok(ctx, tam_megaface_read_noises(&lines, &list));
    assert_int_equal(list.count, 4);
    assert_string_equal(list.path[0], "Flickr/a b/1.jpg");
    assert_string_equal(list.path[1], "Aaron_7.jpg");
    assert_string_equal(list.path[2], "  # no comment");
    assert_string_equal(list.path[3], "x.jpg");
    assert_null(list.id);
    tam_megaface_free_list(ctx, &list);
    test_ctx_free(ctx);
}

static void wrong_lists_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *words, *part;
    } wrong[] = {
        {"", "l:1: not JSON"},
        {"{\"path\": [\"a\"", "l:1: not JSON at byte"},
        {"[1]", "l: not a list"},
        {"{\"path\": \"a\"}", "l: not a list"},
        {"{\"id\": [\"a\"]}", "l: not a list"},
        {"{\"path\": [\"a\"], \"id\": {}}", "l: not a list"},
        {"{\"path\": []}", "l: no paths in it"},
        {"{\"path\": [\"a\", 3]}", "l: entry 1 of \"path\" is no path"},
        {"{\"path\": [\"\"]}", "l: entry 0 of \"path\" is no path"},
        {"{\"path\": [\"a\"], \"id\": []}", "l: 1 paths, but 0 ids"},
        {"{\"path\": [\"a\"], \"id\": [1.5]}", "l: entry 0 of \"id\" is neither"},
        {"{\"path\": [\"a\"], \"path\": [\"b\"]}", "not JSON"},
        {"{\"path\": [\"a\\u0000b\"]}", "not JSON"},
    };
    tam_ctx *ctx = test_ctx(1);
    tam_megaface_list list;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_fails(ctx, tam_megaface_parse_list(ctx, "l", wrong[i].words, strlen(wrong[i].words), &list), TAM_INPUT,
                   wrong[i].part);
        assert_null(list.path);
    }
    for (size_t size = 0; size < strlen(list_words); size++) {
        test_fails(ctx, tam_megaface_parse_list(ctx, "l", list_words, size, &list), TAM_INPUT, "not JSON");
        (void)tam_megaface_recognise(list_words, size);
    }
    tam_lines lines = tam_lines_of(ctx, "n", "a\n3\t\tx\n", 7);
    test_fails(ctx, tam_megaface_read_noises(&lines, &list), TAM_INPUT, "n:2: neither a path");
    char *deep = malloc(200001);
    assert_non_null(deep);
    memset(deep, '[', 200000);
    test_fails(ctx, tam_megaface_parse_list(ctx, "l", deep, 200000, &list), TAM_INPUT, "not JSON");
    free(deep);
    test_ctx_free(ctx);
}

static void beginnings_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *words;
        tam_megaface_kind kind;
    } cases[] = {
        {list_words, TAM_MEGAFACE_LIST},
        {" {\n\"id\" : [", TAM_MEGAFACE_LIST},
        {"{\"paths\": [", TAM_MEGAFACE_NONE},
        {"{\"path\": 3", TAM_MEGAFACE_NONE},
        {"# x\n3\ta/1.jpg\n", TAM_MEGAFACE_NOISES},
        {"# x\n#\na/1.jpg\r\n", TAM_MEGAFACE_NOISES},
        {"# x\n3\ta/1.jpg", TAM_MEGAFACE_NONE},
        {"a/1.jpg\n", TAM_MEGAFACE_NONE},
        {"# a comment\nkey: value\n", TAM_MEGAFACE_NONE},
        {"", TAM_MEGAFACE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(tam_megaface_recognise(cases[i].words, strlen(cases[i].words)), cases[i].kind);
    }
    assert_int_equal(tam_megaface_recognise((const char *)feature, 16), TAM_MEGAFACE_FEATURE);
    assert_int_equal(tam_megaface_recognise((const char *)feature, 15), TAM_MEGAFACE_NONE);
    assert_int_equal(tam_megaface_recognise((const char *)feature + 1, 20), TAM_MEGAFACE_NONE);
}

static tam_status use_all(tam_ctx *ctx, const char *path) {
    float values[4] = {1, 2, 3, 4};
    int dim;
    tam_megaface_list list;
    TAM_TRY(tam_megaface_parse_list(ctx, "l", list_words, strlen(list_words), &list));
    tam_megaface_free_list(ctx, &list);
    tam_lines lines = tam_lines_of(ctx, "n", "a\nb\n", 4);
    TAM_TRY(tam_megaface_read_noises(&lines, &list));
    tam_megaface_free_list(ctx, &list);
    TAM_TRY(tam_megaface_write(ctx, path, 4, values));
    return tam_megaface_read(ctx, path, 4, values, &dim);
}

static void memory_may_run_out(void **state) {
    (void)state;
    int failures = 0;
    char folder[64], path[96];
    test_folder(folder);
    for (int k = 1;; k++) {
        int left = k;
        tam_ctx *ctx = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        snprintf(path, sizeof path, "%s/%d", folder, k);
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = use_all(ctx, path);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        failures += status != TAM_OK;
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures >= 8);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_there_and_back),
        cmocka_unit_test(wrong_features_are_refused),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(beginnings_are_recognised),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
