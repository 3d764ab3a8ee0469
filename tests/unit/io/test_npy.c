/* Arrays by numpy (tests/oracle/npy_oracle.py), and headers that numpy does not write. */
#include <math.h>

#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/npy.h"

static void golden(const char *name, char path[512]) {
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, 512, "%s/tests/golden/npy/%s.npy", source != NULL ? source : ".", name);
}

static void every_type_is_read(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *file, *type;
        double factor;
    } cases[] = {
        {"u1", "uint8", 1},      {"u2", "uint16", 1},      {"u4", "uint32", 1},      {"u8", "uint64", 1},
        {"i1", "int8", -1},      {"i2", "int16", -1},      {"i4", "int32", -1},      {"i8", "int64", -1},
        {"f2", "float16", 0.5},  {"f4", "float32", 0.5},   {"f8", "float64", 0.5},   {"big_f4", "float32", 0.5},
        {"big_i8", "int64", -1}, {"version2", "int32", 1}, {"version3", "int32", 1},
    };
    static const double values[6] = {0, 1, 2, 100, 3, 127};
    char path[512];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        tam_npy npy;
        float reals[6];
        int64_t wholes[6];
        golden(cases[k].file, path);
        test_ok(ctx, tam_npy_open(ctx, path, &npy));
        assert_string_equal(tam_npy_type_name(npy.type), cases[k].type);
        assert_int_equal(npy.dims, 2);
        assert_int_equal(npy.rows, 2);
        assert_int_equal(npy.row, 3);
        assert_int_equal(npy.count, 6);
        test_ok(ctx, tam_npy_read_f32(&npy, 0, 6, reals));
        for (int i = 0; i < 6; i++) {
            assert_true(reals[i] == (float)(values[i] * cases[k].factor));
        }
        test_ok(ctx, tam_npy_read_f32(&npy, 4, 2, reals)); /* from the middle */
        assert_true(reals[1] == (float)(127 * cases[k].factor));
        test_ok(ctx, tam_npy_read_i64(&npy, 3, 1, wholes));
        assert_int_equal(wholes[0], (int64_t)(100 * cases[k].factor));
        if (cases[k].factor == 0.5) {
            test_fails(ctx, tam_npy_read_i64(&npy, 0, 6, wholes), TAM_INPUT, "value 1, 0.5, is no whole number");
        } else {
            test_ok(ctx, tam_npy_read_i64(&npy, 0, 6, wholes));
            assert_int_equal(wholes[5], (int64_t)(127 * cases[k].factor));
        }
        tam_npy_close(&npy);
    }
}

static void truth_values_and_halves_are_numbers(void **state) {
    tam_ctx *ctx = *state;
    static const float halves[10] = {0.0f,     -0.0f,           1.0f,     -2.0f,    65504.0f, 0x1p-24f,
                                     0x1p-14f, 0.333251953125f, INFINITY, -INFINITY};
    char path[512];
    float values[11];
    tam_npy npy;
    golden("b1", path);
    test_ok(ctx, tam_npy_open(ctx, path, &npy));
    test_ok(ctx, tam_npy_read_f32(&npy, 0, 6, values));
    assert_true(values[0] == 0 && values[1] == 1 && values[3] == 1 && values[5] == 0);
    tam_npy_close(&npy);
    golden("halves", path);
    test_ok(ctx, tam_npy_open(ctx, path, &npy));
    test_ok(ctx, tam_npy_read_f32(&npy, 0, 11, values));
    assert_memory_equal(values, halves, sizeof halves);
    assert_true(isnan(values[10]));
    int64_t whole;
    test_fails(ctx, tam_npy_read_i64(&npy, 8, 1, &whole), TAM_INPUT, "value 8, inf, is no whole number");
    test_fails(ctx, tam_npy_read_i64(&npy, 10, 1, &whole), TAM_INPUT, "value 10, ");
    tam_npy_close(&npy);
}

