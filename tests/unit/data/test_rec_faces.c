/* The face layout of RecordIO files: ranges of keys, right and wrong. */
#include <math.h>

#include "rec_support.h"

/* Seven images of three identities; where `first` is 0 the header is the first record, else it follows the images. */
static void put_faces(rec_fixture *f, record_file *bytes, uint64_t keys[16], float a, float b, bool header_last,
                      float begin_of_second) {
    static const int size[3] = {3, 1, 3};
    static const float labels[3] = {2, 5, 6};
    float begin = 1;
    int at = 0, number = 0;
    *bytes = (record_file){0};
    if (!header_last) {
        put_range(bytes, 0, a, b);
        keys[at++] = 0;
    }
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < size[c]; k++, number++) {
            keys[at++] = (uint64_t)(1 + number);
            add_image(f, bytes, (uint64_t)(1 + number), labels[c], number);
        }
    }
    if (header_last) {
        put_range(bytes, 0, a, b);
        keys[at++] = 0;
    }
    for (int c = 0; c < 3; c++) {
        keys[at++] = (uint64_t)(8 + c);
        put_range(bytes, (uint64_t)(8 + c), c == 1 ? begin_of_second : begin, begin + (float)size[c]);
        begin += (float)size[c];
    }
}

static void expect_faces(rec_fixture *f, bool indexed) {
    static const char *const names[7] = {"2", "2", "2", "5", "6", "6", "6"};
    tam_dataset *dataset;
    test_ok(f->ctx, open_data(f, indexed ? f->folder : f->path, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 7);
    assert_int_equal(tam_dataset_describe(dataset).classes, 3);
    for (int i = 0; i < 7; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i + 1);
        expect_image(f, dataset, i, key, names[i], i);
    }
    tam_dataset_free(dataset);
}

static void face_layouts(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    uint64_t keys[16];
    for (int header_last = 0; header_last < 2; header_last++) {
        put_faces(f, &bytes, keys, 8, 11, header_last != 0, 4);
        store(f, &bytes, keys);
        expect_faces(f, true);
        assert_string_equal(f->warnings, "");
        store(f, &bytes, NULL);
        expect_faces(f, false);
        assert_string_equal(f->warnings, "");
    }
}

/* What lies behind the layout is not in its index, nor is it among the images. */
static void a_record_behind_the_layout_is_told(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    uint64_t keys[16];
    put_faces(f, &bytes, keys, 8, 11, false, 4);
    int count = bytes.count;
    add_image(f, &bytes, 99, 2, 9);
    bytes.count = count;
    store(f, &bytes, keys);
    expect_faces(f, true);
    assert_non_null(strstr(f->warnings, "names not all records"));
    assert_non_null(strstr(f->warnings, "some are left out, behind the one of key 10"));
}

/* Whatever record 0 and the ranges say: the images' labels are right, and the doubt is told. */
static void wrong_ranges_are_rebuilt(void **state) {
    rec_fixture *f = *state;
    static const struct {
        float a, b, begin_of_second;
        const char *warning;
    } cases[] = {
        {16777218, 16777220, 4, "record 0 counts to 16777220, and its numbers are exact to 16777216 only: the classes"},
        {1, 1e30f, 4, "record 0 counts to 1.00000002e+30"},
        {9, 11, 4, "the range in record 9 does not follow the one before it"},
        {7, 11, 4, "the range in record 7 does not agree"},
        {8, 12, 4, "record 0 counts 12 keys, and the index has 11"},
        {8, 8, 4, "record 0 holds 8 and 8, which are no ranges of keys"},
        {11, 8, 4, "record 0 holds 11 and 8"},
        {-1, 8, 4, "record 0 holds -1 and 8"},
        {NAN, 11, 4, "record 0 holds nan and 11"},
        {8, NAN, 4, "and nan, which are no ranges"},
        {8.5f, 11, 4, "record 0 holds 8.5 and 11"},
        {8, 11, 3, "the range in record 9 does not agree with the labels of its images"},
        {8, 11, 5, "the range in record 9 does not follow the one before it"},
        {8, 11, 0, "the range in record 9 does not agree"},
        {8, 11, -1e30f, "the range in record 9 does not agree"},
        {8, 11, 1e30f, "the range in record 9 does not agree"},
        {8, 11, NAN, "the range in record 9 does not agree"},
    };
    static record_file bytes;
    uint64_t keys[16];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        put_faces(f, &bytes, keys, cases[c].a, cases[c].b, false, cases[c].begin_of_second);
        store(f, &bytes, keys);
        expect_faces(f, true);
        if (strstr(f->warnings, cases[c].warning) == NULL || strstr(f->warnings, "of all images") == NULL) {
            fail_msg("case %zu: the warning is '%s'", c, f->warnings);
        }
    }
}

