#include "support.h"

#include <math.h>

#include "base/spec.h"
#include "io/decimal.h"

static void whole_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } right[] = {{"0", 0},
                 {"-0", 0},
                 {"+7", 7},
                 {"0012", 12},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN}};
    static const char *const wrong[] = {
        "",    "-",   "+",  "1.0", " 1", "1 ", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
        "0x1", "1e3", "--1"};
    int64_t value;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_true(tam_integer_read(right[i].text, strlen(right[i].text), &value));
        assert_true(value == right[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(tam_integer_read(wrong[i], strlen(wrong[i]), &value));
    }
    assert_true(tam_integer_read("123", 2, &value) && value == 12);
}

/* As the C library reads them, to the last bit, for what has a fast way and what has not. */
static void reals(void **state) {
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0.0",
                                        "1.",
                                        ".5",
                                        "38.2946",
                                        "0.1",
                                        "123456789012345",
                                        "1234567.89012345",
                                        "0.000000000000001",
                                        "0000000000000000000.5",
                                        "1234567890123456789",
                                        "1e3",
                                        "-2.5E-7",
                                        "0.30000000000000004",
                                        "4.9e-324",
                                        "+3"};
    static const char *const wrong[] = {"", ".", "-", "1,5", "1e999", "nan", "1.2.3", "1-2", "0x10", " 1", "-.", "1e"};
    double value, expected;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(tam_decimal_read(texts[i], strlen(texts[i]), &value));
        assert_true(tam_number_read(texts[i], strlen(texts[i]), &expected));
        assert_true(value == expected && signbit(value) == signbit(expected));
    }
    for (int i = 0; i < 20000; i++) {
        char text[40];
        snprintf(text, sizeof text, "%.*f", i % 12, (i % 2 == 0 ? 1.0 : -1.0) * sin(i) * pow(10.0, i % 7));
        assert_true(tam_decimal_read(text, strlen(text), &value));
        assert_true(value == strtod(text, NULL));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(tam_decimal_read(wrong[i], strlen(wrong[i]), &value));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_numbers), cmocka_unit_test(reals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
