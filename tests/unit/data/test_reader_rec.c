/* RecordIO files as data sets. */
#include <zlib.h>

#include "rec_support.h"

static void a_file_without_an_index_is_gone_through(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    char name[256], expected[256];
    put_four(f, &bytes);
    store(f, &bytes, NULL);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    assert_string_equal(tam_dataset_kind(dataset), "RecordIO file");
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_int_equal(info.count, 4);
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.channels, 1);
    static const char *const classes[3] = {"3", "7", "10"}; /* in the order of the numbers */
    for (int c = 0; c < 3; c++) {
        assert_string_equal(tam_dataset_class_name(dataset, c), classes[c]);
    }
    expect_image(f, dataset, 0, "20", "7", 30);
    expect_image(f, dataset, 1, "5", "3", 31);
    expect_image(f, dataset, 2, "6", "7", 32);
    expect_image(f, dataset, 3, "11", "10", 33);
    tam_dataset_image_name(dataset, 3, name, sizeof name);
    snprintf(expected, sizeof expected, "%s#11", f->path);
    assert_string_equal(name, expected);
    assert_string_equal(f->warnings, "");
    tam_dataset_free(dataset);
}

/* Ids that repeat among the images: the records' numbers are the keys. */
static void without_ids_records_are_counted(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    bytes = (record_file){0};
    add_image(f, &bytes, 0, 1, 40);
    put_range(&bytes, 0, 1, 2);
    add_image(f, &bytes, 0, 0, 41);
    store(f, &bytes, NULL);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    expect_image(f, dataset, 0, "0", "1", 40);
    expect_image(f, dataset, 1, "2", "0", 41);
    tam_dataset_free(dataset);
}

/* A folder that holds train.rec, or one other file; keys from an index in any order. */
static void folders_and_indices(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static const uint64_t keys[4] = {9, 2, 70000000000, 0};
    tam_dataset *dataset;
    put_four(f, &bytes);
    store(f, &bytes, keys);
    test_ok(f->ctx, open_data(f, f->folder, &dataset));
    expect_image(f, dataset, 0, "9", "7", 30);
    expect_image(f, dataset, 1, "2", "3", 31);
    expect_image(f, dataset, 2, "70000000000", "7", 32);
    expect_image(f, dataset, 3, "0", "10", 33);
    tam_dataset_free(dataset);
    char other[160], index[160];
    snprintf(other, sizeof other, "%s/faces.REC", f->folder);
    assert_int_equal(rename(f->path, other), 0);
    snprintf(index, sizeof index, "%s/faces.idx", f->folder);
    assert_int_equal(rename(f->index, index), 0);
    test_ok(f->ctx, open_data(f, f->folder, &dataset));
    expect_image(f, dataset, 0, "9", "7", 30);
    tam_dataset_free(dataset);
    snprintf(other, sizeof other, "%s/more.rec", f->folder);
    write_bytes(f->ctx, other, bytes.bytes, bytes.size);
    assert_int_not_equal(open_data(f, f->folder, &dataset), TAM_OK); /* two, and none is the usual one */
    snprintf(other, sizeof other, "%s/named.otherwise", f->folder);
    write_bytes(f->ctx, other, bytes.bytes, bytes.size);
    test_ok(f->ctx, open_data(f, other, &dataset)); /* known by its magic */
    expect_image(f, dataset, 0, "20", "7", 30);
    tam_dataset_free(dataset);
}

/* Both forms of labels, and a first record that is an image with two labels: no face layout. */
static void labels_in_both_forms(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    const float aligned[2] = {4, 1};
    bytes = (record_file){0};
    draw(f, 60);
    put_labels(&bytes, 0, 0, 2, aligned, f->image, f->image_size);
    add_image(f, &bytes, 1, 6, 61);
    store(f, &bytes, counted);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 2);
    expect_image(f, dataset, 0, "0", "4", 60);
    expect_image(f, dataset, 1, "1", "6", 61);
    assert_string_equal(f->warnings, "");
    tam_dataset_free(dataset);
}

