/* The incomplete beta function and Clopper-Pearson intervals against known values. */
#include "support.h"

#include <math.h>

#include "eval/interval.h"

static void incomplete_beta_known_values(void **state) {
    (void)state;
    for (int i = 0; i <= 20; i++) {
        double x = i / 20.0;
        assert_true(fabs(tam_incomplete_beta(1, 1, x) - x) < 1e-12);
        assert_true(fabs(tam_incomplete_beta(2, 1, x) - x * x) < 1e-12);
        assert_true(fabs(tam_incomplete_beta(1, 3, x) - (1 - pow(1 - x, 3))) < 1e-12);
        assert_true(fabs(tam_incomplete_beta(0.5, 0.5, x) - 2 / acos(-1) * asin(sqrt(x))) < 1e-12);
        assert_true(fabs(tam_incomplete_beta(7, 12, x) + tam_incomplete_beta(12, 7, 1 - x) - 1) < 1e-12);
    }
}

/* scipy.stats.beta.ppf */
static void clopper_pearson_known_values(void **state) {
    (void)state;
    static const struct {
        int64_t hits, count;
        double low, high;
    } known[] = {
        {0, 1, 0, 0.975},
        {1, 1, 0.025, 1},
        {0, 10, 0, 0.308497107818761},
        {3, 10, 0.0667395111777345, 0.652452850059997},
        {10, 10, 0.691502892181239, 1},
        {50, 100, 0.398321129503301, 0.601678870496699},
        {999, 1000, 0.994441075720173, 0.999974682512509},
        {12345, 1000000, 0.0121294938256062, 0.0125633376607128},
        {199999990, 200000000, 0.999999908048222, 0.999999976023056},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high;
        tam_clopper_pearson(known[i].hits, known[i].count, &low, &high);
        assert_true(fabs(low - known[i].low) <= 1e-9 * known[i].low + 1e-15);
        assert_true(fabs(high - known[i].high) <= 1e-9 * known[i].high + 1e-15);
    }
}

static void nothing_seen_is_no_interval(void **state) {
    (void)state;
    double low = 0, high = 0;
    tam_clopper_pearson(0, 0, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incomplete_beta_known_values),
        cmocka_unit_test(clopper_pearson_known_values),
        cmocka_unit_test(nothing_seen_is_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
