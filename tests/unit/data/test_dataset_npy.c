/* Arrays of images as data, and data as arrays. */
#include "data_support.h"

#include <math.h>

#include "io/npy.h"
#include "tammes/pack.h"

typedef struct world {
    tam_ctx *ctx;
    char folder[64], path[128], labels[128];
} world;

static const uint8_t pixels[36] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
                                   18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35};

static void write_array(world *w, int dims, const int64_t *shape, tam_npy_type type) {
    test_ok(w->ctx, tam_npy_write(w->ctx, w->path, type, dims, shape, pixels));
}

static void write_labels(world *w, tam_npy_type type, int64_t count, const void *values) {
    test_ok(w->ctx, tam_npy_write(w->ctx, w->labels, type, 1, &count, values));
}

static void expect_refused(world *w, const char *labels, tam_status status, const char *sentence) {
    tam_dataset *dataset;
    tam_dataset_config config = {.path = w->path, .labels = labels};
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), status, sentence);
    assert_null(dataset);
}

static void arrays_are_images(void **state) {
    world *w = *state;
    static const int64_t shapes[3][4] = {{3, 4, 3}, {3, 4, 3, 1}, {3, 2, 2, 3}};
    static const int32_t labels[3] = {9, 10, 9};
    write_labels(w, TAM_NPY_I4, 3, labels);
    for (int k = 0; k < 3; k++) {
        tam_dataset *dataset;
        uint8_t image[12];
        char key[32];
        write_array(w, k == 0 ? 3 : 4, shapes[k], TAM_NPY_U1);
        test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->path}, &dataset));
        tam_dataset_info info = tam_dataset_describe(dataset);
        assert_int_equal(info.count, 3);
        assert_int_equal(info.height, shapes[k][1]);
        assert_int_equal(info.width, shapes[k][2]);
        assert_int_equal(info.channels, k == 2 ? 3 : 1);
        assert_int_equal(info.classes, 2);
        assert_string_equal(tam_dataset_class_name(dataset, 1), "10");
        for (int i = 0; i < 3; i++) {
            test_ok(w->ctx, tam_dataset_read(dataset, i, image));
            assert_memory_equal(image, pixels + 12 * i, 12);
            assert_int_equal(tam_dataset_label(dataset, i), labels[i] == 10);
        }
        tam_dataset_image_key(dataset, 2, key, sizeof key);
        assert_string_equal(key, "2");
        tam_dataset_free(dataset);
    }
}

static void labels_may_lie_elsewhere_or_nowhere(void **state) {
    world *w = *state;
    static const int64_t shape[3] = {3, 4, 3};
    static const float labels[3] = {2, 0, 1}, odd[3] = {2, 0.5f, 1}, negative[3] = {2, 0, -1};
    tam_dataset *dataset;
    char names[128];
    write_array(w, 3, shape, TAM_NPY_U1);
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->path, .unlabelled = 1}, &dataset));
    assert_int_equal(tam_dataset_label(dataset, 0), -1);
    tam_dataset_free(dataset);
    expect_refused(w, NULL, TAM_INPUT, "a.npy: array of images without labels");
    snprintf(w->labels, sizeof w->labels, "%s/else.labels.npy", w->folder);
    expect_refused(w, w->labels, TAM_INPUT, "else.labels.npy: cannot open");
    write_labels(w, TAM_NPY_F4, 3, odd);
    expect_refused(w, w->labels, TAM_INPUT, "else.labels.npy: value 1, 0.5, is no whole number");
    write_labels(w, TAM_NPY_F4, 3, negative);
    expect_refused(w, w->labels, TAM_INPUT, "else.labels.npy#2: the label -1");
    write_labels(w, TAM_NPY_F4, 2, labels);
    expect_refused(w, w->labels, TAM_INPUT, "else.labels.npy: 2 labels in 1 dimensions for the 3 images of");
    write_labels(w, TAM_NPY_F4, 3, labels);
    snprintf(names, sizeof names, "%s/else.classes.txt", w->folder);
    write_bytes(w->ctx, names, "zero\none\n", 9);
    expect_refused(w, w->labels, TAM_INPUT, "else.classes.txt: 2 class names, and there is a label 2");
    write_bytes(w->ctx, names, "zero\none\nt\0wo", 13);
    expect_refused(w, w->labels, TAM_INPUT, "else.classes.txt:3: a zero byte in the name of class 2");
    write_bytes(w->ctx, names, "zero\r\none\r\ntwo", 14);
    tam_dataset_config config = {.path = w->path, .labels = w->labels};
    test_ok(w->ctx, tam_dataset_open(w->ctx, &config, &dataset));
    assert_string_equal(tam_dataset_class_name(dataset, tam_dataset_label(dataset, 0)), "two");
    assert_string_equal(tam_dataset_class_name(dataset, 0), "zero");
    tam_dataset_free(dataset);
}

