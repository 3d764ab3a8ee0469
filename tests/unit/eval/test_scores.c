/* Histograms and worst pairs against numpy.histogram and sorted lists: tests/oracle/scores_oracle.py. */
#include "support.h"

#include "eval/histogram.h"
#include "tammes/scores.h"
#include "unit/eval/search_golden.h"

enum { ROWS = GOLDEN_GALLERY, WORST = 12, PAIRS = ROWS * (ROWS - 1) / 2, LOOSE = 5000 };

static float e[ROWS * GOLDEN_WIDTH];
static int32_t labels[ROWS];
static int64_t listed[2 * PAIRS];
static uint8_t same[PAIRS];
static tam_scores result, again;
static golden_sets sets;

/* The numbers of one line of the golden file. */
static int golden(const char *name, int room, int64_t *values) {
    char path[1024], word[64];
    int count = 0;
    snprintf(path, sizeof path, "%s/tests/golden/scores.txt", getenv("TAMMES_SOURCE") ? getenv("TAMMES_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fscanf(file, "%63s", word) == 1 && strcmp(word, name) != 0) {
    }
    assert_string_equal(word, name);
    for (long long value; count < room && fscanf(file, "%lld", &value) == 1; count++) {
        values[count] = value;
    }
    fclose(file);
    return count;
}

static void make_rows(const char *kind) {
    int64_t at = 0;
    golden_labels(1, ROWS, GOLDEN_CLASSES, 0, labels);
    golden_rows(kind, 3, ROWS, labels, e);
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t j = i + 1; j < ROWS; j++, at++) {
            listed[2 * at] = i;
            listed[2 * at + 1] = j;
            same[at] = labels[i] == labels[j];
        }
    }
}

static void check_bins(const char *name, const int64_t *bins) {
    int64_t expected[TAM_SCORE_BINS];
    assert_int_equal(golden(name, TAM_SCORE_BINS, expected), TAM_SCORE_BINS);
    for (int b = 0; b < TAM_SCORE_BINS; b++) {
        assert_int_equal(bins[b], expected[b]);
    }
}

/* first: where the rows a lie. */
static void check_worst(const char *kind, const char *name, const float *first, int count,
                        const tam_worst_pair *pairs) {
    int64_t expected[2 * WORST];
    char line[64];
    snprintf(line, sizeof line, "%s_%s_worst", kind, name);
    assert_int_equal(golden(line, 2 * WORST, expected), 2 * WORST);
    assert_int_equal(count, WORST);
    for (int k = 0; k < WORST; k++) {
        assert_int_equal(pairs[k].a, expected[2 * k]);
        assert_int_equal(pairs[k].b, expected[2 * k + 1]);
        double sum = 0, squares[2] = {0};
        for (int d = 0; d < GOLDEN_WIDTH; d++) {
            double x = (double)first[pairs[k].a * GOLDEN_WIDTH + d], y = (double)e[pairs[k].b * GOLDEN_WIDTH + d];
            sum += x * y;
            squares[0] += x * x;
            squares[1] += y * y;
        }
        assert_true(fabs((double)pairs[k].score - sum / sqrt(squares[0] * squares[1])) < 1e-6);
    }
}

static void bins_are_numpys(void **state) {
    (void)state;
    static float scores[LOOSE];
    int64_t bins[TAM_SCORE_BINS] = {0};
    golden_numbers(11, LOOSE, 1, scores);
    for (int i = 0; i < LOOSE; i++) {
        scores[i] = (float)(2.2 * (double)scores[i]);
    }
    tam_histogram_count(bins, LOOSE - 77, scores);
    tam_histogram_count(bins, 77, scores + LOOSE - 77);
    check_bins("scores", bins);
    int64_t edges[TAM_SCORE_BINS] = {0};
    for (int i = -9; i < 10; i++) {
        scores[i + 9] = (float)i / 8;
    }
    tam_histogram_count(edges, 19, scores);
    check_bins("eighths", edges);
}

/* The next number below an edge belongs to the bin before; sums like score + 1 would lose it. */
static void edges_are_exact(void **state) {
    (void)state;
    for (int b = 1; b < TAM_SCORE_BINS; b++) {
        int64_t bins[TAM_SCORE_BINS] = {0};
        float edge = (float)b / 512 - 1;
        const float pair[2] = {edge, nextafterf(edge, -2)};
        tam_histogram_count(bins, 2, pair);
        assert_int_equal(bins[b], 1);
        assert_int_equal(bins[b - 1], 1);
    }
}

static void equals_numpy(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        char name[64];
        const char *kind = golden_kinds[k];
        tam_ctx *ctx = test_ctx(2);
        make_rows(kind);
        for (int way = 0; way < 2; way++) {
            if (way == 0) {
                test_ok(ctx, tam_eval_scores_of_pairs(ctx, ROWS, GOLDEN_WIDTH, e, PAIRS, listed, same, WORST, &result));
            } else {
                test_ok(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, WORST, &result));
            }
            check_worst(kind, "genuine", e, result.genuine_count, result.worst_genuine);
            check_worst(kind, "impostor", e, result.impostor_count, result.worst_impostor);
            if (k == 0 && way == 1) {
                break; /* products in f32 round differently from NumPy's; of the ties they are exact */
            }
            snprintf(name, sizeof name, "%s_genuine", kind);
            check_bins(name, result.genuine);
            snprintf(name, sizeof name, "%s_impostor", kind);
            check_bins(name, result.impostor);
        }
        test_ctx_free(ctx);
    }
}

