/* The scale of DET curves against scipy.stats.norm.ppf: tests/oracle/scores_oracle.py. */
#include "support.h"

#include <math.h>

#include "plot/probit.h"

enum { CHANCES = 15 };

static void read_line(const char *name, double values[CHANCES]) {
    char path[1024], word[64];
    snprintf(path, sizeof path, "%s/tests/golden/scores.txt", getenv("TAMMES_SOURCE") ? getenv("TAMMES_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fscanf(file, "%63s", word) == 1 && strcmp(word, name) != 0) {
    }
    assert_string_equal(word, name);
    for (int i = 0; i < CHANCES; i++) {
        assert_int_equal(fscanf(file, "%lf", &values[i]), 1);
    }
    fclose(file);
}

static void quantiles_are_scipys(void **state) {
    (void)state;
    double chance[CHANCES], expected[CHANCES];
    read_line("chances", chance);
    read_line("probit", expected);
    for (int i = 0; i < CHANCES; i++) {
        double found = tam_probit(chance[i]);
        if (!(fabs(found - expected[i]) <= 1e-13 * fmax(1, fabs(expected[i])))) {
            fail_msg("probit(%g) = %.17g, not %.17g", chance[i], found, expected[i]);
        }
    }
}

static void ends_are_infinite(void **state) {
    (void)state;
    assert_true(tam_probit(0) == -INFINITY && tam_probit(1) == INFINITY);
    assert_true(isnan(tam_probit(-0.1)) && isnan(tam_probit(1.1)) && isnan(tam_probit(NAN)));
    for (double chance = 0.001; chance < 0.999; chance += 0.001) {
        assert_true(tam_probit(chance) < tam_probit(chance + 0.001));
    }
}

static void ticks_rise_and_say_what_they_are(void **state) {
    (void)state;
    const tam_probit_tick *ticks = tam_probit_ticks();
    for (int i = 0; i < TAM_PROBIT_TICKS; i++) {
        assert_true(fabs(strtod(ticks[i].words, NULL) - 100 * ticks[i].rate) < 1e-12);
        assert_true(i == 0 || ticks[i].rate > ticks[i - 1].rate);
        assert_true(tam_probit_tick_above(ticks[i].rate) == ticks[i].rate);
    }
    assert_true(tam_probit_tick_above(0.03) == 0.05);
    assert_true(tam_probit_tick_above(1) == 0.999 && tam_probit_tick_above(1e-9) == 1e-7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_scipys),
        cmocka_unit_test(ends_are_infinite),
        cmocka_unit_test(ticks_rise_and_say_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
