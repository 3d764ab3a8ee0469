/* Thresholds and confidence against SciPy and scikit-learn: tests/oracle/calibration_oracle.py made the numbers. */
#include "support.h"

#include <math.h>

#include "tammes/calibration.h"

enum { ROWS = 64, WIDTH = 8, PAIRS = 400, LEVELS = 3, EXPECTED = 2 + 6 * LEVELS + 2 };

typedef struct golden_set {
    char name[32];
    int n, d, pairs;
    float e[ROWS * WIDTH];
    int32_t labels[ROWS];
    int64_t a[2 * PAIRS];
    uint8_t same[PAIRS];
    double expected[2][EXPECTED]; /* all pairs, listed ones */
} golden_set;

static const double rates[LEVELS] = {0.1, 0.02, 1e-6};

static double next_number(FILE *file) {
    double number;
    assert_int_equal(fscanf(file, "%lf", &number), 1);
    return number;
}

static void read_set(FILE *file, golden_set *set) {
    assert_int_equal(fscanf(file, "%31s %d %d %d", set->name, &set->n, &set->d, &set->pairs), 4);
    assert_true(set->n <= ROWS && set->d <= WIDTH && set->pairs <= PAIRS);
    for (int i = 0; i < set->n * set->d; i++) {
        set->e[i] = (float)next_number(file);
    }
    for (int i = 0; i < set->n; i++) {
        set->labels[i] = (int32_t)next_number(file);
    }
    for (int i = 0; i < 2 * set->pairs; i++) {
        set->a[i] = (int64_t)next_number(file);
    }
    for (int i = 0; i < set->pairs; i++) {
        set->same[i] = set->labels[set->a[2 * i]] == set->labels[set->a[2 * i + 1]];
    }
    for (int i = 0; i < 2 * EXPECTED; i++) {
        set->expected[i / EXPECTED][i % EXPECTED] = next_number(file);
    }
}

static FILE *open_golden(void) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/calibration.txt",
             getenv("TAMMES_SOURCE") ? getenv("TAMMES_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static void near(double value, double expected, double within) {
    if (isnan(expected) ? !isnan(value) : !(fabs(value - expected) <= within)) {
        fail_msg("%.12g, expected %.12g", value, expected);
    }
}

static void check(const tam_calibration *result, const double *expected) {
    assert_true(result->genuine == (int64_t)expected[0] && result->impostor == (int64_t)expected[1]);
    assert_int_equal(result->levels, LEVELS);
    assert_int_equal(result->chosen, -1);
    for (int i = 0; i < LEVELS; i++) {
        const tam_calibration_level *level = &result->at[i];
        const double *wanted = expected + 2 + 6 * i;
        assert_true(level->fmr == rates[i]);
        assert_int_equal(level->sufficient, !isnan(wanted[0]));
        near(level->threshold, wanted[0], 1e-6);
        near(level->achieved, wanted[1], 1e-12);
        near(level->achieved_high, wanted[2], 1e-9);
        near(level->fnmr, wanted[3], 1e-12);
        near(level->fnmr_low, wanted[4], 1e-9);
        near(level->fnmr_high, wanted[5], 1e-9);
    }
    const double *line = expected + EXPECTED - 2; /* scores in bins of 3e-5 */
    near(result->slope, line[0], 1e-3 * line[0]);
    near(result->offset, line[1], 1e-3 * (fabs(line[1]) + line[0]));
    for (double score = -1; score <= 1; score += 0.125) {
        near(tam_confidence(result, score), 1 / (1 + exp(-line[0] * score - line[1])), 2e-4);
    }
}

static void equals_scikit_learn(void **state) {
    (void)state;
    FILE *file = open_golden();
    for (int i = 0; i < 2; i++) {
        for (int threads = 1; threads <= 3; threads += 2) {
            static golden_set set;
            tam_calibration all, listed;
            tam_ctx *ctx = test_ctx(threads);
            if (threads == 1) {
                read_set(file, &set);
            }
            test_ok(ctx, tam_calibrate_all_pairs(ctx, set.n, set.d, set.e, set.labels, LEVELS, rates, &all));
            check(&all, set.expected[0]);
            test_ok(ctx,
                    tam_calibrate_pairs(ctx, set.n, set.d, set.e, set.pairs, set.a, set.same, LEVELS, rates, &listed));
            check(&listed, set.expected[1]);
            test_ctx_free(ctx);
        }
    }
    fclose(file);
}

static void confidence_rises_and_is_never_certain(void **state) {
    (void)state;
    static golden_set set;
    tam_calibration result;
    tam_ctx *ctx = test_ctx(2);
    FILE *file = open_golden();
    for (int i = 0; i < 2; i++) { /* the second set is separable */
        read_set(file, &set);
        test_ok(ctx, tam_calibrate_all_pairs(ctx, set.n, set.d, set.e, set.labels, 0, NULL, &result));
        assert_int_equal(result.levels, 6);
        double last = 0;
        for (double score = -1; score <= 1; score += 0.0625) {
            double sure = tam_confidence(&result, score);
            assert_true(sure > last && sure < 1);
            last = sure;
        }
    }
    fclose(file);
    test_ctx_free(ctx);
}