static void across_equals_numpy(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *kind = golden_kinds[k];
        make_rows(kind);
        golden_sets_make(kind, &sets);
        for (int threads = 1; threads < 4; threads++) {
            tam_ctx *ctx = test_ctx(threads);
            test_ok(ctx, tam_eval_scores_across(ctx, GOLDEN_WIDTH, ROWS, e, labels, GOLDEN_PROBES, sets.probes,
                                                sets.probe_labels, WORST, threads == 1 ? &result : &again));
            assert_true(threads == 1 || memcmp(&result, &again, sizeof result) == 0);
            test_ctx_free(ctx);
        }
        check_worst(kind, "mated", sets.probes, result.genuine_count, result.worst_genuine);
        check_worst(kind, "nonmated", sets.probes, result.impostor_count, result.worst_impostor);
    }
    check_bins("ties_mated", result.genuine);
    check_bins("ties_nonmated", result.impostor);
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_eval_scores_across(ctx, GOLDEN_WIDTH, 0, e, labels, GOLDEN_PROBES, sets.probes, sets.probe_labels,
                                        WORST, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 0);
    e[3 * GOLDEN_WIDTH] = INFINITY;
    test_fails(ctx,
               tam_eval_scores_across(ctx, GOLDEN_WIDTH, ROWS, e, labels, GOLDEN_PROBES, sets.probes, sets.probe_labels,
                                      WORST, &result),
               TAM_INPUT, "gallery row 3");
    test_ctx_free(ctx);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        make_rows(golden_kinds[k]);
        for (int threads = 1; threads <= 5; threads += 2) {
            tam_ctx *ctx = test_ctx(threads);
            test_ok(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, TAM_WORST_PAIRS,
                                         threads == 1 ? &result : &again));
            assert_true(threads == 1 || memcmp(&result, &again, sizeof result) == 0);
            test_ctx_free(ctx);
        }
    }
}

static void nothing_is_made_of_nothing(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    make_rows("smooth");
    test_ok(ctx, tam_eval_scores(ctx, 0, GOLDEN_WIDTH, e, labels, WORST, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 0);
    test_ok(ctx, tam_eval_scores(ctx, 1, GOLDEN_WIDTH, e, labels, WORST, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 0);
    test_ok(ctx, tam_eval_scores(ctx, 2, GOLDEN_WIDTH, e, labels, WORST, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 1);
    test_ok(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, 0, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 0);
    test_ok(ctx, tam_eval_scores_of_pairs(ctx, ROWS, GOLDEN_WIDTH, e, 0, listed, same, WORST, &result));
    assert_int_equal(result.genuine_count + result.impostor_count, 0);
    memset(e, 0, sizeof e); /* rows without a direction: every cosine is 0 */
    test_ok(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, 1, &result));
    assert_int_equal(result.genuine[512] + result.impostor[512], PAIRS);
    test_ctx_free(ctx);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    make_rows("smooth");
    test_fails(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, 65, &result), TAM_CONFIG, "65 worst pairs");
    test_fails(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, -1, &result), TAM_CONFIG, "worst pairs");
    listed[7] = ROWS;
    test_fails(ctx, tam_eval_scores_of_pairs(ctx, ROWS, GOLDEN_WIDTH, e, PAIRS, listed, same, 1, &result), TAM_INPUT,
               "pair 3 names row 200");
    e[5 * GOLDEN_WIDTH] = NAN;
    test_fails(ctx, tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, 1, &result), TAM_INPUT, "row 5");
    test_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    make_rows("smooth");
    for (int way = 0; way < 3; way++) {
        int failures = 0, left = 0;
        tam_ctx *ctx = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        left = 100;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        for (tam_status status = TAM_RESOURCES; status != TAM_OK; failures++) {
            left = failures;
            status = way == 0 ? tam_eval_scores(ctx, ROWS, GOLDEN_WIDTH, e, labels, 3, &result)
                     : way == 1
                         ? tam_eval_scores_across(ctx, GOLDEN_WIDTH, ROWS, e, labels, ROWS, e, labels, 3, &result)
                         : tam_eval_scores_of_pairs(ctx, ROWS, GOLDEN_WIDTH, e, PAIRS, listed, same, 3, &result);
            assert_true(status == TAM_OK || status == TAM_RESOURCES);
            assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        }
        assert_true(failures > 2);
        tam_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_are_numpys),        cmocka_unit_test(edges_are_exact),
        cmocka_unit_test(equals_numpy),           cmocka_unit_test(across_equals_numpy),
        cmocka_unit_test(threads_change_nothing), cmocka_unit_test(nothing_is_made_of_nothing),
        cmocka_unit_test(bad_input_is_refused),   cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
