/* Numbers as text for files: a decimal point in every locale, and no digit too many or too few. */
#include "support.h"

#include <locale.h>

#include "base/format.h"

static void expect_real(double value, const char *text) {
    char written[TAM_REAL_ROOM];
    tam_format_real(written, value);
    assert_string_equal(written, text);
    assert_true(strtod(written, NULL) == value);
}

static void reals_have_the_fewest_digits_that_read_back(void **state) {
    (void)state;
    expect_real(0.1, "0.1");
    expect_real(0.0, "0");
    expect_real(-2.5e-5, "-2.5e-05");
    expect_real(128.0, "128");
    expect_real(1.0 / 3.0, "0.3333333333333333");
    expect_real(0.1 + 0.2, "0.30000000000000004");
    expect_real(-1.7976931348623157e308, "-1.7976931348623157e+308");
    expect_real(5e-324, "4.94066e-324"); /* what %g of six digits says reads back too */
}

/* Where the machine has a locale with a comma the program's choice of it changes nothing. */
static void the_locale_does_not_matter(void **state) {
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    char text[16];
    for (size_t i = 0; i < sizeof commas / sizeof *commas; i++) {
        if (setlocale(LC_ALL, commas[i]) != NULL) {
            break;
        }
    }
    assert_int_equal(tam_format(text, sizeof text, "%.2f %d", 1.25, 7), 6);
    assert_string_equal(text, "1.25 7");
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_the_fewest_digits_that_read_back),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
