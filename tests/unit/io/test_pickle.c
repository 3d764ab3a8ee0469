/* The pickle machine: what it makes of every instruction, and what it refuses. */
#include "support.h"

#include "base/memory.h"
#include "io/pickle.h"

static tam_pickle_input input;

static tam_status run(tam_ctx *ctx, const char *pickle, size_t size, tam_pickle **out) {
    input = (tam_pickle_input){.ctx = ctx, .name = "set.bin", .memory = (const uint8_t *)pickle, .size = size};
    return tam_pickle_run(&input, out);
}

/* Of a pickle that is one whole number. */
static int64_t number_of(tam_ctx *ctx, const char *pickle, size_t size) {
    tam_pickle *out;
    test_ok(ctx, run(ctx, pickle, size, &out));
    tam_pickle_value value = tam_pickle_result(out);
    assert_int_equal(value.kind, TAM_PICKLE_WHOLE);
    tam_pickle_free(out);
    return (int64_t)value.at;
}
#define NUMBER(ctx, pickle) number_of(ctx, pickle, sizeof pickle - 1)

static void numbers_are_read(void **state) {
    assert_int_equal(NUMBER(*state, "K\377."), 255);
    assert_int_equal(NUMBER(*state, "M\1\2."), 513);
    assert_int_equal(NUMBER(*state, "J\376\377\377\377."), -2);
    assert_int_equal(NUMBER(*state, "I-17\n."), -17);
    assert_int_equal(NUMBER(*state, "I01\n."), 1);
    assert_int_equal(NUMBER(*state, "L123L\n."), 123);
    assert_int_equal(NUMBER(*state, "\x8a\0."), 0);
    assert_int_equal(NUMBER(*state, "\x8a\2\0\200."), -32768);
    assert_int_equal(NUMBER(*state, "\x8a\3\377\377\0."), 65535);
    assert_true(NUMBER(*state, "\x8a\10\0\0\0\0\0\0\0\200.") == INT64_MIN);
    assert_true(NUMBER(*state, "\x8a\10\376\377\377\377\377\377\377\377.") == -2);
    assert_true(NUMBER(*state, "\x8a\7\0\0\0\0\0\0\200.") == -((int64_t)1 << 55));
    assert_int_equal(NUMBER(*state, "\x88."), 1);
    assert_int_equal(NUMBER(*state, "cnumpy\nbool_\n\x88\x85R."), 1);
    assert_int_equal(NUMBER(*state, "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\2i2\x85RU\2\1\2\x86R."), 513);
    assert_int_equal(NUMBER(*state, "cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\nU\3>i2\x85RU\2\1\2\x86R."), 258);
}

static void bytes_say_where_they_lie(void **state) {
#define WRITTEN(pickle, bytes) \
    { pickle, bytes, sizeof pickle - 1, sizeof bytes - 1 }
    static const struct {
        const char *pickle, *bytes;
        size_t pickle_size, size;
    } written[] = {
        WRITTEN("U\3abc.", "abc"),
        WRITTEN("T\3\0\0\0abc.", "abc"),
        WRITTEN("\x8e\3\0\0\0\0\0\0\0abc.", "abc"),
        WRITTEN("S'a\\x00\\n\\'\\\\\\tz\\101'\n.", "a\0\n'\\\tzA"),
        WRITTEN("S\"it's\"\n.", "it's"),
        WRITTEN("c_codecs\nencode\n(X\5\0\0\0a\303\277\302\200X\6\0\0\0latin1tR.", "a\377\200"),
        WRITTEN("c_codecs\nencode\n(Va\\u005c\\u0000\377\\U000000e9\nVlatin1\ntR.", "a\\\0\377\351"),
    };
#undef WRITTEN
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        tam_pickle *out;
        uint8_t bytes[64];
        test_ok(*state, run(*state, written[i].pickle, written[i].pickle_size, &out));
        tam_pickle_value value = tam_pickle_result(out);
        assert_int_equal(value.kind, TAM_PICKLE_BYTES);
        size_t size = (size_t)value.size;
        test_ok(*state, tam_pickle_read_at(&input, value.at, bytes, size));
        assert_true(tam_pickle_decode(value.form, bytes, &size));
        assert_int_equal(size, written[i].size);
        assert_memory_equal(bytes, written[i].bytes, size);
        tam_pickle_free(out);
    }
}

