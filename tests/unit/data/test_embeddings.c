/* Embeddings of any tool: arrays of rows, with labels, class names and keys beside. */
#include "data_support.h"

#include <math.h>

#include "io/npy.h"
#include "tammes/embeddings.h"
#include "tammes/pack.h"
#include "tammes/pairs.h"

enum { ROWS = 6, DIM = 3 };

typedef struct world {
    tam_ctx *ctx;
    char folder[64], path[96];
} world;

/* Of a file in the folder; good for as many calls as there are places. */
static const char *file(const world *w, const char *name) {
    static char path[16][128];
    static int turn;
    turn = (turn + 1) % 16;
    snprintf(path[turn], sizeof path[turn], "%s/%s", w->folder, name);
    return path[turn];
}

static void write_array(world *w, const char *name, tam_npy_type type, int64_t rows, int64_t columns,
                        const void *values) {
    const int64_t shape[2] = {rows, columns};
    test_ok(w->ctx, tam_npy_write(w->ctx, file(w, name), type, columns > 0 ? 2 : 1, shape, values));
}

static void write_text(world *w, const char *name, const char *text) {
    write_bytes(w->ctx, file(w, name), text, strlen(text));
}

/* Row i is 10 i, 10 i + 1, 10 i + 2; labels 7 7 2 2 2 9. */
static void write_rows(world *w) {
    float x[ROWS * DIM];
    static const int64_t labels[ROWS] = {7, 7, 2, 2, 2, 9};
    for (int i = 0; i < ROWS * DIM; i++) {
        x[i] = (float)(i / DIM * 10 + i % DIM);
    }
    write_array(w, "E.npy", TAM_NPY_F4, ROWS, DIM, x);
    write_array(w, "E.labels.npy", TAM_NPY_I8, ROWS, 0, labels);
}

static int setup(void **state) {
    world *w = calloc(1, sizeof *w);
    w->ctx = test_ctx(1);
    test_folder(w->folder);
    snprintf(w->path, sizeof w->path, "%s/E.npy", w->folder);
    write_rows(w);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world *w = *state;
    test_folder_remove(w->folder);
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

static tam_embeddings *open_good(world *w, const tam_dataset_config *more) {
    tam_dataset_config config = more != NULL ? *more : (tam_dataset_config){0};
    tam_embeddings *e = NULL;
    config.path = w->path;
    test_ok(w->ctx, tam_embeddings_open(w->ctx, &config, &e));
    return e;
}

static void open_bad(world *w, const tam_dataset_config *more, tam_status status, const char *part) {
    tam_dataset_config config = more != NULL ? *more : (tam_dataset_config){0};
    tam_embeddings *e;
    config.path = w->path;
    test_fails(w->ctx, tam_embeddings_open(w->ctx, &config, &e), status, part);
    assert_null(e);
}

static void rows_come_with_their_labels(void **state) {
    world *w = *state;
    tam_embeddings *e = open_good(w, NULL);
    tam_embeddings_info info = tam_embeddings_describe(e);
    tam_dataset *set = tam_embeddings_dataset(e);
    float x[ROWS * DIM];
    static const int32_t labels[ROWS] = {1, 1, 0, 0, 0, 2};
    static const int64_t some[] = {4, 0, 1};
    char key[32];
    assert_int_equal(info.count, ROWS);
    assert_int_equal(info.dim, DIM);
    assert_int_equal(info.classes, 3);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(tam_dataset_label(set, i), labels[i]);
    }
    assert_string_equal(tam_dataset_class_name(set, 1), "7");
    tam_dataset_image_key(set, 3, key, sizeof key);
    assert_string_equal(key, "3");
    test_ok(w->ctx, tam_embeddings_read(e, 2, 3, x));
    assert_true(x[0] == 20 && x[8] == 42);
    test_ok(w->ctx, tam_embeddings_read_listed(e, 3, some, x));
    assert_true(x[0] == 40 && x[2] == 42 && x[3] == 0 && x[8] == 12);
    test_fails(w->ctx, tam_dataset_read(set, 0, (uint8_t *)x), TAM_CONFIG, "vectors of 3 numbers are not images");
    tam_embeddings_free(e);
}

