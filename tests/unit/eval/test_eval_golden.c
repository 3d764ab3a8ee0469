/* The evaluators against scikit-learn, SciPy and NumPy: tests/oracle/eval_oracle.py made the numbers. */
#include "support.h"

#include <math.h>

#include "tammes/eval.h"

enum { ROWS = 64, WIDTH = 16, PAIRS = 128, LEVELS = 3 };

typedef struct golden_set {
    char name[32];
    int n, d, pairs;
    float e[ROWS * WIDTH];
    int32_t labels[ROWS];
    int64_t a[2 * PAIRS];
    uint8_t same[PAIRS];
    double all[3 + 5 * LEVELS], listed[3 + 5 * LEVELS], folds[3][3], pca[2];
} golden_set;

static const double far[LEVELS] = {0.5, 0.1, 0.01};

static void read_numbers(FILE *file, int count, double *numbers) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(fscanf(file, "%lf", &numbers[i]), 1);
    }
}

static void read_set(FILE *file, golden_set *set) {
    double number;
    assert_int_equal(fscanf(file, "%31s %d %d %d", set->name, &set->n, &set->d, &set->pairs), 4);
    assert_true(set->n <= ROWS && set->d <= WIDTH && set->pairs <= PAIRS);
    for (int i = 0; i < set->n * set->d; i++) {
        read_numbers(file, 1, &number);
        set->e[i] = (float)number;
    }
    for (int i = 0; i < set->n; i++) {
        read_numbers(file, 1, &number);
        set->labels[i] = (int32_t)number;
    }
    for (int i = 0; i < 2 * set->pairs; i++) {
        read_numbers(file, 1, &number);
        set->a[i] = (int64_t)number;
    }
    for (int i = 0; i < set->pairs; i++) {
        set->same[i] = set->labels[set->a[2 * i]] == set->labels[set->a[2 * i + 1]];
    }
    read_numbers(file, 3 + 5 * LEVELS, set->all);
    read_numbers(file, 3 + 5 * LEVELS, set->listed);
    for (int rule = 0; rule < 3; rule++) {
        read_numbers(file, 3, set->folds[rule]);
    }
    read_numbers(file, 2, set->pca);
}

static void check_verification(const tam_verification *result, const double *expected) {
    assert_true(fabs(result->eer - expected[0]) < 1e-9);
    assert_true(fabs(result->auc - expected[1]) < 1e-12);
    assert_true(fabs(result->d_prime - expected[2]) < 1e-5);
    for (int i = 0; i < LEVELS; i++) {
        const double *at = expected + 3 + 5 * i;
        assert_true(fabs(result->at[i].tar - at[0]) < 1e-12);
        assert_true(fabs(result->at[i].threshold - at[1]) < 1e-6);
        assert_true(fabs(result->at[i].achieved_far - at[2]) < 1e-12);
        assert_true(fabs(result->at[i].low - at[3]) < 1e-9);
        assert_true(fabs(result->at[i].high - at[4]) < 1e-9);
    }
}

static void equals_scikit_learn(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/eval.txt", getenv("TAMMES_SOURCE") ? getenv("TAMMES_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int i = 0; i < 2; i++) {
        static golden_set set;
        tam_verification result;
        tam_folds folds;
        tam_ctx *ctx = test_ctx(2);
        read_set(file, &set);
        test_ok(ctx, tam_eval_all_pairs(ctx, set.n, set.d, set.e, set.labels, LEVELS, far, &result));
        check_verification(&result, set.all);
        test_ok(ctx, tam_eval_pairs(ctx, set.n, set.d, set.e, set.pairs, set.a, set.same, LEVELS, far, &result));
        check_verification(&result, set.listed);
        for (int rule = 0; rule < 3; rule++) {
            const double *expected = set.folds[rule];
            test_ok(ctx, tam_eval_folds(ctx, (tam_fold_rule)rule, set.n, set.d, set.e, set.pairs, set.a, set.same, 10,
                                        &folds));
            assert_true(fabs(folds.accuracy - expected[0]) < 1e-12);
            assert_true(fabs((rule == 0 ? folds.deviation : folds.standard_error) - expected[1]) < 1e-12);
            assert_true(fabs(folds.threshold - expected[2]) < (rule == 0 ? 1e-12 : 1e-9));
        }
        test_ok(ctx, tam_eval_folds_pca(ctx, 3, set.n, set.d, set.e, set.pairs, set.a, set.same, 10, &folds));
        assert_true(fabs(folds.accuracy - set.pca[0]) < 1e-12);
        assert_true(fabs(folds.deviation - set.pca[1]) < 1e-12);
        test_ctx_free(ctx);
    }
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_scikit_learn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