/* An image whose label is none of its range's, at the range's end. */
static void a_label_that_disagrees_is_believed(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    uint64_t keys[16];
    tam_dataset *dataset;
    put_faces(f, &bytes, keys, 8, 11, false, 4);
    const float other = 9;
    memcpy(bytes.bytes + bytes.at[3] + 12, &other, 4); /* key 3, the last of the first identity */
    store(f, &bytes, keys);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    expect_image(f, dataset, 1, "2", "2", 1);
    expect_image(f, dataset, 2, "3", "9", 2);
    assert_non_null(strstr(f->warnings, "the range in record 8 does not agree with the labels of its images"));
    tam_dataset_free(dataset);
}

static tam_status open_and_read(tam_ctx *ctx, const char *path) {
    tam_dataset *dataset;
    tam_dataset_config config = {.path = path};
    uint8_t pixels[4];
    TAM_TRY(tam_dataset_open(ctx, &config, &dataset));
    tam_status status = tam_dataset_read(dataset, 1, pixels);
    tam_dataset_free(dataset);
    return status;
}

static void memory_may_run_out(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    uint64_t keys[16];
    char path[160];
    put_faces(f, &bytes, keys, 8, 11, true, 4);
    snprintf(path, sizeof path, "%s/classes.txt", f->folder);
    write_bytes(f->ctx, path, "a\nb\nc\nd\ne\nf\ng\n", 14);
    for (int indexed = 0; indexed < 2; indexed++) {
        int left, failures = 0;
        store(f, &bytes, indexed ? keys : NULL);
        for (int k = 0;; k++) {
            tam_ctx *ctx;
            tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
            left = 1000;
            assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
            left = k;
            tam_status status = open_and_read(ctx, f->path);
            assert_true(status == TAM_OK || status == TAM_RESOURCES);
            test_ctx_free(ctx);
            if (status == TAM_OK) {
                break;
            }
            failures++;
        }
        assert_true(failures > 15);
    }
}

/* The file or its index cut at every byte: refused, or the labels are right. */
static void a_face_layout_cut_anywhere(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static const char *const names[7] = {"2", "2", "2", "5", "6", "6", "6"};
    uint64_t keys[16];
    uint8_t *text;
    size_t size;
    int opened = 0;
    put_faces(f, &bytes, keys, 8, 11, true, 4);
    for (size_t cut = 0; cut < bytes.size; cut++) {
        tam_dataset *dataset;
        store(f, &bytes, keys);
        write_bytes(f->ctx, f->path, bytes.bytes, cut);
        assert_int_equal(open_data(f, f->path, &dataset), TAM_INPUT);
        assert_non_null(strstr(tam_ctx_message(f->ctx), f->folder));
    }
    store(f, &bytes, keys);
    test_ok(f->ctx, tam_file_read(f->ctx, f->index, 0, &text, &size));
    for (size_t cut = 0; cut + 1 < size; cut++) {
        tam_dataset *dataset;
        tam_dataset_config config = {.path = f->path, .unlabelled = 1};
        f->warnings[0] = '\0';
        write_bytes(f->ctx, f->index, text, cut);
        if (tam_dataset_open(f->ctx, &config, &dataset) != TAM_OK) {
            continue;
        }
        opened++;
        assert_non_null(strstr(f->warnings, "names not all records"));
        for (int64_t i = 0; i < tam_dataset_describe(dataset).count; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", (int)i + 1);
            expect_image(f, dataset, i, key, names[i], (int)i);
        }
        tam_dataset_free(dataset);
    }
    assert_true(opened >= 10);
    tam_release(f->ctx, text);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, rec_set_up, rec_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        RUN(face_layouts),
        RUN(a_record_behind_the_layout_is_told),
        RUN(wrong_ranges_are_rebuilt),
        RUN(a_label_that_disagrees_is_believed),
        RUN(a_face_layout_cut_anywhere),
        RUN(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
