/* Lists of losses and dimensions, folders' names, and the keys that small dimensions bring. */
#include "list_fixture.h"

#include "report/compare_list.h"

static void commas_before_keys_do_not_separate(void **state) {
    (void)state;
    static const struct {
        const char *list;
        int count;
        const char *losses[4];
    } cases[] = {
        {"softmax", 1, {"softmax"}},
        {"softmax,softmax+center,arcface", 3, {"softmax", "softmax+center", "arcface"}},
        {"arcface:s=16,m=0.3", 1, {"arcface:s=16,m=0.3"}},
        {"arcface:s=16,m=0.3,cosface", 2, {"arcface:s=16,m=0.3", "cosface"}},
        {"cosface,arcface:s=16,m=0.3,beyond-pi=easy,softmax",
         3,
         {"cosface", "arcface:s=16,m=0.3,beyond-pi=easy", "softmax"}},
        {"arcface:s=16,cosface:s=8,m=0.2", 2, {"arcface:s=16", "cosface:s=8,m=0.2"}},
        {"arcface:s=16,m=0.3+center:lambda=0.1,alpha=0.5,center:alpha=1",
         2,
         {"arcface:s=16,m=0.3+center:lambda=0.1,alpha=0.5", "center:alpha=1"}},
        {"softmax,m=3,+x", 2, {"softmax,m=3", "+x"}},
    };
    fixture made = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *losses[TAM_COMPARE_ITEMS];
        int count;
        test_ok(made.ctx, tam_compare_split(made.ctx, made.arena, "losses", cases[i].list, losses, &count));
        assert_int_equal(count, cases[i].count);
        for (int l = 0; l < count; l++) {
            assert_string_equal(losses[l], cases[i].losses[l]);
        }
    }
    end(&made);
}

static void bad_lists_are_refused(void **state) {
    (void)state;
    static const char *const empty[] = {"", ",", "softmax,", ",softmax", "a,,b"};
    const char *losses[TAM_COMPARE_ITEMS];
    char many[1024] = "a";
    int count;
    fixture made = begin();
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        test_fails(made.ctx, tam_compare_split(made.ctx, made.arena, "losses", empty[i], losses, &count), TAM_CONFIG,
                   "empty place");
    }
    for (int i = 1; i <= TAM_COMPARE_ITEMS; i++) {
        strcat(many, ",a");
    }
    test_fails(made.ctx, tam_compare_split(made.ctx, made.arena, "losses", many, losses, &count), TAM_CONFIG,
               "more than 64");
    end(&made);
}

static void dimensions_are_whole_and_different(void **state) {
    (void)state;
    int dims[TAM_COMPARE_DIMS], count;
    fixture made = begin();
    test_ok(made.ctx, tam_compare_read_dims(made.ctx, "2,128,3", dims, &count));
    assert_int_equal(count, 3);
    assert_true(dims[0] == 2 && dims[1] == 128 && dims[2] == 3);
    static const char *const bad[] = {"", "0", "2,", "65537", "2.5", "two", "-2", "2,nan", "2 3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_fails(made.ctx, tam_compare_read_dims(made.ctx, bad[i], dims, &count), TAM_CONFIG, "[1, 65536]");
    }
    test_fails(made.ctx, tam_compare_read_dims(made.ctx, "2,8,2", dims, &count), TAM_CONFIG, "names 2 twice");
    test_fails(made.ctx, tam_compare_read_dims(made.ctx, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", dims, &count),
               TAM_CONFIG, "more than 16");
    end(&made);
}

static void slugs_are_readable_file_names(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"arcface", "arcface-2d"},
        {"arcface:s=16,m=0.3", "arcface-s16-m0.3-2d"},
        {"softmax+center:lambda=1e-3", "softmax+center-lambda1e-3-2d"},
        {"arcface:beyond-pi=easy", "arcface-beyond-pi-easy-2d"},
        {"../a b\n\xff", "..-a-b---2d"},
    };
    fixture made = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(tam_compare_slug(made.arena, cases[i][0], 2), cases[i][1]);
    }
    char endless[3000];
    memset(endless, 'a', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    assert_true(strlen(tam_compare_slug(made.arena, endless, 65536)) < 1024);
    end(&made);
}

static void small_dimensions_bring_keys_where_none_are_given(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"softmax", "softmax"},
        {"arcface", "arcface:s=4,m=0.1"},
        {"arcface:m=0.4", "arcface:m=0.4"},
        {"softmax+center", "softmax+center:lambda=0.1"},
        {"arcface+center", "arcface:s=4,m=0.1+center:lambda=0.1"},
        {"arcface:s=1e+1,m=0.1+center", "arcface:s=1e+1,m=0.1+center:lambda=0.1"},
        {"arc", "arc"},
        {"arcface2+", "arcface2+"},
    };
    fixture made = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(tam_compare_small_loss(made.arena, cases[i][0]), cases[i][1]);
    }
    char endless[3000];
    memset(endless, '+', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    assert_true(strlen(tam_compare_small_loss(made.arena, endless)) >= 1024); /* still too long to be a loss */
    end(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_before_keys_do_not_separate),
        cmocka_unit_test(bad_lists_are_refused),
        cmocka_unit_test(dimensions_are_whole_and_different),
        cmocka_unit_test(slugs_are_readable_file_names),
        cmocka_unit_test(small_dimensions_bring_keys_where_none_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