static void text_that_is_none_is_refused(void **state) {
    static const struct {
        tam_pickle_form form;
        const char *text;
    } wrong[] = {
        {TAM_PICKLE_UTF8, "a\304\200"},      {TAM_PICKLE_UTF8, "a\302"},        {TAM_PICKLE_UTF8, "\302a"},
        {TAM_PICKLE_RAW_UNICODE, "\\u0100"}, {TAM_PICKLE_RAW_UNICODE, "\\u00"}, {TAM_PICKLE_RAW_UNICODE, "\\u00g0"},
        {TAM_PICKLE_ESCAPED, "a\\"},         {TAM_PICKLE_ESCAPED, "\\x4"},      {TAM_PICKLE_ESCAPED, "\\x4z"},
        {TAM_PICKLE_ESCAPED, "\\q"},         {TAM_PICKLE_ESCAPED, "\\777"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t size = strlen(wrong[i].text);
        uint8_t *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, wrong[i].text, size);
        assert_false(tam_pickle_decode(wrong[i].form, copy, &size));
        free(copy);
    }
}

/* Each would run something in Python. The name is in the sentence, and nothing was run. */
static void other_functions_are_refused_by_name(void **state) {
    static const struct {
        const char *pickle, *sentence;
    } wrong[] = {
        {"cos\nsystem\n(S'touch pickle-was-run'\ntR.", "byte 0: the pickle asks for os.system"},
        {"(S'touch pickle-was-run'\nios\nsystem\n.", "byte 25: the pickle asks for os.system"},
        {"\x80\x04\x8c\5posix\x8c\6system\x93\x8c\1x\x85R.", "asks for posix.system"},
        {"\x80\x02](c__builtin__\neval\nU\1x\x85Re.", "asks for __builtin__.eval"},
        {"cbuiltins\nexec\n(Vx\ntR.", "asks for builtins.exec"},
        {"cnumpy\nload\n(Vx\ntR.", "asks for numpy.load"},
        {"cnumpy.core.multiarray\nfromfile\n(Vx\ntR.", "asks for numpy.core.multiarray.fromfile"},
        {"cnumpy.corex\nscalar\n.", "asks for numpy.corex.scalar"},
        {"c_codecs\ndecode\n.", "asks for _codecs.decode"},
        {"cos\nencode\n.", "asks for os.encode"},
        {"c\1\2\n\033[2J\n.", "asks for ??.?[2J"},
        {"K\1K\2\x93.", "a number where the name of a function"},
        {"(inumpy\nndarray\n.", "an object is made"},
        {"cnumpy\nndarray\n)R.", "an array is made"},
        {"cnumpy\ndtype\n)R.", "a tuple of 0 values"},
        {"K\1)R.", "a number where a function should be"},
        {"c_codecs\nencode\n(Vx\nVrot13\ntR.", "encoded as 'rot13'"},
        {"c_codecs\nencode\n(K\1Vlatin1\ntR.", "a number is encoded"},
        {"]Nb.", "a list where an array"},
        {"Pabc\n.", "does not lie in the file"},
        {"\x97.", "does not lie in the file"},
        {"}.", "0x7d is no instruction"},
        {"\x80\x06.", "protocol 6"},
    };
    tam_pickle *out;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_fails(*state, run(*state, wrong[i].pickle, strlen(wrong[i].pickle), &out), TAM_INPUT, wrong[i].sentence);
        assert_null(out);
    }
    assert_int_not_equal(access("pickle-was-run", F_OK), 0);
}

#define RECONSTRUCT "cnumpy.core.multiarray\n_reconstruct\n"
#define ARRAY RECONSTRUCT "(cnumpy\nndarray\n)NtR(K\1" /* shape, dtype, order, bytes, "tb." */
#define U1 "cnumpy\ndtype\nU\2u1\x85R"
#define I8 "cnumpy\ndtype\nU\2i8\x85R"