static void any_shape_is_told(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *file;
        int dims;
        int64_t rows, row, count;
    } cases[] = {{"scalar", 0, 1, 1, 1}, {"one_side", 1, 3, 1, 3}, {"empty", 2, 0, 4, 0}};
    char path[512];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        tam_npy npy;
        golden(cases[k].file, path);
        test_ok(ctx, tam_npy_open(ctx, path, &npy));
        assert_int_equal(npy.dims, cases[k].dims);
        assert_int_equal(npy.rows, cases[k].rows);
        assert_int_equal(npy.row, cases[k].row);
        assert_int_equal(npy.count, cases[k].count);
        tam_npy_close(&npy);
    }
}

static void other_arrays_are_refused_by_name(void **state) {
    tam_ctx *ctx = *state;
    static const char *const cases[][2] = {
        {"fortran", "an array in Fortran's order"},     {"objects", "an array of Python objects"},
        {"structures", "an array of structures"},       {"complex", "values of type '<c8' are not read"},
        {"texts", "values of type '<U1' are not read"}, {"dates", "values of type '<M8[s]' are not read"},
    };
    char path[512];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        tam_npy npy;
        golden(cases[k][0], path);
        test_fails(ctx, tam_npy_open(ctx, path, &npy), TAM_INPUT, cases[k][1]);
        tam_npy_close(&npy);
    }
}

/* An array in memory with that header and `values` bytes behind it. */
static tam_status view(tam_ctx *ctx, const char *text, size_t values, tam_npy *npy) {
    size_t length = strlen(text), size = 10 + length + values;
    uint8_t *data = calloc(1, size);
    memcpy(data, "\x93NUMPY\x01\x00", 8);
    data[8] = (uint8_t)length;
    data[9] = (uint8_t)(length >> 8);
    memcpy(data + 10, text, length);
    tam_status status = tam_npy_view(ctx, "x", data, size, npy);
    npy->data = NULL;
    free(data);
    return status;
}

static void headers_in_any_spelling_are_read(void **state) {
    tam_ctx *ctx = *state;
    static const char *const texts[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
        "{'shape': (2L, 3L), 'fortran_order': False, 'descr': '<f4'}",
        "{\"descr\":\"=f4\",\"shape\":(2,3,),\"fortran_order\":False}\n",
        " {\n'descr' : '|f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 ) } ",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tam_npy npy;
        test_ok(ctx, view(ctx, texts[i], 24, &npy));
        assert_int_equal(npy.type, TAM_NPY_F4);
        assert_int_equal(npy.shape[1], 3);
        tam_npy_close(&npy);
    }
}

static void wrong_headers_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *text;
        size_t values;
        const char *sentence;
    } cases[] = {
        {"", 0, "too few for an .npy"},
        {"xx", 0, "its header, at byte 10: no dictionary"},
        {"__import__('os').system('true')", 0, "its header, at byte 10: no dictionary"},
        {"{'descr': __import__('os')}", 0, "its header, at byte 20: a text in quotes is expected"},
        {"{'descr': '<f4', 'fortran_order': False}", 0, "descr, fortran_order or shape is missing"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, "not the dictionary of"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4, "not the dictionary of"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 4, "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", 4, "something stands behind"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", 12, "a shape in parentheses is expected"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", 12, "a side of the shape is no number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", 4, "a side of the shape is no number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}", 48, "a shape that does not end"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4, "more than 8 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4, "a side of the shape is too"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 4, "counts more than 2^63 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,4294967296,4294967296)}", 0, "more than 2^63 values"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 11, "cut short: its header counts 12 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 13, "too long: its header counts 12 bytes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 0, "more than 2^63 bytes"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", 9, "values of type '' are not read"},
        {"{'descr': '0123456789012345678901234567890123456789012345678901234567890123'", 9, "or is too long"},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (3,)}", 9, "values of type '<f3' are not read"},
        {"{'descr': 'f4', 'fortran_order': False, 'shape': (3,)}", 12, "values of type 'f4' are not read"},
        {"{'descr': '<f4\\'', 'fortran_order': False, 'shape': (3,)}", 12, "a text that does not end or is too long"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (3,)}", 12, "a dictionary that does not end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_npy npy;
        test_fails(ctx, view(ctx, cases[i].text, cases[i].values, &npy), TAM_INPUT, cases[i].sentence);
        tam_npy_close(&npy);
    }
    static const uint8_t start[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0, 0, 0};
    const struct {
        size_t at;
        uint8_t value;
        const char *sentence;
    } bytes[] = {{0, 0, "not an .npy"},
                 {6, 4, "version 4.0 of .npy"},
                 {6, 0, "version 0.0"},
                 {7, 1, "version 1.1"},
                 {8, 3, "cut short: a header of 3 bytes"}};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        uint8_t bad[12];
        tam_npy npy;
        memcpy(bad, start, sizeof bad);
        bad[bytes[i].at] = bytes[i].value;
        test_fails(ctx, tam_npy_view(ctx, "x", bad, sizeof bad, &npy), TAM_INPUT, bytes[i].sentence);
        tam_npy_close(&npy);
    }
}

