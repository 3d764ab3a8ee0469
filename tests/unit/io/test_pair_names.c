#include "support.h"

#include <stdbool.h>

#include "io/pair_names.h"

static tam_status parse(tam_ctx *ctx, tam_arena *arena, const char *text, tam_pair_names *pairs) {
    return tam_pair_names_parse(ctx, arena, "p.txt", text, strlen(text), pairs);
}

static void lfw_lists(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_pair_names pairs;
    test_ok(ctx, parse(ctx, arena, "2\t1\r\nA_B\t1\t12\r\nA_B\t3\tC.\t4\r\n\nD\t5\t6\nD\t7\tE E\t12345\n", &pairs));
    assert_true(pairs.count == 4 && pairs.folds == 2 && pairs.stems);
    assert_string_equal(pairs.names[0], "A_B/A_B_0001");
    assert_string_equal(pairs.names[1], "A_B/A_B_0012");
    assert_string_equal(pairs.names[3], "C./C._0004");
    assert_string_equal(pairs.names[7], "E E/E E_12345");
    assert_memory_equal(pairs.same, "\1\0\1\0", 4);
    test_ok(ctx, parse(ctx, arena,
                       "\xEF\xBB\xBF"
                       "2\nA 1 2\nA  3   4\nA 1 B 1\nA 2 B 2",
                       &pairs));
    assert_true(pairs.count == 4 && pairs.folds == 1);
    assert_memory_equal(pairs.same, "\1\1\0\0", 4);
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

static void tables(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_pair_names pairs;
    test_ok(ctx, parse(ctx, arena, "\xEF\xBB\xBFpath_a,path_b,same\na/1.png,b c/2.png,0\na/1.png,a/2.png,1\n", &pairs));
    assert_true(pairs.count == 2 && pairs.folds == 10 && !pairs.stems);
    assert_string_equal(pairs.names[1], "b c/2.png");
    assert_memory_equal(pairs.same, "\0\1", 2);
    test_ok(ctx,
            parse(ctx, arena, "\"path_a\",\"path_b\",\"same\"\n\"a, b/1.png\",c\"d/2.png,\"1\"\n\"x,y,0\n", &pairs));
    assert_true(pairs.count == 2 && !pairs.stems);
    assert_string_equal(pairs.names[0], "a, b/1.png");
    assert_string_equal(pairs.names[1], "c\"d/2.png");
    assert_string_equal(pairs.names[2], "\"x");
    assert_memory_equal(pairs.same, "\1\0", 2);
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

/* As CALFW's list (folds as labels of same pairs) and CPLFW's (1), with blanks in a name and other ends of lines. */
static void two_lines_for_a_pair(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_pair_names pairs;
    test_ok(ctx, parse(ctx, arena, "a 1.jpg 1\r\nb.jpg 1\r\n\r\nc.jpg\t7\nd.jpg 7\ne.jpg 0\nf.jpg  0", &pairs));
    assert_true(pairs.count == 3 && pairs.folds == 10 && !pairs.stems);
    assert_memory_equal(pairs.same, "\1\1\0", 3);
    assert_string_equal(pairs.names[0], "a 1.jpg");
    assert_string_equal(pairs.names[3], "d.jpg");
    assert_string_equal(pairs.names[5], "f.jpg");
    test_ok(ctx, parse(ctx, arena, "a 1\nb 1\nc 0\nd 0\ne 1\nf 1\n", &pairs)); /* in folds already: as it is */
    assert_memory_equal(pairs.same, "\1\0\1", 3);
    assert_string_equal(pairs.names[4], "e");
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

/* All same pairs, then all others, or the other way about: folds with a tenth of each. */
static void halves_become_folds(void **state) {
    (void)state;
    enum { HALF = 30 };
    tam_ctx *ctx = test_ctx(1);
    for (int turned = 0; turned < 2; turned++) {
        tam_arena *arena = tam_arena_create(ctx, 0);
        tam_pair_names pairs;
        char list[4096], name[32];
        size_t used = 0;
        for (int i = 0; i < 2 * HALF; i++) {
            bool same = (i < HALF) == (turned == 0);
            for (int k = 0; k < 2; k++) {
                used += (size_t)snprintf(list + used, sizeof list - used, "%c%d_%d.jpg %d\n", same ? 's' : 'o',
                                         i % HALF, k, same);
            }
        }
        test_ok(ctx, parse(ctx, arena, list, &pairs));
        assert_int_equal(pairs.count, 2 * HALF);
        for (int i = 0; i < 2 * HALF; i++) {
            int fold = i / 6, place = i % 6;
            assert_int_equal(pairs.same[i], place < 3);
            snprintf(name, sizeof name, "%c%d_1.jpg", place < 3 ? 's' : 'o', 3 * fold + place % 3);
            assert_string_equal(pairs.names[2 * i + 1], name);
        }
        tam_arena_free(arena);
    }
    test_ctx_free(ctx);
}

/* Numbers that ten does not divide: every pair once, the same pairs of a fold before its others. */
static void odd_halves(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_pair_names pairs;
    char list[1024];
    size_t used = 0;
    int seen[20] = {0};
    for (int i = 0; i < 20; i++) { /* 13 same, 7 others */
        used += (size_t)snprintf(list + used, sizeof list - used, "x%d %d\ny%d %d\n", i, i < 13, i, i < 13);
    }
    test_ok(ctx, parse(ctx, arena, list, &pairs));
    assert_int_equal(pairs.count, 20);
    for (int i = 0; i < 20; i++) {
        int number = atoi(pairs.names[2 * i] + 1);
        assert_string_equal(pairs.names[2 * i] + 1, pairs.names[2 * i + 1] + 1);
        assert_int_equal(pairs.same[i], number < 13);
        seen[number]++;
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_true(pairs.same[0] == 1 && pairs.same[19] == 0);
    tam_arena_free(arena);
    test_ctx_free(ctx);
}

static void beginnings_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool pairs;
    } cases[] = {
        {"10\t300\nA B\t1\t4\n", true},
        {"1100\nA 1 2\n", true},
        {"10\t300\n", false},
        {"7\nx y\n", false},
        {"a.jpg 1\nb.jpg 1\n", true},
        {"a.jpg 1\nb.jpg 0\n", false},
        {"a.jpg 1\n", false},
        {"a,b,0\n", true},
        {"a,b,same\nx,y,1\n", true},
        {"a,b,same\n", false},
        {"path,label\nx,1\n", false},
        {"a,b,2\n", false},
        {"", false},
        {"hello world\n", false},
        {"\0\1\2", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(tam_pair_names_recognise(cases[i].text, strlen(cases[i].text)) == cases[i].pairs);
    }
}

static void wrong_lists_name_the_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "p.txt: no pairs in it"},
        {"\n\n", "p.txt: no pairs in it"},
        {"a,b,same\n", "no pairs in it"},
        {"1\t1\nA\t1\t2\n", "1 pairs, but its first line says 1 x 2 x 1"},
        {"1\t1\nA\t1\tB\t2\nA\t1\t2\n", "p.txt:2: a pair of one name is expected"},
        {"1\t1\nA\t1\t2\nA\t1\t3\n", "p.txt:3: a pair of two names is expected"},
        {"1\t1\nA\t1\tx\n", "p.txt:2: neither"},
        {"1\t1\nA\t1\tB\t2\t3\t4\n", "p.txt:2: neither"},
        {"1\t1\nA\t99999999999\t1\n", "p.txt:2: neither"},
        {"0\t5\n", "p.txt:1: the first line needs"},
        {"2000\t5\n", "p.txt:1: the first line needs"},
        {"7\t0\n", "p.txt:1: the first line needs"},
        {"a,b,1\na,b\n", "p.txt:2: not 'path_a,path_b,same'"},
        {"a,b,1\na,b,2\n", "p.txt:2: the third field"},
        {"a,b,1\n,b,1\n", "p.txt:2: not"},
        {"hello world\n", "p.txt:1: not"},
        {"a 1\nb 0\n", "p.txt:2: its label is not"},
        {"a 1\nb 1\n\nc 0\n", "p.txt:4: the last line has no other"},
        {"a 1\nb 1\nc 0\nd\n", "p.txt:4: not 'file label'"},
        {"a 1\nb 1\nc -1\nd -1\n", "p.txt:3: not 'file label'"},
        {"a 1\nb 1\nc,d,1\n", "p.txt:3: not 'file label'"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        tam_pair_names pairs;
        tam_arena *arena = tam_arena_create(ctx, 0);
        test_fails(ctx, parse(ctx, arena, wrong[i].text, &pairs), TAM_INPUT, wrong[i].part);
        tam_arena_free(arena);
    }
    test_ctx_free(ctx);
}

static void lists_cut_anywhere(void **state) {
    (void)state;
    static const char *const lists[] = {"2\t1\nA_B\t1\t12\nA_B\t3\tC.\t4\nD\t5\t6\nD\t7\tE E\t12345\n",
                                        "a 1.jpg 1\r\nb.jpg 1\r\nc.jpg\t0\nd.jpg 0\n", "a,b,same\nx,y,1\nz,x,0\n"};
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        for (size_t size = 0; size < strlen(lists[k]); size++) {
            tam_arena *arena = tam_arena_create(ctx, 0);
            tam_pair_names pairs;
            char *copy = malloc(size + 1);
            assert_non_null(copy);
            memcpy(copy, lists[k], size);
            char *exact = size > 0 ? realloc(copy, size) : copy;
            assert_non_null(exact);
            tam_status status = tam_pair_names_parse(ctx, arena, "p.txt", exact, size, &pairs);
            assert_true(status == TAM_INPUT || (status == TAM_OK && pairs.count > 0));
            (void)tam_pair_names_recognise(exact, size);
            free(exact);
            tam_arena_free(arena);
        }
    }
    test_ctx_free(ctx);
}

static void memory_may_run_out(void **state) {
    (void)state;
    int failures = 0;
    for (int k = 1;; k++) {
        int left = k;
        tam_ctx *ctx = NULL;
        tam_pair_names pairs;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_arena *arena = tam_arena_create(ctx, 64);
        tam_status status = arena == NULL ? TAM_RESOURCES : parse(ctx, arena, "a 1\nb 1\nc 0\nd 0\n", &pairs);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        failures += status != TAM_OK;
        tam_arena_free(arena);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lfw_lists),
        cmocka_unit_test(tables),
        cmocka_unit_test(two_lines_for_a_pair),
        cmocka_unit_test(halves_become_folds),
        cmocka_unit_test(odd_halves),
        cmocka_unit_test(beginnings_are_recognised),
        cmocka_unit_test(lists_cut_anywhere),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(wrong_lists_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