static void broken_pickles_are_refused(void **state) {
    static const struct {
        const char *pickle, *sentence;
    } wrong[] = {
        {ARRAY "(K\3t" U1 "\x89U\4abcdtb.", "an array of 3 elements of 1 bytes each, but 4 bytes lie there"},
        {ARRAY "(L4294967296L\nL4294967296L\nt" U1 "\x89S''\ntb.", "the shape of an array is none"},
        {ARRAY "(I-1\nt" U1 "\x89S''\ntb.", "the shape of an array is none"},
        {ARRAY "(I2305843009213693952\nt" I8 "\x89S''\ntb.",
         "an array of 2305843009213693952 elements of 8 bytes each, but 0 bytes lie there"},
        {RECONSTRUCT "(cnumpy\ndtype\n)NtR.", "a function where numpy's ndarray should be"},
        {"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nU\2i9\x85RU\t123456789tR.", "not the bytes of its dtype"},
        {"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nU\2i2\x85RU\1"
         "1tR.",
         "not the bytes of its dtype"},
        {"cnumpy\ndtype\n(NNNNtR.", "a tuple of 4 values, where 1 to 3 should be"},
        {"cnumpy\ndtype\n(NNNNNNNNNNNNtR.", "a tuple of 12 values, where 1 to 3 should be"},
        {"cnumpy\ndtype\nU\2u1\x85R(NNNNNNNNNNtb.", "a tuple of 10 values, where 2 to 9 should be"},
        {ARRAY
         "(K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1K\1t" U1
         "\x89U\1atb.",
         "a tuple of 33 values, where 0 to 32 should be"},
        {"", "cut short at byte 0"},
        {".", "ends with 0 values"},
        {"NN.", "ends with 2 values"},
        {"N(.", "ends with 1 values"},
        {"a.", "appended to nothing"},
        {"NNa.", "appended to None"},
        {"(Na.", "appended to nothing"},
        {"(e.", "appended to nothing"},
        {"](Na.", "appended to nothing"},
        {"cnumpy\nbool_\n\x88\x85(R.", "never put"},
        {"Ne.", "a mark is taken"},
        {"t.", "a mark is taken"},
        {"N\x86.", "never put"},
        {"N(N\x86.", "never put"},
        {"R.", "never put"},
        {"q\1.", "never put"},
        {"Nr\377\377\377\377.", "memo place 4294967295 is out of order"},
        {"Np-1\n.", "out of order"},
        {"Nq\2h\1.", "nothing lies at memo place 1"},
        {"h\1.", "nothing lies at memo place 1"},
        {"g999999999999999999999999999999999999999999\n.", "no whole number"},
        {"I1x\n.", "no whole number"},
        {"I\n.", "no whole number"},
        {"I9999999999999999999\n.", "no whole number"},
        {"S'a\n.", "without its quotes"},
        {"S'\n.", "without its quotes"},
        {"T\377\377\377\377x.", "cut short"},
        {"\x8a\11xxxxxxxxx.", "a number of 9 bytes"},
        {"\x95\377\377\377\377\377\377\377\177.", "a frame of"},
        {"c_codecs\n", "cut short"},
    };
    tam_pickle *out;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_fails(*state, run(*state, wrong[i].pickle, strlen(wrong[i].pickle), &out), TAM_INPUT, wrong[i].sentence);
    }
}

/* `head`, `count` times `body`, `tail`. */
static tam_status run_many(tam_ctx *ctx, const char *head, const char *body, size_t body_size, size_t count,
                           const char *tail, tam_pickle **out) {
    size_t size = strlen(head) + body_size * count + strlen(tail), at = strlen(head);
    char *pickle = malloc(size);
    assert_non_null(pickle);
    memcpy(pickle, head, at);
    for (size_t i = 0; i < count; i++, at += body_size) {
        memcpy(pickle + at, body, body_size);
    }
    memcpy(pickle + at, tail, strlen(tail));
    tam_status status = run(ctx, pickle, size, out);
    free(pickle);
    return status;
}

enum { MANY = 4000000 };

static void expect_bounded(tam_ctx *ctx, size_t file_bytes) {
    assert_true(tam_ctx_memory(ctx).peak_bytes <= 2 * file_bytes + ((size_t)64 << 20));
}