/* Numbers next to the largest that an int64 holds. */
static void numbers_beyond_int64_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static const char *const forms[3] = {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}",
                                         "{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}",
                                         "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"};
    const struct {
        int form;
        double real;
        uint64_t whole;
        int64_t value; /* 0: refused */
    } cases[] = {
        {0, 0x1p63, 0, 0},     {0, -0x1p63, 0, INT64_MIN},   {0, -0x1.0000000000001p63, 0, 0},
        {0, NAN, 0, 0},        {0, INFINITY, 0, 0},          {1, 0, (uint64_t)1 << 63, 0},
        {1, 0, UINT64_MAX, 0}, {1, 0, INT64_MAX, INT64_MAX}, {0, 0x1.fffffffffffffp62, 0, 0x7ffffffffffffc00},
        {2, 0x1p63, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t file[128] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
        size_t length = strlen(forms[cases[i].form]);
        float single = (float)cases[i].real;
        tam_npy npy;
        int64_t value;
        file[8] = (uint8_t)length;
        memcpy(file + 10, forms[cases[i].form], length);
        memcpy(file + 10 + length,
               cases[i].form == 0   ? (const void *)&cases[i].real
               : cases[i].form == 1 ? (const void *)&cases[i].whole
                                    : (const void *)&single,
               cases[i].form == 2 ? 4 : 8);
        test_ok(ctx, tam_npy_view(ctx, "x", file, 10 + length + (cases[i].form == 2 ? 4 : 8), &npy));
        if (cases[i].value == 0) {
            test_fails(ctx, tam_npy_read_i64(&npy, 0, 1, &value), TAM_INPUT, "x: value 0, ");
        } else {
            test_ok(ctx, tam_npy_read_i64(&npy, 0, 1, &value));
            assert_true(value == cases[i].value);
        }
        tam_npy_close(&npy);
    }
}

/* An honest header has no 64 KiB, so none is allocated. */
static void long_headers_are_refused(void **state) {
    tam_ctx *ctx = *state;
    enum { LENGTH = 65537 };
    static uint8_t file[12 + LENGTH] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0, 1, 0};
    tam_npy npy;
    memset(file + 12, ' ', LENGTH);
    memcpy(file + 12, "{'descr': '|u1', 'fortran_order': False, 'shape': (0,)}", 55);
    test_fails(ctx, tam_npy_view(ctx, "x", file, sizeof file, &npy), TAM_INPUT,
               "x: not an array of numbers: a header of 65537 bytes");
    tam_npy_close(&npy);
    file[8] = 0;
    test_ok(ctx, tam_npy_view(ctx, "x", file, sizeof file - 1, &npy));
    tam_npy_close(&npy);
}

static void an_array_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    static const char *const names[] = {"f4", "version2"};
    for (int k = 0; k < 2; k++) {
        char path[512];
        uint8_t *data;
        size_t size;
        golden(names[k], path);
        test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
        for (size_t cut = 0; cut < size; cut++) {
            tam_npy npy;
            uint8_t *copy = malloc(cut > 0 ? cut : 1);
            memcpy(copy, data, cut);
            test_fails(ctx, tam_npy_view(ctx, "cut", copy, cut, &npy), TAM_INPUT, "cut: ");
            tam_npy_close(&npy);
            free(copy);
        }
        tam_release(ctx, data);
    }
}

