#include "support.h"

#include <locale.h>
#include <math.h>

#include "base/memory.h"
#include "io/landmarks.h"

/* Parses a copy that ends exactly where the text does. */
static tam_status parse(tam_ctx *ctx, const char *words, size_t size, char **text, tam_landmarks *list) {
    *text = malloc(size + 1);
    assert_non_null(*text);
    memcpy(*text, words, size);
    (*text)[size] = '7';
    return tam_landmarks_parse(ctx, "l.csv", *text, size, list);
}

static void expect_row(const tam_landmark *row, const char *name, int64_t line, const float point[10]) {
    assert_string_equal(row->name, name);
    assert_int_equal(row->line, line);
    for (int i = 0; i < 10; i++) {
        assert_true(row->point[i] == point[i]);
    }
}

static const float first[10] = {38.2946f, 51.6963f, 73.5318f, 51.5014f, 56.0252f,
                                71.7366f, 41.5493f, 92.3655f, 70.7299f, 92.2041f};
static const float count[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
#define FIRST_CSV "38.2946,51.6963,73.5318,51.5014,56.0252,71.7366,41.5493,92.3655,70.7299,92.2041"

static void every_form_is_read(void **state) {
    (void)state;
    static const struct {
        const char *words, *name;
        int64_t rows, without, line;
        const float *last;
    } cases[] = {
        {"path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\r\n\r\na/1.jpg," FIRST_CSV "\r\n", "a/1.jpg", 1, 0, 3, first},
        {"a/0.jpg," FIRST_CSV "\n./a b/1.jpg, 1,2 ,3,4,5,6,7,8,9,1e1,label,7", "a b/1.jpg", 2, 0, 2, count},
        {"\"a,\"b/1.jpg\",1,2,3,4,5,6,7,8,9,10\n", "a,\"b/1.jpg", 0, 0, 0, NULL}, /* a quote within a quoted path */
        {"\"a,b/1.jpg\",1,2,3,4,5,6,7,8,9,10\n", "a,b/1.jpg", 1, 0, 1, count},
        {"a\\tb\\x20\\n,1,2,3,4,5,6,7,8,9,10\n", "a\tb \n", 1, 0, 1, count},
        {"\xEF\xBB\xBFz,1,2,3,4,5,6,7,8,9,10\n", "z", 1, 0, 1, count},
        {"17,1,2,3,4,5,6,7,8,9,10\n", "17", 1, 0, 1, count},
        {"1,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "1", 1, 0, 1, count},
        {"1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n", "1.jpg", 1, 0, 1, count},
        {"x,y.jpg\t1  2 3 4 5 6 7 8 9 10\n", "x,y.jpg", 1, 0, 1, count},
        {"2\nlx ly rx ry nx ny lmx lmy rmx rmy\n1.jpg  1  2 3 4 5 6 7 8 9 +10.0\n", "1.jpg", 1, 0, 3, count},
        {"1\ta/1.jpg\t0\n0\ta b/2.jpg\t5\t0\t0\t9\t9\t1\t3\t5\t7\t9\t2\t4\t6\t8\t10\n", "a b/2.jpg", 1, 1, 2, count},
        {"0\ta/2.jpg\t5\t0 0 9 9 1 3 5 7 9 2 4 6 8 10\n0\tb\t6\t1\t2\t3\t4\n", "a/2.jpg", 1, 1, 1, count},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_landmarks list;
        char *text;
        tam_status status = parse(ctx, cases[i].words, strlen(cases[i].words), &text, &list);
        if (cases[i].last == NULL) {
            assert_int_equal(status, TAM_INPUT);
        } else {
            test_ok(ctx, status);
            assert_int_equal(list.count, cases[i].rows);
            assert_int_equal(list.without, cases[i].without);
            expect_row(&list.rows[list.count - 1], cases[i].name, cases[i].line, cases[i].last);
        }
        assert_true(tam_landmarks_recognise(cases[i].words, strlen(cases[i].words)) == (i != 2 && i != 11));
        tam_landmarks_free(ctx, &list);
        free(text);
    }
    test_ctx_free(ctx);
}

static void what_is_no_number_is_known(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_landmarks list;
    char *text;
    const char *words = "a,nan,,3,NaN,-inf,6,7,8,9,10\nb 1\n";
    test_fails(ctx, parse(ctx, words, strlen(words), &text, &list), TAM_INPUT, "l.csv:2: neither");
    free(text);
    test_ok(ctx, parse(ctx, words, strlen(words) - 5, &text, &list));
    for (int i = 0; i < 10; i++) {
        bool odd = i < 2 || i == 3 || i == 4;
        assert_true(odd ? isnan(list.rows[0].point[i]) : list.rows[0].point[i] == (float)(i + 1));
    }
    assert_true(isnan(list.rows[0].score));
    tam_landmarks_free(ctx, &list);
    free(text);
    words = "1.jpg 1 2 3 4 5 6 7 8 9 10 0.25";
    test_ok(ctx, parse(ctx, words, strlen(words), &text, &list));
    assert_true(list.rows[0].score == 0.25f);
    tam_landmarks_free(ctx, &list);
    free(text);
    test_ctx_free(ctx);
}

static void wrong_lists_name_the_line(void **state) {
    (void)state;
    static const struct {
        const char *words, *part;
    } wrong[] = {
        {"", "l.csv: no landmarks in it"},
        {"\n\n", "no landmarks in it"},
        {"path,x1\n", "no landmarks in it"},
        {"a\nb\nc\n", "l.csv:3: neither"},
        {"a,1,2,3,4,5,6,7,8,9,10\nb,1,2,3,4,5,6,7,8,9\n", "l.csv:2: neither"},
        {"a,1,2,3,4,5,6,7,8,9,10\n\nb,1,2,3,4,5,6,7,8,9,1x\n", "l.csv:3: neither"},
        {"a,1,2,3,4,5,6,7,8,9,10\n,1,2,3,4,5,6,7,8,9,10\n", "l.csv:2: neither"},
        {"a,1,2,3,4,5,6,7,8,9,10\nb,1;5,2,3,4,5,6,7,8,9,10\n", "l.csv:2: neither"},
        {"0\ta\t1\t0\t0\t9\t9\t1\t3\t5\t7\t9\t2\t4\t6\t8\n", "no landmarks in it"},
        {"0\ta\t1\n", "no landmarks in it"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        tam_landmarks list;
        char *text;
        test_fails(ctx, parse(ctx, wrong[i].words, strlen(wrong[i].words), &text, &list), TAM_INPUT, wrong[i].part);
        assert_null(list.rows);
        free(text);
    }
    test_ctx_free(ctx);
}

/* Lines before the cut are as in the whole; the cut line is read, refused or no line at all. */
static void a_list_cut_anywhere(void **state) {
    (void)state;
    static const char *const words[] = {
        "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\na/1.jpg," FIRST_CSV "\r\n\"b,\",1,2,3,4,5,6,7,8,9,10\n",
        "1\ta/1.jpg\t0\n0\ta b/2.jpg\t5\t0\t0\t9\t9\t1\t3\t5\t7\t9\t2\t4\t6\t8\t10\n",
        "1.jpg 46.060 62.026 87.785 60.323 68.851 89.190 51.532 104.927 84.321 104.154 0.999\n2 1 2 3 4 5 6 7 8 9 10\n",
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        int whole = 0;
        for (size_t size = 0; size <= strlen(words[k]); size++) {
            tam_landmarks list;
            char *text;
            tam_status status = parse(ctx, words[k], size, &text, &list);
            assert_true(status == TAM_OK || status == TAM_INPUT);
            whole += status == TAM_OK;
            tam_landmarks_free(ctx, &list);
            free(text);
        }
        assert_true(whole >= 1);
    }
    test_ctx_free(ctx);
}

static void a_file_is_read_in_any_locale(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_landmarks list;
    char folder[64], path[128];
    const char *before = setlocale(LC_NUMERIC, "de_DE.UTF-8");
    test_folder(folder);
    snprintf(path, sizeof path, "%s/l.csv", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("a/1.jpg," FIRST_CSV "\nb,1,2,3,4,5,6,7,8,9,1.00000000000000000e+1", file);
    fclose(file);
    test_ok(ctx, tam_landmarks_read(ctx, path, &list));
    assert_int_equal(list.count, 2);
    expect_row(&list.rows[0], "a/1.jpg", 1, first);
    expect_row(&list.rows[1], "b", 2, count);
    tam_landmarks_free(ctx, &list);
    test_fails(ctx, tam_landmarks_read(ctx, folder, &list), TAM_INPUT, "not a regular file");
    if (before != NULL) {
        setlocale(LC_NUMERIC, "C");
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void memory_may_run_out(void **state) {
    (void)state;
    int failures = 0;
    char folder[64], path[128];
    test_folder(folder);
    snprintf(path, sizeof path, "%s/l.csv", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("a/1.jpg," FIRST_CSV "\n", file);
    fclose(file);
    for (int k = 0;; k++) {
        int left = k;
        tam_ctx *ctx = NULL;
        tam_landmarks list;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_landmarks_read(ctx, path, &list);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        failures += status != TAM_OK;
        tam_landmarks_free(ctx, &list);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures >= 2);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),           cmocka_unit_test(what_is_no_number_is_known),
        cmocka_unit_test(wrong_lists_name_the_line),    cmocka_unit_test(a_list_cut_anywhere),
        cmocka_unit_test(a_file_is_read_in_any_locale), cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
