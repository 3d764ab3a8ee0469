/* Open sets and distractors against plain loops. */
#include "search_golden.h"

#include "base/random.h"
#include "tammes/openset.h"

static void open_sets_equal_the_plain_way(void **state) {
    static const double fpir[3] = {0.3, 0.1, 0.01};
    static golden_sets sets;
    double expected[32];
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        tam_ctx *ctx = test_ctx(1 + kind);
        tam_openset result;
        golden_sets_make(golden_kinds[kind], &sets);
        assert_int_equal(golden_line(golden_kinds[kind], "openset", 32, expected), 18);
        test_ok(ctx, tam_eval_openset(ctx, GOLDEN_WIDTH, GOLDEN_GALLERY, sets.gallery, sets.gallery_labels,
                                      GOLDEN_PROBES, sets.probes, sets.probe_labels, 3, fpir, &result));
        assert_int_equal(result.mated, (int64_t)expected[0]);
        assert_int_equal(result.nonmated, (int64_t)expected[1]);
        golden_near(result.rank1, expected[2]);
        for (int i = 0; i < 3; i++) {
            const tam_tpir_at_fpir *at = &result.at[i];
            golden_near(at->tpir, expected[3 + 5 * i]);
            assert_true(fabs(at->threshold - expected[4 + 5 * i]) < 1e-6);
            golden_near(at->achieved_fpir, expected[5 + 5 * i]);
            golden_near(at->low, expected[6 + 5 * i]);
            golden_near(at->high, expected[7 + 5 * i]);
            assert_int_equal(at->sufficient, (double)result.nonmated * fpir[i] >= 3);
        }
        test_ctx_free(ctx);
    }
}

static void nobody_unknown_is_no_number(void **state) {
    static const float rows[2 * 2] = {1, 0, 0, 1};
    static const int32_t labels[2] = {1, 2}, others[2] = {3, 4};
    static const double zero = 0;
    tam_ctx *ctx = test_ctx(1);
    tam_openset result;
    (void)state;
    test_ok(ctx, tam_eval_openset(ctx, 2, 2, rows, labels, 2, rows, labels, 0, NULL, &result));
    assert_true(result.rank1 == 1 && result.nonmated == 0 && isnan(result.at[0].tpir) && !result.at[0].sufficient);
    test_ok(ctx, tam_eval_openset(ctx, 2, 2, rows, labels, 2, rows, others, 0, NULL, &result));
    assert_true(isnan(result.rank1) && result.mated == 0 && isnan(result.at[0].tpir));
    test_ok(ctx, tam_eval_openset(ctx, 2, 2, (const float[4]){1, 0, 2, 0}, labels, 2, (const float[4]){1, 0, 1, 0},
                                  (const int32_t[2]){1, 1}, 0, NULL, &result));
    assert_true(result.rank1 == 1); /* both gallery rows are as similar: the first one is the best */
    test_fails(ctx, tam_eval_openset(ctx, 2, 2, rows, labels, 2, rows, labels, 1, &zero, &result), TAM_CONFIG,
               "false identifications of 0");
    test_ctx_free(ctx);
}

/* Ranks among the first `most` distractors of the order that the seed gives, by plain loops. */
static void plain_shares(const golden_sets *sets, uint64_t seed, int most, double shares[TAM_DISTRACTOR_RANKS]) {
    static const int64_t ranks[TAM_DISTRACTOR_RANKS] = {1, 5, 10, 100};
    uint32_t order[GOLDEN_STRANGERS];
    tam_random random = tam_random_at(seed, TAM_PURPOSE_DISTRACTORS, 0, 0);
    int64_t trials = 0, hits[TAM_DISTRACTOR_RANKS] = {0};
    for (uint32_t i = 0; i < GOLDEN_STRANGERS; i++) {
        uint32_t j = tam_random_below(&random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (int i = 0; i < GOLDEN_PROBES; i++) {
        for (int j = 0; j < GOLDEN_PROBES; j++) {
            if (i == j || sets->probe_labels[i] != sets->probe_labels[j]) {
                continue;
            }
            int own = 0, before = 0;
            for (int k = 0; k < GOLDEN_WIDTH; k++) {
                own += (int)sets->probes[i * GOLDEN_WIDTH + k] * (int)sets->probes[j * GOLDEN_WIDTH + k];
            }
            for (int m = 0; m < most; m++) {
                int score = 0;
                for (int k = 0; k < GOLDEN_WIDTH; k++) {
                    score += (int)sets->probes[i * GOLDEN_WIDTH + k] *
                             (int)sets->strangers[order[m] * GOLDEN_WIDTH + (uint32_t)k];
                }
                before += score >= own;
            }
            trials++;
            for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
                hits[rank] += before < ranks[rank];
            }
        }
    }
    for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
        shares[rank] = (double)hits[rank] / (double)trials;
    }
}

static void distractors_equal_the_plain_way(void **state) {
    static golden_sets sets;
    double expected[8], shares[TAM_DISTRACTOR_RANKS];
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        tam_ctx *ctx = test_ctx(2 - kind);
        tam_distractors result;
        golden_sets_make(golden_kinds[kind], &sets);
        test_ok(ctx, tam_eval_distractors(ctx, GOLDEN_WIDTH, GOLDEN_PROBES, sets.probes, sets.probe_labels,
                                          GOLDEN_STRANGERS, sets.strangers, 5, &result));
        assert_int_equal(golden_line(golden_kinds[kind], "distractors", 8, expected), 7);
        assert_int_equal(result.levels, 3);
        assert_int_equal(result.at[2].distractors, GOLDEN_STRANGERS);
        assert_int_equal(result.trials, (int64_t)expected[0]);
        for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
            golden_near(result.at[2].rank[rank], expected[1 + rank]);
        }
        golden_near(result.at[2].low, expected[5]);
        golden_near(result.at[2].high, expected[6]);
        for (int level = 0; kind == 1 && level < 3; level++) { /* whole numbers, so a plain loop has no rounding */
            plain_shares(&sets, 5, (int)result.at[level].distractors, shares);
            for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
                golden_near(result.at[level].rank[rank], shares[rank]);
            }
        }
        test_ctx_free(ctx);
    }
}

static void no_distractors_are_refused(void **state) {
    static const float rows[2 * 2] = {1, 0, 0, 1};
    static const int32_t labels[2] = {1, 2};
    tam_ctx *ctx = test_ctx(1);
    tam_distractors result;
    (void)state;
    test_fails(ctx, tam_eval_distractors(ctx, 2, 2, rows, labels, 0, rows, 0, &result), TAM_CONFIG, "no distractors");
    test_ok(ctx, tam_eval_distractors(ctx, 2, 2, rows, labels, 2, rows, 0, &result));
    assert_int_equal(result.trials, 0);
    assert_true(isnan(result.at[0].rank[0]));
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_sets_equal_the_plain_way),
        cmocka_unit_test(nobody_unknown_is_no_number),
        cmocka_unit_test(distractors_equal_the_plain_way),
        cmocka_unit_test(no_distractors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
