#include <locale.h>

#include "support.h"

#include "io/image_list.h"

static void decode(tam_ctx *ctx, const char *name, const char *text, tam_image_list *list) {
    test_ok(ctx, tam_image_list_decode(ctx, name, (const uint8_t *)text, strlen(text), list));
}

/* Rows as "path|label|split@line", separated by ";". */
static void expect_rows(tam_ctx *ctx, const char *name, const char *text, const char *expected) {
    tam_image_list list;
    char rows[1024] = "";
    decode(ctx, name, text, &list);
    for (int64_t i = 0; i < list.count; i++) {
        const tam_list_row *row = &list.rows[i];
        size_t used = strlen(rows);
        assert_true(list.labelled == (row->label != TAM_LIST_NONE));
        assert_true(list.splits == (row->split != TAM_LIST_NONE));
        snprintf(rows + used, sizeof rows - used, "%s%s|%s|%s@%lld", i > 0 ? ";" : "", list.text + row->path,
                 row->label == TAM_LIST_NONE ? "-" : list.text + row->label,
                 row->split == TAM_LIST_NONE ? "-" : list.text + row->split, (long long)row->line);
    }
    assert_string_equal(rows, expected);
    tam_image_list_free(&list);
}

static void expect_refused(tam_ctx *ctx, const char *text, const char *sentence) {
    tam_image_list list;
    test_fails(ctx, tam_image_list_decode(ctx, "list.txt", (const uint8_t *)text, strlen(text), &list), TAM_INPUT,
               sentence);
    assert_null(list.text);
    assert_null(list.rows);
}

static void plain_lists_are_read(void **state) {
    tam_ctx *ctx = *state;
    expect_rows(ctx, "l.txt", "a.jpg 1\nb/c.jpg\t2\n", "a.jpg|1|-@1;b/c.jpg|2|-@2");
    expect_rows(ctx, "l.txt", "a.jpg   1", "a.jpg|1|-@1");
    expect_rows(ctx, "l.txt", "my file.jpg 1\nmy other file.jpg\tAnna Maria\n",
                "my file.jpg|1|-@1;my other file.jpg|Anna Maria|-@2");
    expect_rows(ctx, "l.txt", "\xEF\xBB\xBF# a comment\r\n\r\n  a.jpg 1 \r\n   # another\r\n\t\r\nb.jpg 2\r\n",
                "a.jpg|1|-@3;b.jpg|2|-@6");
    expect_rows(ctx, "l.txt", "a.jpg\nb.jpg\n\nc d.jpg", "a.jpg|-|-@1;b.jpg|-|-@2;c d.jpg|-|-@4");
    expect_rows(ctx, "l.txt", "tab\\tline\\n.jpg\tx\\\\y\n\\x23b.jpg\tz\n", "tab\tline\n.jpg|x\\y|-@1;#b.jpg|z|-@2");
    expect_rows(ctx, "l.txt", "\xff\xfe.jpg \xe9\n", "\xff\xfe.jpg|\xe9|-@1");
    expect_rows(ctx, "l.txt", "a,b.jpg 1\n", "a,b.jpg|1|-@1");
}

static void tables_are_read(void **state) {
    tam_ctx *ctx = *state;
    expect_rows(ctx, "l.csv", "path,label\na.jpg,1\nb.jpg,Anna\n", "a.jpg|1|-@2;b.jpg|Anna|-@3");
    expect_rows(ctx, "l.csv",
                "\xEF\xBB\xBFid,Label, split ,\"PATH\",note\r\n7,x,train,a b.jpg,\r\n\r\n8,y,val,c.jpg,n\r\n",
                "a b.jpg|x|train@2;c.jpg|y|val@4");
    expect_rows(ctx, "l.csv", "# made by hand\npath,label\n\"a,\"\"b\"\"\nc.jpg\",\" x \"\nd.jpg, y \n",
                "a,\"b\"\nc.jpg| x |-@3;d.jpg|y|-@5");
    expect_rows(ctx, "l.tsv", "label\tpath\n3\ta b,c.jpg\n", "a b,c.jpg|3|-@2");
    expect_rows(ctx, "l.csv", "path,width\na.jpg,3\n", "a.jpg|-|-@2");
    expect_rows(ctx, "l.csv", "path\na.jpg\n\"b c.jpg\"", "a.jpg|-|-@2;b c.jpg|-|-@3");
    expect_rows(ctx, "l.csv", "path,label\n\"a\\n.jpg\",\"1\"", "a\\n.jpg|1|-@2");
}