static void other_arrays_are_refused(void **state) {
    world *w = *state;
    static const struct {
        int dims;
        int64_t shape[5];
        tam_npy_type type;
        const char *sentence;
    } cases[] = {
        {1, {36}, TAM_NPY_U1, "1 dimensions of uint8: labels? Images have"},
        {2, {3, 3}, TAM_NPY_I4, "2 dimensions of int32: labels? Images have"},
        {5, {1, 1, 1, 1, 3}, TAM_NPY_U1, "5 dimensions: images have"},
        {3, {1, 3, 3}, TAM_NPY_F4, "values of type float32: pixels are bytes"},
        {4, {3, 3, 2, 2}, TAM_NPY_U1, "2 channels, as its last side says"},
        {3, {0, 3, 3}, TAM_NPY_U1, "no images in it"},
        {3, {3, 0, 3}, TAM_NPY_U1, "images of 3 x 0 pixels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_array(w, cases[i].dims, cases[i].shape, cases[i].type);
        expect_refused(w, NULL, TAM_INPUT, cases[i].sentence);
    }
    write_bytes(w->ctx, w->path, "no array", 8);
    expect_refused(w, NULL, TAM_INPUT, "a.npy: ");
}

static void vectors_come_as_they_are(void **state) {
    world *w = *state;
    enum { ROWS = 7, WIDTH = 5 };
    float values[ROWS * WIDTH], x[WIDTH];
    int64_t labels[ROWS];
    tam_dataset *dataset;
    tam_loader *loader;
    tam_batch batch;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        values[i] = (float)i * 0.37f - 3;
        labels[i / WIDTH] = i / WIDTH % 3;
    }
    test_ok(w->ctx, tam_npy_write(w->ctx, w->path, TAM_NPY_F4, 2, (int64_t[]){ROWS, WIDTH}, values));
    test_ok(w->ctx, tam_npy_write(w->ctx, w->labels, TAM_NPY_I8, 1, (int64_t[]){ROWS}, labels));
    tam_dataset_config config = {.path = w->path, .labels = w->labels};
    test_ok(w->ctx, tam_dataset_open(w->ctx, &config, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_true(info.vectors == 1 && info.channels == WIDTH && info.height == 1 && info.width == 1);
    assert_int_equal(info.classes, 3);
    test_ok(w->ctx, tam_dataset_read_vector(dataset, 4, x));
    assert_memory_equal(x, values + 4 * WIDTH, sizeof x);
    test_fails(w->ctx, tam_dataset_read(dataset, 0, (uint8_t *)x), TAM_CONFIG, "vectors of 5 numbers are not images");
    tam_loader_config rules = {.batch = 4, .augment = "flip"};
    test_fails(w->ctx, tam_loader_create(w->ctx, dataset, &rules, &loader), TAM_CONFIG, "'flip' is for images");
    rules.augment = NULL;
    test_ok(w->ctx, tam_loader_create(w->ctx, dataset, &rules, &loader));
    for (int first = 0; first < ROWS; first += batch.n) {
        test_ok(w->ctx, tam_loader_next(loader, &batch));
        assert_memory_equal(batch.images, values + first * WIDTH, (size_t)batch.n * WIDTH * sizeof *values);
        assert_int_equal(batch.labels[0], first % 3);
    }
    tam_loader_free(loader);
    tam_dataset_free(dataset);
    config.size = 5;
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_CONFIG, "neither a size nor channels");
}

static void a_vector_that_holds_no_number_is_left_out(void **state) {
    world *w = *state;
    float values[4 * 2] = {1, 2, 3, 4, 5, NAN, 7, 8};
    int64_t labels[4] = {0, 1, 0, 1};
    tam_dataset *dataset;
    tam_loader *loader;
    tam_batch batch;
    test_ok(w->ctx, tam_npy_write(w->ctx, w->path, TAM_NPY_F4, 2, (int64_t[]){4, 2}, values));
    test_ok(w->ctx, tam_npy_write(w->ctx, w->labels, TAM_NPY_I8, 1, (int64_t[]){4}, labels));
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->path, .labels = w->labels}, &dataset));
    tam_loader_config rules = {.batch = 4};
    test_ok(w->ctx, tam_loader_create(w->ctx, dataset, &rules, &loader));
    test_fails(w->ctx, tam_loader_next(loader, &batch), TAM_INPUT, "a.npy#2: NaN in column 1");
    tam_loader_free(loader);
    rules.skip_unreadable = 1;
    test_ok(w->ctx, tam_loader_create(w->ctx, dataset, &rules, &loader));
    test_ok(w->ctx, tam_loader_next(loader, &batch));
    assert_true(batch.unreadable == 1 && batch.labels[2] == -1 && batch.images[4] == 0 && batch.images[6] == 7);
    tam_loader_free(loader);
    tam_dataset_free(dataset);
}