static void names_of_classes(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static const struct {
        const char *file, *text, *third, *tenth, *warning;
    } cases[] = {
        {"classes.txt", "a\nb\nc\nd \nd\nf\ng\nAnn\nh\ni\nk\n", "d", "k", ""},
        {"train.classes.txt", "a\nb\nc\n\\x20x\\n\nd\nf\ng\nAnn\nh\ni\nk", " x\n", "k", ""},
        {"train.classes.txt", "a\r\nb\r\nc\r\nd\r\ne\nf\ng\nAnn\nh\ni\nk\r\n", "d", "k", ""},
        {"train.classes.txt", "a\nb\n", "3", "10", "has 2 lines for the labels 0 to 10"},
        {"train.classes.txt", "a\nb\nc\nd\na\nf\ng\nh\nj\ni\nk\n", "3", "10", "two lines are the same"},
        {"train.classes.txt", "a\n\nc\nd\ne\nf\ng\nh\nj\ni\nk\n", "3", "10", "has an empty line"},
        {"train.classes.txt", "", "3", "10", "has 0 lines"},
    };
    put_four(f, &bytes);
    store(f, &bytes, counted);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char path[160];
        tam_dataset *dataset;
        snprintf(path, sizeof path, "%s/%s", f->folder, cases[c].file);
        write_bytes(f->ctx, path, cases[c].text, strlen(cases[c].text));
        test_ok(f->ctx, open_data(f, f->path, &dataset));
        if (c > 0) {
            expect_image(f, dataset, 1, "1", cases[c].third, 31);
        }
        expect_image(f, dataset, 3, "3", cases[c].tenth, 33);
        if (strstr(f->warnings, cases[c].warning) == NULL || (*cases[c].warning == '\0' && f->warnings[0] != '\0')) {
            fail_msg("case %zu: the warning is '%s'", c, f->warnings);
        }
        tam_dataset_free(dataset);
    }
}

/* Labels alone that are longer than what is read to look at an image. */
static void many_labels_before_an_image(void **state) {
    rec_fixture *f = *state;
    enum { MANY = 3000 };
    static record_file bytes;
    float labels[MANY] = {4.0f, 1.0f};
    tam_dataset *dataset;
    bytes = (record_file){0};
    draw(f, 60);
    put_labels(&bytes, 0, 9.0f, MANY, labels, f->image, f->image_size);
    add_image(f, &bytes, 1, 5, 61);
    for (int indexed = 0; indexed < 2; indexed++) {
        store(f, &bytes, indexed ? counted : NULL);
        test_ok(f->ctx, open_data(f, f->path, &dataset));
        expect_image(f, dataset, 0, "0", "4", 60);
        expect_image(f, dataset, 1, "1", "5", 61);
        tam_dataset_free(dataset);
    }
}

/* An image whose header needs more than the first few KB, one longer than what is read at once, and one of none. */
static void large_and_empty_images(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static uint8_t comment[20000];
    tam_dataset *dataset;
    uint8_t pixels[4];
    size_t size = 0;
    size += (size_t)sprintf((char *)comment, "P5\n#");
    memset(comment + size, 'x', sizeof comment - 100);
    size += sizeof comment - 100;
    size += (size_t)sprintf((char *)comment + size, "\n2 2\n255\n");
    memcpy(comment + size, "\1\2\3\4", 4);
    bytes = (record_file){0};
    put_image(&bytes, 0, 0, comment, size + 4);
    add_image(f, &bytes, 1, 1, 80);
    store(f, &bytes, counted);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    expect_image(f, dataset, 0, "0", "0", 1);
    expect_image(f, dataset, 1, "1", "1", 80);
    tam_dataset_free(dataset);
    put_image(&bytes, 2, 1, NULL, 0);
    store(f, &bytes, counted);
    test_fails(f->ctx, open_data(f, f->path, &dataset), TAM_INPUT, "train.rec#2");
    tam_dataset_config config = {.path = f->path, .size = 2, .channels = 1};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_fails(f->ctx, tam_dataset_read(dataset, 2, pixels), TAM_INPUT, "train.rec#2");
    tam_dataset_free(dataset);
}