static void lists_of_mxnet_are_read(void **state) {
    tam_ctx *ctx = *state;
    tam_image_list list;
    expect_rows(ctx, "l.lst", "0\t5.000000\ta b.jpg\n17\t3\tc/d.jpg\n", "a b.jpg|5.000000|-@1;c/d.jpg|3|-@2");
    expect_rows(ctx, "l.lst", "1\t/x/a b.jpg\t0\n1\tb.jpg\t12\n", "/x/a b.jpg|0|-@1;b.jpg|12|-@2");
    const char *boxes = "1\ta.jpg\t0\n0\tb.jpg\t1\t1\t2\t3\t4\n"
                        "0\tc.jpg\t1\t1 2 3 4 0.5 1.5 2 3 4 5 6 7 8 -9e0\n";
    expect_rows(ctx, "l.lst", boxes, "a.jpg|0|-@1;b.jpg|1|-@2;c.jpg|1|-@3");
    decode(ctx, "l.lst", boxes, &list);
    assert_int_equal(list.unaligned, 2);
    tam_image_list_free(&list);
}

static void faults_are_named_with_their_line(void **state) {
    tam_ctx *ctx = *state;
    tam_image_list list;
    expect_refused(ctx, "", "list.txt: a list without images");
    expect_refused(ctx, "# only\n\n", "list.txt: a list without images");
    expect_refused(ctx, "path,label\n", "list.txt: a list without images");
    expect_refused(ctx, "a.jpg 1\nb.jpg\n", "list.txt:2: no label, but the lines before have one");
    expect_refused(ctx, "a.jpg\nb.jpg\t2\n", "list.txt:2: a label, but the lines before have none");
    expect_refused(ctx, "a.jpg\tb\tc\n", "list.txt:1: more than two fields");
    expect_refused(ctx, "a.jpg\tb\n\n#\na.jpg\tb\tc\n", "list.txt:4: more than two fields");
    expect_refused(ctx, "2\t300\nAnn_Lee\t1\t2\n",
                   "list.txt:2: more than two fields separated by tabs: a list of pairs");
    expect_refused(ctx, "0\t1\ta.jpg\n1\t2\n", "list.txt:2: not 'index<tab>label<tab>path'");
    expect_refused(ctx, "0\t1\t2\ta.jpg\n", "list.txt:1: not 'index<tab>label<tab>path': a list with several labels");
    expect_refused(ctx, "0\t1\ta.jpg\nx\t1\ta.jpg\n", "list.txt:2: not 'index<tab>label<tab>path': the index");
    expect_refused(ctx, "1\ta.jpg\t1\n2\ta.jpg\t1\n", "list.txt:2: not 'aligned<tab>path<tab>label'");
    expect_refused(ctx, "1\ta.jpg\t1\t1\t2\t3\n", "list.txt:1: behind the label stand neither 4 numbers");
    expect_refused(ctx, "1\ta.jpg\t1\t1\t2\t3\tx\n", "list.txt:1: behind the label stand neither 4 numbers");
    expect_refused(ctx, "1\ta.jpg\t1\n1\ta.jpg\n", "list.txt:2: no label");
    expect_refused(ctx, "1\ta.jpg\t1\n1\t\t1\n", "list.txt:2: no path");
    expect_refused(ctx, "path,label\na.jpg,1\nb.jpg\n", "list.txt:3: 1 fields where the first line names 2");
    expect_refused(ctx, "path,label\na.jpg,1,2\n", "list.txt:2: 3 fields where the first line names 2");
    expect_refused(ctx, "path,label\n,1\n", "list.txt:2: no path");
    expect_refused(ctx, "path,label\na.jpg,\n", "list.txt:2: no label");
    expect_refused(ctx, "path,label,split\na.jpg,1,train\na.jpg,1,\n", "list.txt:3: no split");
    expect_refused(ctx, "path,label\n\"a.jpg,1\nb.jpg,2\n", "list.txt:2: a quoted field that does not end");
    expect_refused(ctx, "path,label\n\"a.jpg\"x,1\n", "list.txt:2: something stands behind the closing quote");
    expect_refused(ctx, "path,label,Path\na.jpg,1,b\n", "list.txt:1: the columns path, label and split are each named");
    test_fails(ctx, tam_image_list_decode(ctx, "l.CSV", (const uint8_t *)"a.jpg,1\n", 8, &list), TAM_INPUT,
               "l.CSV:1: the first line of a CSV names its columns");
    test_fails(ctx, tam_image_list_decode(ctx, "l", (const uint8_t *)"a 1\nb\0 2\n", 9, &list), TAM_INPUT,
               "l:2: a zero byte");
    char *path = malloc(5000);
    memset(path, 'x', 5000);
    memcpy(path + 4990, " 1\n\0", 4);
    expect_refused(ctx, path, "list.txt:1: the path is too long");
    free(path);
}

