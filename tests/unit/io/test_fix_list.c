#include "support.h"

#include "base/file.h"
#include "io/fix_list.h"

static const char three[] = "# tammes fixes 1\n"
                            "# a remark\n"
                            "drop\tc1/03.png\n"
                            "move\tGreek/a\\tb.png\tLatin\\\\x\r\n"
                            "\n"
                            "merge\tAnn\tBob\\xe9\\n\n";

static tam_status parse(tam_ctx *ctx, tam_arena *arena, const char *text, size_t size, tam_fix_list *list) {
    uint8_t *copy = malloc(size > 0 ? size : 1); /* exactly as long, for AddressSanitizer */
    assert_non_null(copy);
    memcpy(copy, text, size);
    tam_status status = tam_fix_list_parse(ctx, arena, "fixes", copy, size, list);
    free(copy);
    return status;
}

static void the_three_kinds_are_read(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_fix_list list;
    test_ok(ctx, parse(ctx, arena, three, sizeof three - 1, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.fixes[0].kind, TAM_FIX_DROP);
    assert_int_equal(list.fixes[0].line, 3);
    assert_string_equal(list.fixes[0].name, "c1/03.png");
    assert_null(list.fixes[0].into);
    assert_int_equal(list.fixes[1].kind, TAM_FIX_MOVE);
    assert_int_equal(list.fixes[1].line, 4);
    assert_string_equal(list.fixes[1].name, "Greek/a\tb.png");
    assert_string_equal(list.fixes[1].into, "Latin\\x");
    assert_int_equal(list.fixes[2].kind, TAM_FIX_MERGE);
    assert_int_equal(list.fixes[2].line, 6);
    assert_string_equal(list.fixes[2].name, "Ann");
    assert_string_equal(list.fixes[2].into, "Bob\xe9\n");
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

/* Cut after a newline it is a shorter list; anywhere else it is none. */
static void a_list_cut_anywhere_is_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    int lists = 0;
    for (size_t cut = 0; cut < sizeof three - 1; cut++) {
        tam_arena *arena = tam_arena_create(ctx, 0);
        tam_fix_list list;
        tam_status status = parse(ctx, arena, three, cut, &list);
        bool whole = cut > 0 && three[cut - 1] == '\n';
        assert_int_equal(status, whole ? TAM_OK : TAM_INPUT);
        assert_true(whole || strncmp(tam_ctx_message(ctx), "fixes:", 6) == 0);
        lists += whole;
        tam_arena_free(arena);
    }
    assert_int_equal(lists, 5);
    test_ctx_free(ctx);
}

static void wrong_lists_are_refused(void **state) {
    (void)state;
    const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "fixes: not a list of fixes"},
        {"# tammes fixes 2\n", "its first line is not '# tammes fixes 1'"},
        {"drop\ta\n", "its first line"},
        {"# tammes fixes 1\ndrop a\n", "fixes:2: 'drop a' is none of drop, move and merge"},
        {"# tammes fixes 1\n\ndelete\ta\n", "fixes:3: 'delete' is none of"},
        {"# tammes fixes 1\ndrop\ta\tb\n", "fixes:2: not drop<TAB>IMAGE"},
        {"# tammes fixes 1\nmove\ta\n", "fixes:2: not move<TAB>IMAGE<TAB>CLASS"},
        {"# tammes fixes 1\nmerge\ta\tb\tc\n", "fixes:2: not merge<TAB>CLASS<TAB>INTO"},
        {"# tammes fixes 1\nmerge\ta\tb\tc\td\te\n", "fixes:2: not merge<TAB>CLASS<TAB>INTO"},
        {"# tammes fixes 1\nmove\t\tb\n", "fixes:2: an empty name"},
        {"# tammes fixes 1\nmove\ta\t\n", "fixes:2: an empty name"},
        {"# tammes fixes 1\ndrop\ta\\\n", "fixes:2: a zero byte, or a backslash"},
        {"# tammes fixes 1\ndrop\ta\\q\n", "fixes:2: a zero byte, or a backslash"},
        {"# tammes fixes 1\ndrop\ta\\x4\n", "fixes:2: a zero byte, or a backslash"},
        {"# tammes fixes 1\ndrop\ta\\x4g\n", "fixes:2: a zero byte, or a backslash"},
        {"# tammes fixes 1\ndrop\ta\\x00\n", "fixes:2: a zero byte, or a backslash"},
        {"# tammes fixes 1\ndrop\tabc", "fixes:2: the list ends within this line"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_arena *arena = tam_arena_create(ctx, 0);
        tam_fix_list list;
        test_fails(ctx, parse(ctx, arena, cases[i].text, strlen(cases[i].text), &list), TAM_INPUT, cases[i].sentence);
        tam_arena_free(arena);
    }
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_fix_list list;
    static const char zero[] = "# tammes fixes 1\ndrop\ta\0b\n";
    test_fails(ctx, parse(ctx, arena, zero, sizeof zero - 1, &list), TAM_INPUT, "fixes:2: a zero byte");
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

/* Names of any bytes come back; the file holds printable UTF-8 and its tabs and newlines only. */
static void what_is_written_reads_back(void **state) {
    (void)state;
    char every[256], folder[64], path[128];
    for (int i = 1; i < 256; i++) {
        every[i - 1] = (char)i;
    }
    every[255] = '\0';
    const char *const names[] = {"plain",
                                 every,
                                 "\xc3\xa9t\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80",
                                 "\xc2\x85\xed\xa0\x80\xe0\x80\xaf",
                                 "\xf0\x9f",
                                 "#\\",
                                 "\xf4\x90\x80\x80"};
    enum { NAMES = sizeof names / sizeof *names };
    tam_ctx *ctx = test_ctx(1);
    tam_stream *stream;
    test_folder(folder);
    snprintf(path, sizeof path, "%s/fixes", folder);
    test_ok(ctx, tam_stream_open(ctx, path, &stream));
    test_ok(ctx, tam_fix_list_begin(stream));
    for (int i = 0; i < NAMES; i++) {
        test_ok(ctx, tam_fix_list_remark(stream, names[i]));
        test_ok(ctx, tam_fix_list_add(stream, TAM_FIX_DROP, names[i], NULL, true));
        test_ok(ctx, tam_fix_list_add(stream, TAM_FIX_MOVE, names[i], names[NAMES - 1 - i], false));
    }
    test_ok(ctx, tam_stream_commit(stream));
    uint8_t *data;
    size_t size;
    tam_fix_list list;
    tam_arena *arena = tam_arena_create(ctx, 0);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_non_null(strstr((const char *)data, "\n# drop\tplain\nmove\tplain\t\\xf4\\x90\\x80\\x80\n"));
    assert_non_null(strstr((const char *)data, "move\t\xc3\xa9t\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80\t"));
    assert_non_null(strstr((const char *)data, "\\x01\\x02"));
    for (size_t i = 0; i < size; i++) {
        assert_true(data[i] == '\n' || data[i] == '\t' || data[i] >= 0x20);
    }
    test_ok(ctx, parse(ctx, arena, (const char *)data, size, &list));
    assert_int_equal(list.count, NAMES);
    for (int i = 0; i < NAMES; i++) {
        assert_string_equal(list.fixes[i].name, names[i]);
        assert_string_equal(list.fixes[i].into, names[NAMES - 1 - i]);
    }
    tam_release(ctx, data);
    tam_arena_free(arena);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_kinds_are_read),
        cmocka_unit_test(a_list_cut_anywhere_is_refused),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