/* A record of more than a megabyte, in two parts with the magic between them. */
static void an_image_larger_than_one_read(void **state) {
    rec_fixture *f = *state;
    enum { SIDE = 1100, PIXELS = SIDE * SIDE, TEXT = 20, FIRST = 600000, LAST = PIXELS - FIRST - 4 };
    static const uint8_t magic[4] = {0x0A, 0x23, 0xD7, 0xCE};
    static uint8_t file[PIXELS + 200], pixels[PIXELS];
    const uint32_t first[8] = {TAM_RECORDIO_MAGIC, 1u << 29 | (24 + TEXT + FIRST)};
    const uint32_t last[2] = {TAM_RECORDIO_MAGIC, 3u << 29 | LAST};
    tam_dataset *dataset;
    memcpy(file, first, 32);
    memcpy(file + 32, "P5\n  \n1100 1100\n255\n", TEXT);
    memset(file + 32 + TEXT, 11, FIRST);
    memcpy(file + 32 + TEXT + FIRST, last, 8);
    memset(file + 40 + TEXT + FIRST, 12, LAST);
    write_bytes(f->ctx, f->path, file, (40 + TEXT + FIRST + LAST + 3) / 4 * 4);
    tam_dataset_config config = {.path = f->path, .unlabelled = 1};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_ok(f->ctx, tam_dataset_read(dataset, 0, pixels));
    for (int i = 0; i < PIXELS; i++) {
        assert_int_equal(pixels[i], i < FIRST ? 11 : i < FIRST + 4 ? magic[i - FIRST] : 12);
    }
    tam_dataset_free(dataset);
}

/* The published sample: eight JPEGs whose keys are in no order; what its .lst says, and sizes and checksums of the
 * images as tests/oracle/recordio_oracle.py reads them. */
static void the_real_sample(void **state) {
    rec_fixture *f = *state;
    static const struct {
        const char *key;
        int label;
        size_t size;
        uint32_t crc;
    } images[8] = {{"0", 0, 5468, 0x156b18c3}, {"4", 1, 5695, 0x1b91ad8b}, {"7", 1, 5385, 0x13c889a7},
                   {"5", 1, 4980, 0xb5862ec6}, {"1", 0, 4810, 0x4017f235}, {"6", 1, 6759, 0x8238f117},
                   {"3", 0, 5239, 0x2ccd9843}, {"2", 0, 4171, 0xac954625}};
    char path[2048];
    if (test_data() == NULL) {
        printf("skipped: no real data (set TAMMES_DATA)\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/recordio-sample", test_data());
    for (int indexed = 1; indexed >= 0; indexed--) {
        tam_dataset *dataset;
        tam_reader_scratch scratch = {0};
        if (!indexed) { /* beside no index; ids are the keys */
            uint8_t *data;
            size_t size;
            strcat(path, "/train.rec");
            test_ok(f->ctx, tam_file_read(f->ctx, path, 0, &data, &size));
            write_bytes(f->ctx, f->path, data, size);
            tam_release(f->ctx, data);
        }
        test_ok(f->ctx, open_data(f, indexed ? path : f->path, &dataset));
        tam_dataset_info info = tam_dataset_describe(dataset);
        assert_int_equal(info.count, 8);
        assert_int_equal(info.classes, 2);
        assert_int_equal(info.width, 112);
        assert_int_equal(info.height, 112);
        assert_int_equal(info.channels, 3);
        for (int i = 0; i < 8; i++) {
            static uint8_t pixels[112 * 112 * 3];
            const uint8_t *data;
            size_t size;
            char key[16];
            tam_dataset_image_key(dataset, i, key, sizeof key);
            assert_string_equal(key, images[i].key);
            assert_int_equal(tam_dataset_label(dataset, i), images[i].label);
            const tam_source *source = tam_dataset_source(dataset);
            test_ok(f->ctx, source->reader->encoded(source, i, &scratch, &data, &size));
            assert_int_equal(size, images[i].size);
            assert_int_equal(crc32(0, data, (unsigned)size), images[i].crc);
            test_ok(f->ctx, tam_dataset_read(dataset, i, pixels));
        }
        tam_scratch_free(f->ctx, &scratch);
        tam_dataset_free(dataset);
    }
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, rec_set_up, rec_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        RUN(a_file_without_an_index_is_gone_through),
        RUN(without_ids_records_are_counted),
        RUN(folders_and_indices),
        RUN(labels_in_both_forms),
        RUN(names_of_classes),
        RUN(many_labels_before_an_image),
        RUN(large_and_empty_images),
        RUN(an_image_larger_than_one_read),
        RUN(the_real_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
