/* Error-versus-discard curves against plain loops. */
#include "search_golden.h"

#include "tammes/quality.h"

static void curves_equal_the_plain_way(void **state) {
    float scores[GOLDEN_PROBES], quality[GOLDEN_PROBES];
    uint8_t same[GOLDEN_PROBES];
    double expected[128], given[GOLDEN_PROBES];
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        tam_ctx *ctx = test_ctx(1);
        tam_edc result;
        assert_int_equal(golden_line(golden_kinds[kind], "edc_scores", GOLDEN_PROBES, given), GOLDEN_PROBES);
        assert_int_equal(golden_line(golden_kinds[kind], "edc", 128, expected), 4 + TAM_EDC_POINTS - 1);
        for (uint32_t i = 0; i < GOLDEN_PROBES; i++) {
            scores[i] = (float)given[i];
            same[i] = (double)golden_number(8, i) > -0.2;
            quality[i] = (float)(floor((double)golden_number(9, i) * 40) / 8);
        }
        test_ok(ctx, tam_eval_edc(ctx, GOLDEN_PROBES, scores, same, quality, expected[0], &result));
        assert_true(fabs(result.threshold - expected[1]) < 1e-7);
        golden_near(result.achieved_fmr, expected[2]);
        golden_near(result.area, expected[3]);
        for (int point = 0; point < TAM_EDC_POINTS - 1; point++) {
            golden_near(result.fnmr[point], expected[4 + point]);
        }
        assert_true(isnan(result.fnmr[TAM_EDC_POINTS - 1]));
        assert_true(result.fnmr[0] > 0);
        test_ctx_free(ctx);
    }
}

static void what_cannot_be_said_is_not(void **state) {
    static const float scores[3] = {0.5f, 0.1f, 0.2f}, quality[3] = {1, 2, 3};
    static const uint8_t all_same[3] = {1, 1, 1}, some[3] = {1, 0, 0};
    const float bad[3] = {1, NAN, 3};
    tam_ctx *ctx = test_ctx(1);
    tam_edc result;
    (void)state;
    test_ok(ctx, tam_eval_edc(ctx, 3, scores, all_same, quality, 0.1, &result));
    assert_true(isnan(result.area) && isnan(result.fnmr[0]) && !result.sufficient);
    test_ok(ctx, tam_eval_edc(ctx, 3, scores, some, quality, 0.1, &result));
    assert_true(result.fnmr[0] == 0 && !result.sufficient && result.achieved_fmr == 0);
    test_ok(ctx, tam_eval_edc(ctx, 3, scores, some, quality, 1, &result));
    assert_true(result.achieved_fmr == 1);
    test_ok(ctx, tam_eval_edc(ctx, 3, (const float[3]){0.1f, 0.1f, 0.2f}, some, quality, 1, &result));
    assert_true(result.fnmr[0] == 0); /* a score that is the threshold matches */
    test_fails(ctx, tam_eval_edc(ctx, 3, scores, some, bad, 0.1, &result), TAM_INPUT, "pair 1 has a quality");
    test_fails(ctx, tam_eval_edc(ctx, 3, bad, some, quality, 0.1, &result), TAM_INPUT, "pair 1 has a score");
    test_fails(ctx, tam_eval_edc(ctx, 3, scores, some, quality, 0, &result), TAM_CONFIG, "false match rate of 0");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_equal_the_plain_way),
        cmocka_unit_test(what_cannot_be_said_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