static void choices_of_classes_leave_rows_out(void **state) {
    world *w = *state;
    const tam_dataset_config config = {.exclude_classes = "2"};
    tam_embeddings *e = open_good(w, &config);
    float x[3 * DIM];
    assert_int_equal(tam_embeddings_describe(e).count, 3);
    test_ok(w->ctx, tam_embeddings_read(e, 0, 3, x));
    assert_true(x[0] == 0 && x[DIM] == 10 && x[2 * DIM] == 50);
    tam_embeddings_free(e);
}

static void names_and_keys_may_hold_any_bytes(void **state) {
    world *w = *state;
    const tam_dataset_config text = {.labels = file(w, "words.txt")};
    char key[64];
    write_text(w, "E.classes.txt", "0\n1\nb\xE9\\ne\n3\n4\n5\n6\n\\xC3seven\n8\nnine\n");
    write_text(w, "E.paths.txt", "a/1.png\r\nb\\n/\xE9.png\nc\nd\ne\n\\x20f");
    tam_embeddings *e = open_good(w, NULL);
    tam_dataset *set = tam_embeddings_dataset(e);
    assert_string_equal(tam_dataset_class_name(set, 0), "b\xE9\ne");
    assert_string_equal(tam_dataset_class_name(set, 1), "\xC3seven");
    tam_dataset_image_key(set, 0, key, sizeof key);
    assert_string_equal(key, "a/1.png");
    tam_dataset_image_key(set, 1, key, sizeof key);
    assert_string_equal(key, "b\n/\xE9.png");
    tam_dataset_image_key(set, 5, key, sizeof key);
    assert_string_equal(key, " f");
    tam_embeddings_free(e);
    write_text(w, "words.txt", "ant\nant\nbee\nbee\nbee\nant 2\n");
    e = open_good(w, &text);
    set = tam_embeddings_dataset(e);
    assert_int_equal(tam_embeddings_describe(e).classes, 3);
    assert_string_equal(tam_dataset_class_name(set, 1), "ant 2");
    assert_int_equal(tam_dataset_label(set, 4), 2);
    tam_embeddings_free(e);
}

static void floats_of_every_size_are_read(void **state) {
    world *w = *state;
    static const uint16_t halves[ROWS] = {0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0};
    static const double doubles[ROWS] = {0.1, -2, 1e-300, 3, 1e300, 5};
    float x[ROWS];
    write_array(w, "E.npy", TAM_NPY_F2, ROWS, 1, halves);
    tam_embeddings *e = open_good(w, NULL);
    test_ok(w->ctx, tam_embeddings_read(e, 0, ROWS, x));
    assert_true(x[0] == 1 && x[1] == -2 && x[3] == ldexpf(1, -24) && x[4] == 65504);
    tam_embeddings_free(e);
    write_array(w, "E.npy", TAM_NPY_F8, ROWS, 1, doubles);
    e = open_good(w, NULL);
    test_ok(w->ctx, tam_embeddings_read(e, 0, 4, x));
    assert_true(x[0] == 0.1f && x[2] == 0);
    test_fails(w->ctx, tam_embeddings_read(e, 0, ROWS, x), TAM_INPUT, "row 4 ('4') holds a number beyond f32");
    tam_embeddings_free(e);
}

static void what_is_no_number_is_named_by_row_and_key(void **state) {
    world *w = *state;
    float x[ROWS * DIM] = {0};
    static const int64_t last[] = {5, 3};
    const tam_dataset_config config = {.exclude_classes = "7"};
    x[3 * DIM + 1] = NAN;
    write_array(w, "E.npy", TAM_NPY_F4, ROWS, DIM, x);
    write_text(w, "E.paths.txt", "a\nb\nc\nd/1.png\ne\nf\n");
    tam_embeddings *e = open_good(w, NULL);
    test_fails(w->ctx, tam_embeddings_read(e, 0, ROWS, x), TAM_INPUT, "row 3 ('d/1.png') holds NaN in column 1");
    test_fails(w->ctx, tam_embeddings_read_listed(e, 2, last, x), TAM_INPUT, "row 3 ('d/1.png')");
    tam_embeddings_free(e);
    e = open_good(w, &config);
    test_fails(w->ctx, tam_embeddings_read(e, 0, 4, x), TAM_INPUT, "row 3 ('d/1.png')");
    tam_embeddings_free(e);
}

