/* Retrieval against plain sorted lists of answers. */
#include "search_golden.h"

#include "tammes/retrieval.h"

static void check(const tam_retrieval *result, const double *expected) {
    assert_int_equal(result->queries, (int64_t)expected[0]);
    assert_int_equal(result->left_out, (int64_t)expected[1]);
    for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
        golden_near(result->recall[k], expected[2 + k]);
    }
    golden_near(result->r_precision, expected[2 + TAM_RECALL_LEVELS]);
    golden_near(result->map_at_r, expected[3 + TAM_RECALL_LEVELS]);
}

static void equals_sorted_lists(void **state) {
    static golden_sets sets;
    double expected[16];
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (int threads = 1; threads <= 3; threads++) {
            tam_ctx *ctx = test_ctx(threads);
            tam_retrieval result;
            golden_sets_make(golden_kinds[kind], &sets);
            assert_int_equal(golden_line(golden_kinds[kind], "within", 16, expected), 4 + TAM_RECALL_LEVELS);
            test_ok(ctx, tam_eval_retrieval_within(ctx, GOLDEN_GALLERY, GOLDEN_WIDTH, sets.gallery, sets.gallery_labels,
                                                   &result));
            check(&result, expected);
            assert_int_equal(golden_line(golden_kinds[kind], "between", 16, expected), 4 + TAM_RECALL_LEVELS);
            test_ok(ctx, tam_eval_retrieval(ctx, GOLDEN_WIDTH, GOLDEN_GALLERY, sets.gallery, sets.gallery_labels,
                                            GOLDEN_PROBES, sets.probes, sets.probe_labels, &result));
            check(&result, expected);
            test_ctx_free(ctx);
        }
    }
}

/* Rows 1 and 3 are as similar as row 2, the only one of the class: the lower number comes first. */
static void equal_scores_go_by_number(void **state) {
    static const float gallery[4 * 2] = {0, 1, 2, 0, 3, 0, 4, 0}, query[2] = {1, 0};
    static const int32_t gallery_labels[4] = {4, 5, 6, 5}, label[1] = {6};
    tam_ctx *ctx = test_ctx(1);
    tam_retrieval result;
    (void)state;
    test_ok(ctx, tam_eval_retrieval(ctx, 2, 4, gallery, gallery_labels, 1, query, label, &result));
    assert_true(result.recall[0] == 0 && result.recall[1] == 1);
    assert_true(result.r_precision == 0 && result.map_at_r == 0);
    test_ctx_free(ctx);
}

static void nothing_to_find_is_no_number(void **state) {
    static const float rows[3 * 2] = {1, 0, 0, 1, 1, 1}, bad[2] = {1, NAN};
    static const int32_t labels[3] = {1, 2, 3};
    tam_ctx *ctx = test_ctx(1);
    tam_retrieval result;
    (void)state;
    test_ok(ctx, tam_eval_retrieval_within(ctx, 3, 2, rows, labels, &result));
    assert_int_equal(result.queries, 0);
    assert_int_equal(result.left_out, 3);
    assert_true(isnan(result.recall[0]) && isnan(result.r_precision) && isnan(result.map_at_r));
    test_ok(ctx, tam_eval_retrieval(ctx, 2, 0, rows, labels, 3, rows, labels, &result));
    assert_int_equal(result.left_out, 3);
    test_fails(ctx, tam_eval_retrieval(ctx, 2, 3, rows, labels, 1, bad, labels, &result), TAM_INPUT, "query 0");
    test_ctx_free(ctx);
}

static void survives_memory_that_runs_out(void **state) {
    static golden_sets sets;
    (void)state;
    golden_sets_make("smooth", &sets);
    for (int allowed = 0;; allowed++) {
        int left = allowed + 1; /* one for the context itself */
        tam_ctx *ctx;
        tam_retrieval result;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        assert_true(allowed < 1000);
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_eval_retrieval(ctx, GOLDEN_WIDTH, GOLDEN_GALLERY, sets.gallery, sets.gallery_labels,
                                               GOLDEN_PROBES, sets.probes, sets.probe_labels, &result);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_sorted_lists),
        cmocka_unit_test(equal_scores_go_by_number),
        cmocka_unit_test(nothing_to_find_is_no_number),
        cmocka_unit_test(survives_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
