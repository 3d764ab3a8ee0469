#include "support.h"

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
    test_ok(ctx, parse(ctx, arena, "2\nA 1 2\nA  3   4\nA 1 B 1\nA 2 B 2", &pairs));
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
    test_ok(ctx, parse(ctx, arena, "path_a,path_b,same\na/1.png,b c/2.png,0\na/1.png,a/2.png,1\n", &pairs));
    assert_true(pairs.count == 2 && pairs.folds == 10 && !pairs.stems);
    assert_string_equal(pairs.names[1], "b c/2.png");
    assert_memory_equal(pairs.same, "\0\1", 2);
    tam_arena_free(arena);
    test_ctx_free(ctx);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lfw_lists),
        cmocka_unit_test(tables),
        cmocka_unit_test(wrong_lists_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