static void deep_nesting_costs_what_it_says(void **state) {
    (void)state;
    static const struct {
        const char *body, *tail;
    } deep[] = {{"]", "."}, {"(", "."}, {"(l", "."}, {"\x85", "."}, {"N", "."}};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        tam_ctx *ctx = test_ctx(1);
        tam_pickle *out;
        size_t size = strlen(deep[i].body);
        tam_status status = run_many(ctx, "N", deep[i].body, size, MANY, deep[i].tail, &out);
        assert_int_equal(status, TAM_INPUT);
        expect_bounded(ctx, size * MANY);
        test_ctx_free(ctx);
    }
    tam_ctx *ctx = test_ctx(1);
    tam_pickle *out;
    test_ok(ctx, run_many(ctx, "N", "\x85", 1, 100000, ".", &out));
    assert_int_equal(tam_pickle_result(out).kind, TAM_PICKLE_TUPLE);
    tam_pickle_free(out);
    test_ctx_free(ctx);
}

/* Pairs of pairs of ..., each the same twice: 2^100 leaves if anybody followed them. And a list of itself. */
static void what_is_shared_is_not_copied(void **state) {
    tam_pickle *out;
    char pickle[600] = {'N', 'q', 0};
    size_t at = 3;
    for (char level = 0; level < 100; level++) {
        const char pair[] = {'h', level, '\x86', 'q', (char)(level + 1)};
        memcpy(pickle + at, pair, sizeof pair);
        at += sizeof pair;
    }
    pickle[at++] = '.';
    test_ok(*state, run(*state, pickle, at, &out));
    tam_pickle_value pair = tam_pickle_result(out);
    for (int level = 100; level > 0; level--) {
        assert_true(pair.kind == TAM_PICKLE_TUPLE && tam_pickle_count(out, pair) == 2);
        uint64_t first = tam_pickle_first(out, pair);
        pair = tam_pickle_item(out, &first);
    }
    assert_int_equal(pair.kind, TAM_PICKLE_NONE);
    assert_true(tam_ctx_memory(*state).peak_bytes < (1 << 20));
    tam_pickle_free(out);

    test_ok(*state, run(*state, "]q\0h\0a.", 7, &out));
    tam_pickle_value list = tam_pickle_result(out);
    assert_int_equal(tam_pickle_count(out, list), 1);
    uint64_t place = tam_pickle_first(out, list);
    assert_int_equal(tam_pickle_item(out, &place).at, list.at);
    assert_int_equal(place, 0);
    tam_pickle_free(out);
}

static void memos_cannot_explode(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_pickle *out;
    assert_int_equal(run_many(ctx, "N", "\x94", 1, MANY, ".", &out), TAM_INPUT);
    expect_bounded(ctx, MANY);
    /* Far places put once each, and a list that is fetched and appended to many times. */
    assert_int_equal(run_many(ctx, "N", "r\377\0\0\1", 5, 1, ".", &out), TAM_INPUT);
    test_ok(ctx, run_many(ctx, "]q\1", "(h\1h\1h\1h\1e", 10, 100000, ".", &out));
    assert_int_equal(tam_pickle_count(out, tam_pickle_result(out)), 400000);
    tam_pickle_free(out);
    expect_bounded(ctx, 1000000);
    test_ctx_free(ctx);
}

/* Work that grew with the square of the file would not end before the test program's time is up. */
static void work_grows_with_the_file_only(void **state) {
    tam_ctx *ctx = *state;
    tam_pickle *out;
    test_ok(ctx, run_many(ctx, "](", "U\1xK\1", 5, 250000, "e.", &out));
    assert_int_equal(tam_pickle_count(out, tam_pickle_result(out)), 500000);
    tam_pickle_free(out);
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
        cmocka_unit_test_setup_teardown(numbers_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_say_where_they_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_functions_are_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_pickles_are_refused, set_up, tear_down),
        cmocka_unit_test(deep_nesting_costs_what_it_says),
        cmocka_unit_test_setup_teardown(what_is_shared_is_not_copied, set_up, tear_down),
        cmocka_unit_test(memos_cannot_explode),
        cmocka_unit_test_setup_teardown(work_grows_with_the_file_only, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
