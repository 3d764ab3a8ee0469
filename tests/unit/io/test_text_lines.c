#include "support.h"

#include "io/text_lines.h"

static void expect_text(tam_text text, const char *words) {
    assert_non_null(text.at);
    assert_int_equal(text.length, strlen(words));
    assert_memory_equal(text.at, words, text.length);
}

static void lines_of_a_text(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const char *words = "\n a b \t\r\n\r\n \nc";
    tam_lines lines = tam_lines_of(ctx, "t", words, strlen(words));
    tam_text line;
    int64_t count;
    test_ok(ctx, tam_lines_count(&lines, 2, &count));
    assert_int_equal(count, 1);
    test_ok(ctx, tam_lines_next(&lines, &line));
    expect_text(line, " a b");
    assert_int_equal(lines.number, 2);
    test_ok(ctx, tam_lines_next(&lines, &line));
    expect_text(line, "c");
    assert_int_equal(lines.number, 5);
    test_fails(ctx, tam_lines_refuse(&lines, "why"), TAM_INPUT, "t:5: why");
    for (int i = 0; i < 2; i++) {
        test_ok(ctx, tam_lines_next(&lines, &line));
        assert_null(line.at);
    }
    lines = tam_lines_of(ctx, "t", "\xEF\xBB\xBFx\n\xEF\xBB\xBF", 8);
    test_ok(ctx, tam_lines_next(&lines, &line));
    expect_text(line, "x");
    test_ok(ctx, tam_lines_next(&lines, &line));
    expect_text(line, "\xEF\xBB\xBF");
    lines = tam_lines_of(ctx, "t", NULL, 0);
    test_ok(ctx, tam_lines_next(&lines, &line));
    assert_null(line.at);
    test_ctx_free(ctx);
}

/* Lines that cross the ends of the blocks, and one that is longer than a block. */
static void lines_of_a_large_file(void **state) {
    (void)state;
    enum { LINES = 300000 };
    tam_ctx *ctx = test_ctx(1);
    char folder[64], path[96], words[32];
    tam_lines lines;
    tam_text line;
    int64_t count;
    test_folder(folder);
    snprintf(path, sizeof path, "%s/l", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < LINES; i++) {
        fprintf(file, "line %d\n", i * 7);
    }
    fclose(file);
    test_ok(ctx, tam_lines_open(ctx, path, &lines));
    test_ok(ctx, tam_lines_count(&lines, 1, &count));
    assert_int_equal(count, LINES);
    for (int i = 0; i < LINES; i++) {
        snprintf(words, sizeof words, "line %d", i * 7);
        test_ok(ctx, tam_lines_next(&lines, &line));
        expect_text(line, words);
    }
    test_ok(ctx, tam_lines_next(&lines, &line));
    assert_null(line.at);
    assert_true(tam_ctx_memory(ctx).peak_bytes < (2 << 20));
    tam_lines_close(&lines);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("short\n", file);
    for (int i = 0; i < (1 << 20) + 1; i++) {
        fputc('x', file);
    }
    fclose(file);
    test_ok(ctx, tam_lines_open(ctx, path, &lines));
    test_ok(ctx, tam_lines_next(&lines, &line));
    test_fails(ctx, tam_lines_next(&lines, &line), TAM_INPUT, "l:2: a line of more than a megabyte");
    tam_lines_close(&lines);
    test_fails(ctx, tam_lines_open(ctx, folder, &lines), TAM_INPUT, "not a regular file");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void words_and_columns(void **state) {
    (void)state;
    const char *words = "  a \t b  c";
    tam_text line = {words, strlen(words)};
    tam_text copy = line;
    expect_text(tam_text_first(&line), "a");
    expect_text(tam_text_first(&line), "b");
    expect_text(tam_text_last(&copy), "c");
    expect_text(copy, "  a \t b");
    expect_text(tam_text_last(&line), "c");
    expect_text(tam_text_first(&line), "");
    expect_text(tam_text_last(&line), "");
    words = " a b ,, c";
    line = (tam_text){words, strlen(words)};
    expect_text(tam_text_column(&line), "a b");
    expect_text(tam_text_column(&line), "");
    expect_text(tam_text_column(&line), "c");
    expect_text(tam_text_column(&line), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_text),
        cmocka_unit_test(lines_of_a_large_file),
        cmocka_unit_test(words_and_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
