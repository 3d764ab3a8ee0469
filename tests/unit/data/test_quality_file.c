/* Files with the quality of images: arrays and texts. */
#include "data_support.h"

#include <math.h>

#include "io/npy.h"
#include "tammes/quality.h"

typedef struct place {
    tam_ctx *ctx;
    char folder[64], path[128];
} place;

static place make_place(void) {
    place p = {.ctx = test_ctx(1)};
    test_folder(p.folder);
    snprintf(p.path, sizeof p.path, "%s/quality", p.folder);
    return p;
}

static void remove_place(place *p) {
    test_folder_remove(p->folder);
    test_ctx_free(p->ctx);
}

static void texts_and_arrays_are_read(void **state) {
    static const char *const texts[] = {"1.5\n-2\n3e1\n", "a.png 1.5\r\n\nb c.png\t-2\nd 30",
                                        "\xEF\xBB\xBF"
                                        "1.5\n-2\n30\n"};
    static const float expected[3] = {1.5f, -2, 30};
    static const double wide[3] = {1.5, -2, 30};
    static const int64_t flat[] = {3}, column[] = {3, 1}, row[] = {1, 3};
    float quality[3];
    place p = make_place();
    (void)state;
    for (int i = 0; i < 3; i++) {
        write_bytes(p.ctx, p.path, texts[i], strlen(texts[i]));
        memset(quality, 0, sizeof quality);
        test_ok(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality));
        assert_memory_equal(quality, expected, sizeof expected);
    }
    test_ok(p.ctx, tam_npy_write(p.ctx, p.path, TAM_NPY_F4, 1, flat, expected));
    test_ok(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality));
    test_ok(p.ctx, tam_npy_write(p.ctx, p.path, TAM_NPY_F8, 2, column, wide));
    memset(quality, 0, sizeof quality);
    test_ok(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality));
    assert_memory_equal(quality, expected, sizeof expected);
    test_ok(p.ctx, tam_npy_write(p.ctx, p.path, TAM_NPY_F8, 2, row, wide));
    test_fails(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality), TAM_INPUT, "3 numbers for the quality of 3 images");
    remove_place(&p);
}

static void what_does_not_fit_is_refused(void **state) {
    static const struct {
        const char *words, *part;
    } wrong[] = {
        {"", "0 numbers for the quality of 3 images"},   {"1\n2\n", "2 numbers for the quality of 3 images"},
        {"1\n2\n3\n4\n", "more than 3 numbers"},         {"1\nx y\n3\n", "quality:2: no number at its end"},
        {"1\n2\n1e40\n", "image 2 is no finite number"}, {"1\n2\nnan\n", "quality:3"},
    };
    const float numbers[3] = {1, NAN, 3};
    static const int64_t shape[] = {3};
    float quality[3];
    place p = make_place();
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_bytes(p.ctx, p.path, wrong[i].words, strlen(wrong[i].words));
        test_fails(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality), TAM_INPUT, wrong[i].part);
    }
    test_ok(p.ctx, tam_npy_write(p.ctx, p.path, TAM_NPY_F4, 1, shape, numbers));
    test_fails(p.ctx, tam_quality_read(p.ctx, p.path, 3, quality), TAM_INPUT, "image 1 is no finite number");
    test_fails(p.ctx, tam_quality_read(p.ctx, p.path, 4, quality), TAM_INPUT, "3 numbers for the quality of 4 images");
    write_bytes(p.ctx, p.path, "\x93NUMPY\1", 7);
    assert_int_equal(tam_quality_read(p.ctx, p.path, 3, quality), TAM_INPUT);
    test_fails(p.ctx, tam_quality_read(p.ctx, p.folder, 3, quality), TAM_INPUT, p.folder);
    test_fails(p.ctx, tam_quality_read(p.ctx, "/nowhere/q", 3, quality), TAM_INPUT, "/nowhere/q");
    remove_place(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_arrays_are_read),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