/* The same bits on one thread and on several, and every failing allocation is a failure that leaves nothing. */
static void threads_and_memory(void **state) {
    (void)state;
    static golden_set set;
    static tam_calibration one, four, rationed;
    FILE *file = open_golden();
    read_set(file, &set);
    fclose(file);
    for (int threads = 1; threads <= 4; threads += 3) {
        tam_ctx *ctx = test_ctx(threads);
        test_ok(ctx, tam_calibrate_all_pairs(ctx, set.n, set.d, set.e, set.labels, LEVELS, rates,
                                             threads == 1 ? &one : &four));
        test_ctx_free(ctx);
    }
    assert_memory_equal(&one, &four, sizeof one);
    for (int listed = 0; listed < 2; listed++) {
        tam_status status = TAM_RESOURCES;
        for (int granted = 1; status != TAM_OK; granted++) {
            int left = granted;
            tam_ctx *ctx;
            tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
            if (tam_ctx_create(&config, &ctx) != TAM_OK) {
                continue;
            }
            size_t before = tam_ctx_memory(ctx).bytes;
            status = listed ? tam_calibrate_pairs(ctx, set.n, set.d, set.e, set.pairs, set.a, set.same, LEVELS, rates,
                                                  &rationed)
                            : tam_calibrate_all_pairs(ctx, set.n, set.d, set.e, set.labels, LEVELS, rates, &rationed);
            assert_true(status == TAM_OK || status == TAM_RESOURCES);
            assert_int_equal(tam_ctx_memory(ctx).bytes, before);
            tam_ctx_free(ctx);
            assert_true(granted < 1000);
        }
    }
}

/* One kind of pairs only, scores that are all equal, and scores that say the opposite: nothing is said. */
static void what_cannot_be_calibrated_is_not(void **state) {
    (void)state;
    static const float rows[6] = {1, 0, 1, 0.1f, 0, 1};
    static const int32_t one[3] = {7, 7, 7}, three[3] = {1, 2, 3};
    static const int64_t pairs[4] = {0, 2, 0, 1};
    static const uint8_t opposite[2] = {1, 0};
    const double half = 0.5, even = 1.0;
    tam_calibration result;
    tam_ctx *ctx = test_ctx(1);
    for (int i = 0; i < 2; i++) {
        test_ok(ctx, tam_calibrate_all_pairs(ctx, 3, 2, rows, i == 0 ? one : three, 1, &half, &result));
        assert_true(result.genuine == (i == 0 ? 3 : 0) && result.impostor == (i == 0 ? 0 : 3));
        assert_false(result.at[0].sufficient);
        assert_true(isnan(result.at[0].threshold) && isnan(tam_confidence(&result, 0.5)));
    }
    test_ok(ctx, tam_calibrate_pairs(ctx, 3, 2, rows, 2, pairs, opposite, 1, &even, &result));
    assert_true(isnan(result.slope) && isnan(tam_confidence(&result, 0.9)));
    static const float equal[6] = {1, 1, 1, 1, 1, 1};
    test_ok(ctx, tam_calibrate_pairs(ctx, 3, 2, equal, 2, pairs, opposite, 1, &even, &result));
    double sure = tam_confidence(&result, 1);
    assert_true(isnan(sure) || fabs(sure - 0.5) < 0.2);
    test_ctx_free(ctx);
}

static void rows_that_are_not_finite_are_named(void **state) {
    (void)state;
    float rows[6] = {1, 0, NAN, 0.1f, 0, 1};
    static const int32_t labels[3] = {1, 1, 2};
    static const int64_t pairs[4] = {0, 1, 0, 2}, outside[2] = {0, 3};
    static const uint8_t same[2] = {1, 0};
    tam_calibration result;
    double scores[2];
    tam_ctx *ctx = test_ctx(1);
    test_fails(ctx, tam_calibrate_all_pairs(ctx, 3, 2, rows, labels, 0, NULL, &result), TAM_INPUT, "row 1");
    test_fails(ctx, tam_calibrate_pairs(ctx, 3, 2, rows, 2, pairs, same, 0, NULL, &result), TAM_INPUT, "row 1");
    test_fails(ctx, tam_score_pairs(ctx, 3, 2, rows, 2, pairs, scores), TAM_INPUT, "row 1");
    rows[2] = INFINITY;
    test_fails(ctx, tam_score_pairs(ctx, 3, 2, rows, 2, pairs, scores), TAM_INPUT, "row 1");
    rows[2] = 0.6f;
    rows[3] = 0.8f;
    test_fails(ctx, tam_score_pairs(ctx, 3, 2, rows, 1, outside, scores), TAM_INPUT, "names row 3");
    test_ok(ctx, tam_score_pairs(ctx, 3, 2, rows, 2, pairs, scores));
    assert_true(scores[0] == (double)0.6f && scores[1] == 0);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(confidence_rises_and_is_never_certain),
        cmocka_unit_test(threads_and_memory),
        cmocka_unit_test(what_cannot_be_calibrated_is_not),
        cmocka_unit_test(rows_that_are_not_finite_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