static void what_does_not_fit_is_refused(void **state) {
    world *w = *state;
    static const int64_t labels[ROWS] = {0, 0, 1, -1, 1, 1};
    static const float x[ROWS * DIM] = {0};
    const tam_dataset_config text = {.labels = file(w, "words.txt")}, split = {.split = "test"};
    write_text(w, "words.txt", "a\na\nb\nb\n");
    open_bad(w, &text, TAM_INPUT, "4 lines for the 6 rows");
    write_text(w, "words.txt", "a\na\n\nb\nb\nb\n");
    open_bad(w, &text, TAM_INPUT, "words.txt:3: an empty line");
    write_text(w, "words.txt", "a\na\nb\nb\nb\nb\nb\n");
    open_bad(w, &text, TAM_INPUT, "7 lines for the 6 rows");
    open_bad(w, &split, TAM_CONFIG, "no split 'test'");
    write_text(w, "E.paths.txt", "a\nb\n");
    open_bad(w, NULL, TAM_INPUT, "E.paths.txt: 2 lines for the 6 rows");
    write_array(w, "E.labels.npy", TAM_NPY_I8, ROWS, 0, labels);
    open_bad(w, NULL, TAM_INPUT, "E.labels.npy#3: the label -1");
    write_array(w, "E.labels.npy", TAM_NPY_I8, ROWS - 1, 0, labels);
    open_bad(w, NULL, TAM_INPUT, "5 labels in 1 dimensions for the 6 rows");
    write_array(w, "E.labels.npy", TAM_NPY_F4, ROWS, 0, (const float[ROWS]){0, 1, 0.5f, 1, 1, 1});
    open_bad(w, NULL, TAM_INPUT, "value 2, 0.5, is no whole number");
    write_array(w, "E.npy", TAM_NPY_F4, ROWS, 0, x);
    open_bad(w, NULL, TAM_INPUT, "1 dimension of float32");
    write_array(w, "E.npy", TAM_NPY_I8, ROWS, 1, labels);
    open_bad(w, NULL, TAM_INPUT, "values of type int64");
    write_array(w, "E.npy", TAM_NPY_F4, 0, DIM, x);
    open_bad(w, NULL, TAM_INPUT, "0 rows of 3 values");
    assert_int_equal(unlink(file(w, "E.labels.npy")), 0);
    write_array(w, "E.npy", TAM_NPY_F4, ROWS, DIM, x);
    open_bad(w, NULL, TAM_INPUT, "embeddings without labels");
}

static void every_truncation_is_refused(void **state) {
    world *w = *state;
    uint8_t *data;
    size_t size;
    int inside;
    tam_embeddings *e;
    const tam_dataset_config config = {.path = w->path};
    test_ok(w->ctx, tam_embeddings_inside(w->ctx, w->path, &inside));
    assert_int_equal(inside, 1);
    test_ok(w->ctx, tam_file_read(w->ctx, w->path, 0, &data, &size));
    for (size_t left = 0; left < size; left++) {
        write_bytes(w->ctx, w->path, data, left);
        test_fails(w->ctx, tam_embeddings_open(w->ctx, &config, &e), TAM_INPUT, "E.npy");
    }
    tam_release(w->ctx, data);
    test_fails(w->ctx, tam_embeddings_inside(w->ctx, w->path, &inside), TAM_INPUT, "E.npy");
}

static void arrays_of_images_and_other_files_are_none(void **state) {
    world *w = *state;
    const int64_t shape[3] = {2, 2, 2};
    int inside = 1;
    test_ok(w->ctx, tam_npy_write(w->ctx, w->path, TAM_NPY_U1, 3, shape, "abcdefgh"));
    test_ok(w->ctx, tam_embeddings_inside(w->ctx, w->path, &inside));
    assert_int_equal(inside, 0);
    test_ok(w->ctx, tam_embeddings_inside(w->ctx, w->folder, &inside));
    assert_int_equal(inside, 0);
    test_ok(w->ctx, tam_embeddings_inside(w->ctx, "nowhere", &inside));
    assert_int_equal(inside, 0);
}

