/* Keys and names as people type them. */
#include "support.h"

#include <locale.h>
#include <math.h>

#include "base/spec.h"

static const tam_key keys[] = {
    TAM_NUMBER("scale", 64.0, 0.5, 1000.0, "scale of the logits"),
    TAM_NUMBER("margin", 0.5, 0.0, 1.5, "margin"),
    TAM_WHOLE("layers", 3.0, 1.0, 9.0, "number of layers"),
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static void test_defaults_and_values(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    double v[KEYS];
    static const char *const nothing[] = {NULL, ""};
    for (int k = 0; k < 2; k++) {
        test_ok(ctx, tam_keys_read(ctx, "thing", nothing[k], keys, KEYS, v));
        assert_true(v[0] == 64.0 && v[1] == 0.5 && v[2] == 3.0);
    }
    test_ok(ctx, tam_keys_read(ctx, "thing", "layers=9,scale=0.5", keys, KEYS, v)); /* ends of the ranges */
    assert_true(v[0] == 0.5 && v[1] == 0.5 && v[2] == 9.0);
    test_ok(ctx, tam_keys_read(ctx, "thing", "scale=1e+2,margin=.25,layers=2.0", keys, KEYS, v));
    assert_true(v[0] == 100.0 && v[1] == 0.25 && v[2] == 2.0);
    test_ok(ctx, tam_keys_read(ctx, "thing", "", NULL, 0, NULL));
    test_ctx_free(ctx);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"margn=1", "unknown key of thing 'margn' (did you mean 'margin'?)"},
        {"zzzzzzzz=1", "unknown key of thing 'zzzzzzzz' (known: scale, margin, layers)"},
        {"scale", "thing: 'scale' is not key=value"},
        {"=3", "thing: '=3' is not key=value"},
        {"scale=", "thing: scale= is not a number"},
        {"scale=1x", "thing: scale=1x is not a number"},
        {"scale=nan", "thing: scale=nan is not a number"},
        {"scale=inf", "thing: scale=inf is not a number"},
        {"scale=1e999", "thing: scale=1e999 is not a number"},
        {"scale=0x10", "thing: scale=0x10 is not a number"},
        {"scale= 3", "thing: scale= 3 is not a number"},
        {"scale=0.4999", "thing: scale=0.4999 is outside its range [0.5, 1000]"},
        {"margin=-1", "thing: margin=-1 is outside its range [0, 1.5]"},
        {"layers=2.5", "thing: layers=2.5 is outside its range [1, 9] of whole numbers"},
        {"scale=3,scale=3", "thing: scale is given twice"},
        {"scale=3,", "thing: a comma ends the list of keys"},
        {",scale=3", "thing: '' is not key=value"},
        {"scale=3,,layers=2", "thing: '' is not key=value"},
        {"scale=3 ", "thing: scale=3  is not a number"},
    };
    tam_ctx *ctx = test_ctx(1);
    double v[KEYS];
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        test_fails(ctx, tam_keys_read(ctx, "thing", wrong[k][0], keys, KEYS, v), TAM_CONFIG, wrong[k][1]);
    }
    test_fails(ctx, tam_keys_read(ctx, "thing", "s=1", NULL, 0, v), TAM_CONFIG, "thing takes no keys");
    char longest[300];
    memset(longest, 'k', sizeof longest);
    longest[298] = '=';
    longest[299] = '\0';
    test_fails(ctx, tam_keys_read(ctx, "thing", longest, keys, KEYS, v), TAM_CONFIG, "is not key=value");
    test_ctx_free(ctx);
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const names[] = {"arcface", "cosface", "softmax"};
    tam_ctx *ctx = test_ctx(1);
    assert_string_equal(tam_nearest_name("arcfce", names, 3), "arcface");
    assert_string_equal(tam_nearest_name("softmxa", names, 3), "softmax");
    assert_null(tam_nearest_name("resnet", names, 3));
    assert_null(tam_nearest_name("", names, 3));
    char word[200];
    memset(word, 'x', sizeof word);
    word[199] = '\0';
    (void)tam_nearest_name(word, names, 3); /* longer than the table of distances */
    assert_int_equal(tam_name_find(ctx, "loss", "cosface", names, 3), 1);
    assert_int_equal(tam_name_find(ctx, "loss", "cosfac", names, 3), -1);
    assert_string_equal(tam_ctx_message(ctx), "unknown loss 'cosfac' (did you mean 'cosface'?)");
    test_ctx_free(ctx);
}

/* 0.5 is a half also where people write 0,5. */
static void test_decimal_comma(void **state) {
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "de_DE"};
    bool set = false;
    for (size_t k = 0; k < sizeof locales / sizeof locales[0] && !set; k++) {
        set = setlocale(LC_NUMERIC, locales[k]) != NULL;
    }
    double value = 0.0;
    assert_true(tam_number_read("0.5", 3, &value) && value == 0.5);
    assert_true(tam_number_read("0.75,layers=3", 4, &value) && value == 0.75);
    assert_false(tam_number_read("0,5", 3, &value));
    assert_false(tam_number_read("", 0, &value));
    assert_false(tam_number_read("--1", 3, &value));
    assert_false(tam_number_read("1e", 2, &value));
    setlocale(LC_NUMERIC, "C");
    if (!set) {
        print_message("no locale with a decimal comma is installed: only the plain one was tried\n");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_and_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_decimal_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