/* Any beginning is a list or a fault with its line, and every row of it lies within the text. */
static void lists_cut_anywhere_are_survived(void **state) {
    tam_ctx *ctx = *state;
    static const char *const texts[] = {
        "a.jpg 1\nb c.jpg\t2\r\n# x\n",
        "path,\"label\",split\r\n\"a \"\"b\"\"\n.jpg\",1,train\r\nc,2,val",
        "0\t1.5\ta.jpg\n1\t2\tb.jpg\n",
        "1\ta.jpg\t1\t1 2 3 4\t1 2 3 4 5 6 7 8 9 10\n0\tb\t3\n",
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        for (size_t cut = 0; cut <= strlen(texts[k]); cut++) {
            tam_image_list list;
            char *copy = malloc(cut > 0 ? cut : 1);
            memcpy(copy, texts[k], cut);
            tam_status status = tam_image_list_decode(ctx, "cut", (const uint8_t *)copy, cut, &list);
            assert_true(status == TAM_OK || (status == TAM_INPUT && strncmp(tam_ctx_message(ctx), "cut:", 4) == 0));
            for (int64_t i = 0; i < list.count; i++) {
                assert_true(list.rows[i].path + strlen(list.text + list.rows[i].path) <= cut);
            }
            tam_image_list_free(&list);
            free(copy);
        }
    }
}

static void numbers_do_not_hang_on_the_locale(void **state) {
    tam_ctx *ctx = *state;
    const char *comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof comma / sizeof *comma && setlocale(LC_ALL, comma[i]) == NULL; i++) {
    }
    expect_rows(ctx, "l.lst", "1\ta.jpg\t0\t1.5 2.5 3 4\n", "a.jpg|0|-@1");
    expect_refused(ctx, "1\ta.jpg\t0\t1,5 2,5 3 4\n", "neither 4 numbers");
    setlocale(LC_ALL, "C");
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    (void)state;
    int left = 0, k = 0;
    tam_status status = TAM_RESOURCES;
    for (; status != TAM_OK; k++) {
        tam_ctx *ctx = NULL;
        tam_image_list list = {0};
        left = 1 + k;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_image_list_decode(ctx, "l", (const uint8_t *)"a 1\n", 4, &list);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        tam_image_list_free(&list);
        test_ctx_free(ctx);
    }
    assert_int_equal(k, 3);
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
        cmocka_unit_test_setup_teardown(plain_lists_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_of_mxnet_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_are_named_with_their_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_cut_anywhere_are_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_do_not_hang_on_the_locale, set_up, tear_down),
        cmocka_unit_test(memory_that_runs_out_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