static void lists_of_pairs_find_rows_by_their_keys(void **state) {
    world *w = *state;
    const tam_dataset_config config = {.unlabelled = 1};
    tam_pairs *pairs;
    write_text(w, "E.paths.txt", "Ann/Ann_0001.jpg\nAnn/Ann_0002.jpg\nBo/Bo_0001.jpg\nBo/Bo_0002.jpg\nc\nd\n");
    write_text(w, "pairs.txt", "1 1\nAnn 1 2\nBo 2 Ann 1\n");
    tam_embeddings *e = open_good(w, &config);
    test_ok(w->ctx, tam_pairs_open(w->ctx, file(w, "pairs.txt"), tam_embeddings_dataset(e), &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_int_equal(info.count, 2);
    assert_int_equal(info.image[info.rows[0]], 0);
    assert_int_equal(info.image[info.rows[1]], 1);
    assert_int_equal(info.image[info.rows[2]], 3);
    assert_int_equal(info.image[info.rows[3]], 0);
    tam_pairs_free(pairs);
    tam_embeddings_free(e);
}

/* A verification set of three pairs beside as many rows as it has images, and beside others. */
static void rows_may_be_those_of_a_verification_set(void **state) {
    world *w = *state;
    const tam_dataset_config images = {.path = file(w, "images"), .any_size = 1}, config = {.unlabelled = 1};
    const tam_pack_config pack = {.out = file(w, "set.bin")};
    tam_pack_result result;
    tam_dataset *set;
    tam_pairs *pairs;
    write_classes(w->ctx, images.path, 2, 2);
    write_text(w, "pairs.csv", "c0/00.png,c0/01.png,1\nc1/00.png,c0/00.png,0\nc1/00.png,c1/01.png,1\n");
    test_ok(w->ctx, tam_dataset_open(w->ctx, &images, &set));
    test_ok(w->ctx, tam_pairs_open(w->ctx, file(w, "pairs.csv"), set, &pairs));
    test_ok(w->ctx, tam_pack_pairs(w->ctx, set, pairs, &pack, &result));
    tam_pairs_free(pairs);
    tam_dataset_free(set);

    tam_embeddings *e = open_good(w, &config);
    test_ok(w->ctx, tam_pairs_open(w->ctx, pack.out, tam_embeddings_dataset(e), &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_int_equal(info.count, 3);
    assert_int_equal(info.folds, 10);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(info.image[info.rows[i]], i);
    }
    assert_memory_equal(info.same, ((const uint8_t[]){1, 0, 1}), 3);
    tam_pairs_free(pairs);
    test_fails(w->ctx, tam_pairs_open(w->ctx, NULL, tam_embeddings_dataset(e), &pairs), TAM_CONFIG,
               "no pairs of its own");
    tam_embeddings_free(e);

    write_array(w, "E.npy", TAM_NPY_F4, 4, 1, (const float[]){1, 2, 3, 4});
    assert_int_equal(unlink(file(w, "E.labels.npy")), 0);
    e = open_good(w, &config);
    test_fails(w->ctx, tam_pairs_open(w->ctx, pack.out, tam_embeddings_dataset(e), &pairs), TAM_INPUT,
               "6 images, there are 4 rows");
    tam_embeddings_free(e);
}

static tam_status use_all(tam_ctx *ctx, const world *w) {
    const tam_dataset_config config = {.path = w->path};
    tam_embeddings *e;
    float x[ROWS * DIM];
    TAM_TRY(tam_embeddings_open(ctx, &config, &e));
    tam_status status = tam_embeddings_read(e, 0, ROWS, x);
    tam_embeddings_free(e);
    return status;
}

static void memory_may_run_out_anywhere(void **state) {
    world *w = *state;
    int left, failures = 0;
    write_text(w, "E.paths.txt", "a\nb\nc\nd\ne\nf\n");
    write_text(w, "E.classes.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    for (int k = 0;; k++) {
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        tam_ctx *ctx;
        left = 1 << 20;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        tam_status status = use_all(ctx, w);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
    }
    assert_true(failures > 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_with_their_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(choices_of_classes_leave_rows_out, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_keys_may_hold_any_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(floats_of_every_size_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_number_is_named_by_row_and_key, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_truncation_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(arrays_of_images_and_other_files_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_of_pairs_find_rows_by_their_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_may_be_those_of_a_verification_set, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