static void a_folder_becomes_an_array_and_comes_back(void **state) {
    world *w = *state;
    char from[128], command[512];
    tam_dataset *dataset, *again;
    tam_pack_result result;
    snprintf(from, sizeof from, "%s/from", w->folder);
    write_classes(w->ctx, from, 3, 4);
    write_image(w->ctx, from, "\xff\n/x.png", 5, 5, 1, 3);
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = from}, &dataset));
    tam_pack_config config = {.out = w->path};
    test_ok(w->ctx, tam_pack(w->ctx, dataset, &config, &result));
    assert_int_equal(result.files, 3);
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = w->path}, &again));
    assert_int_equal(tam_dataset_describe(again).count, 13);
    for (int64_t i = 0; i < 13; i++) {
        uint8_t a[25], b[25];
        test_ok(w->ctx, tam_dataset_read(dataset, i, a));
        test_ok(w->ctx, tam_dataset_read(again, i, b));
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(tam_dataset_label(again, i), tam_dataset_label(dataset, i));
    }
    for (int64_t c = 0; c < 4; c++) {
        assert_string_equal(tam_dataset_class_name(again, c), tam_dataset_class_name(dataset, c));
    }
    tam_dataset_free(again);
    /* What lies beside would be taken for the new array's. */
    unlink(w->path);
    test_fails(w->ctx, tam_pack(w->ctx, dataset, &config, &result), TAM_CONFIG, "a.labels.npy: exists; nothing was");
    snprintf(command, sizeof command, "test ! -e %s && test -z \"$(find %s -name '*.tmp')\"", w->path, w->folder);
    assert_int_equal(system(command), 0);
    tam_dataset_free(dataset);
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    world *w = *state;
    static const int64_t shape[3] = {3, 4, 3};
    static const int32_t labels[3] = {0, 1, 1};
    char names[128];
    tam_status status = TAM_RESOURCES;
    int k = 0;
    write_array(w, 3, shape, TAM_NPY_U1);
    write_labels(w, TAM_NPY_I4, 3, labels);
    snprintf(names, sizeof names, "%s/a.classes.txt", w->folder);
    write_bytes(w->ctx, names, "x\ny\n", 4);
    for (; status != TAM_OK; k++) {
        int left = 1 + k;
        uint8_t image[12];
        tam_ctx *ctx = NULL;
        tam_dataset *dataset = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        tam_dataset_config data = {.path = w->path, .cache_bytes = -1};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_dataset_open(ctx, &data, &dataset);
        if (status == TAM_OK) {
            status = tam_dataset_read(dataset, 0, image);
        }
        assert_true(status == TAM_OK || (status == TAM_RESOURCES && *tam_ctx_message(ctx) != '\0'));
        tam_dataset_free(dataset);
        test_ctx_free(ctx);
        assert_true(k < 100);
    }
    assert_true(k > 15);
}

static int set_up(void **state) {
    world *w = calloc(1, sizeof *w);
    w->ctx = test_ctx(1);
    test_folder(w->folder);
    snprintf(w->path, sizeof w->path, "%s/a.npy", w->folder);
    snprintf(w->labels, sizeof w->labels, "%s/a.labels.npy", w->folder);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    test_folder_remove(w->folder);
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arrays_are_images, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels_may_lie_elsewhere_or_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_arrays_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vectors_come_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_vector_that_holds_no_number_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_becomes_an_array_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_a_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
