#include "support.h"

#include <locale.h>
#include <math.h>

#include "plot/text_buffer.h"

static void check_real(double value, int decimals, const char *expected) {
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    tam_text_real(&text, value, decimals);
    assert_string_equal(text.data, expected);
    tam_text_free(&text);
    test_ctx_free(ctx);
}

static void reals_are_short_and_rounded(void **state) {
    (void)state;
    check_real(0, 2, "0");
    check_real(-0.001, 2, "0");
    check_real(12.5, 2, "12.5");
    check_real(-12.345, 2, "-12.35");
    check_real(1.999, 2, "2");
    check_real(0.05, 1, "0.1");
    check_real(100, 0, "100");
    check_real(NAN, 2, "-");
    check_real(INFINITY, 2, "-");
    check_real(1e300, 2, "1e300");
}

static void check_words(double value, int digits, const char *expected) {
    char words[32];
    tam_real_words(words, sizeof words, value, digits);
    assert_string_equal(words, expected);
}

static void significant_digits(void **state) {
    (void)state;
    check_words(1234.5678, 3, "1235");
    check_words(0.0123456, 3, "0.0123");
    check_words(-9.99999, 3, "-10");
    check_words(1.25e-7, 2, "1.3e-7");
    check_words(9.999e-7, 2, "1e-6");
    check_words(2.5e12, 2, "2.5e12");
    check_words(-3e-300, 2, "-3e-300");
    check_words(0, 3, "0");
    check_words(NAN, 3, "-");
    char words[32];
    tam_fixed_words(words, sizeof words, 24, 2);
    assert_string_equal(words, "24.00");
    tam_fixed_words(words, sizeof words, -0.0049, 2);
    assert_string_equal(words, "0.00");
    tam_fixed_words(words, sizeof words, NAN, 2);
    assert_string_equal(words, "-");
}

/* A locale with a decimal comma must not leak into the numbers; skipped where none is installed. */
static void locale_does_not_matter(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "es_ES.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_NUMERIC, names[i]) != NULL) {
            check_real(1.5, 2, "1.5");
            check_words(1.5e-9, 2, "1.5e-9");
            setlocale(LC_NUMERIC, "C");
            return;
        }
    }
}

static void escapes(void **state) {
    (void)state;
    static const struct {
        const char *words, *expected;
    } known[] = {
        {"a<b & \"c\" > 'd'", "a&lt;b &amp; &quot;c&quot; &gt; &#39;d&#39;"},
        {"\xce\xb8 \xe2\x82\xac \xf0\x9f\x98\x80", "\xce\xb8 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\x01\x7f", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* cut short */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", ""},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        tam_text text = {.ctx = ctx};
        tam_text_add(&text, "");
        tam_text_escape(&text, known[i].words);
        assert_string_equal(text.data, known[i].expected);
        tam_text_free(&text);
    }
    test_ctx_free(ctx);
}

static void grows(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    for (int i = 0; i < 10000; i++) {
        tam_text_format(&text, "%04d,", i);
    }
    assert_int_equal(text.size, 50000);
    assert_memory_equal(text.data + 5 * 8765, "8765,", 5);
    assert_false(text.failed);
    tam_text_free(&text);
    test_ctx_free(ctx);
}

static void failure_is_sticky(void **state) {
    (void)state;
    int left = 2;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    left = 1;
    tam_text text = {.ctx = ctx};
    for (int i = 0; i < 10000; i++) {
        tam_text_add(&text, "0123456789");
        assert_true(i < 100 || text.failed || text.size == 10 * ((size_t)i + 1));
    }
    assert_true(text.failed);
    left = 100;
    size_t size = text.size;
    tam_text_add(&text, "more");
    assert_int_equal(text.size, size);
    tam_text_free(&text);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_are_short_and_rounded),
        cmocka_unit_test(significant_digits),
        cmocka_unit_test(locale_does_not_matter),
        cmocka_unit_test(escapes),
        cmocka_unit_test(grows),
        cmocka_unit_test(failure_is_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