/* What is written is what numpy writes, byte for byte. */
static void arrays_are_written_as_numpy_does(void **state) {
    tam_ctx *ctx = *state;
    static const float f4[6] = {0, 0.5f, 1, 50, 1.5f, 63.5f};
    static const int64_t i8[6] = {0, -1, -2, -100, -3, -127}, seven = 7;
    static const uint8_t u1[6] = {0, 1, 2, 100, 3, 127};
    static const float side[3] = {0, 1, 2};
    const int64_t shape[2] = {2, 3}, three = 3, empty[2] = {0, 4};
    const struct {
        const char *file;
        tam_npy_type type;
        int dims;
        const int64_t *shape;
        const void *values;
    } cases[] = {{"f4", TAM_NPY_F4, 2, shape, f4},          {"i8", TAM_NPY_I8, 2, shape, i8},
                 {"u1", TAM_NPY_U1, 2, shape, u1},          {"scalar", TAM_NPY_I8, 0, NULL, &seven},
                 {"one_side", TAM_NPY_F4, 1, &three, side}, {"empty", TAM_NPY_F4, 2, empty, f4}};
    char folder[64], path[512], ours[96], command[1200];
    test_folder(folder);
    snprintf(ours, sizeof ours, "%s/a.npy", folder);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        golden(cases[k].file, path);
        test_ok(ctx, tam_npy_write(ctx, ours, cases[k].type, cases[k].dims, cases[k].shape, cases[k].values));
        snprintf(command, sizeof command, "cmp '%s' '%s'", ours, path);
        assert_int_equal(system(command), 0);
    }
    uint8_t header[TAM_NPY_HEADER];
    const int64_t large[4] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    assert_false(tam_npy_header(TAM_NPY_F4, 4, large, header));
    assert_true(tam_npy_header(TAM_NPY_F4, 2, large, header));
    test_folder_remove(folder);
}

/* More values than are converted at a time. */
static void long_arrays_are_read(void **state) {
    tam_ctx *ctx = *state;
    enum { COUNT = 10000 };
    const int64_t count = COUNT;
    char folder[64], path[96];
    uint16_t *values = malloc(COUNT * sizeof *values);
    float *reals = malloc(COUNT * sizeof *reals);
    int64_t *wholes = malloc(COUNT * sizeof *wholes);
    tam_npy npy;
    for (int i = 0; i < COUNT; i++) {
        values[i] = (uint16_t)(i * 7);
    }
    test_folder(folder);
    snprintf(path, sizeof path, "%s/a.npy", folder);
    test_ok(ctx, tam_npy_write(ctx, path, TAM_NPY_U2, 1, &count, values));
    test_ok(ctx, tam_npy_open(ctx, path, &npy));
    test_ok(ctx, tam_npy_read_f32(&npy, 0, COUNT, reals));
    test_ok(ctx, tam_npy_read_i64(&npy, 0, COUNT, wholes));
    for (int i = 0; i < COUNT; i++) {
        assert_true(reals[i] == (float)values[i] && wholes[i] == values[i]);
    }
    /* A file that shrinks after it was opened is an error, not a signal. */
    assert_int_equal(truncate(path, 1000), 0);
    test_fails(ctx, tam_npy_read_f32(&npy, 0, COUNT, reals), TAM_INPUT, "a.npy: ended at byte 1000");
    tam_npy_close(&npy);
    free(values);
    free(reals);
    free(wholes);
    test_folder_remove(folder);
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    (void)state;
    char path[512];
    golden("f4", path);
    for (int k = 0; k < 2; k++) {
        int left = 1 + k;
        tam_ctx *ctx = NULL;
        tam_npy npy;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        assert_int_equal(tam_npy_open(ctx, path, &npy), k == 0 ? TAM_RESOURCES : TAM_OK);
        tam_npy_close(&npy);
        test_ctx_free(ctx);
    }
}

static int set_up(void **state) {
    *state = test_ctx(1);
    return 0;
}

static int tear_down(void **state) {
    test_ctx_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(truth_values_and_halves_are_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_shape_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_arrays_are_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_in_any_spelling_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_beyond_int64_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_array_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrays_are_written_as_numpy_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_arrays_are_read, set_up, tear_down),
        cmocka_unit_test(memory_that_runs_out_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
