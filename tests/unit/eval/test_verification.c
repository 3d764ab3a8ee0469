/* Verification against the plain way: all scores in one sorted list. */
#include "support.h"

#include <math.h>

#include "base/random.h"
#include "tammes/eval.h"

enum { LEVELS = 4 };
static const double far[LEVELS] = {1, 0.3, 0.05, 0.001};

/* Rows of +-1: with 16 columns every cosine is a multiple of 1/8 and exact in any order of summing. */
static void draw_signs(uint64_t seed, int64_t n, int d, float *e) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_TEST, 0, 0);
    for (int64_t i = 0; i < n * d; i++) {
        e[i] = tam_random_bits(&random) & 1 ? 1.0f : -1.0f;
    }
}

static void draw_labels(uint64_t seed, int64_t n, uint32_t classes, int32_t *labels) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_TEST, 1, 0);
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)tam_random_below(&random, classes) * 1000003 - 500000000;
    }
}

typedef struct plain_score {
    double score;
    int genuine;
} plain_score;

static int by_falling_score(const void *a, const void *b) {
    double x = ((const plain_score *)a)->score, y = ((const plain_score *)b)->score;
    return (x < y) - (x > y);
}

typedef struct plain_result {
    int64_t genuine, impostor;
    double eer, auc, accuracy, tar[LEVELS], threshold[LEVELS], achieved[LEVELS];
} plain_result;

/* Walks the staircase of all distinct scores, from the highest down. */
static plain_result plain_verification(plain_score *list, int64_t count) {
    plain_result result = {.eer = -1};
    qsort(list, (size_t)count, sizeof *list, by_falling_score);
    for (int64_t i = 0; i < count; i++) {
        result.genuine += list[i].genuine;
        result.impostor += !list[i].genuine;
    }
    double g = (double)result.genuine, m = (double)result.impostor;
    double x = 0, y = 0;
    result.accuracy = m / (g + m);
    for (int l = 0; l < LEVELS; l++) {
        result.threshold[l] = 2;
    }
    for (int64_t i = 0; i < count;) {
        double next_x = x, next_y = y, score = list[i].score;
        int genuine_here = 0;
        for (; i < count && list[i].score == score; i++) {
            next_x += !list[i].genuine / m;
            next_y += list[i].genuine / g;
            genuine_here += list[i].genuine;
        }
        double before = x + y - 1, after = next_x + next_y - 1;
        if (result.eer < 0 && after > -1e-13) {
            result.eer = x + (next_x - x) * -before / (after - before);
        }
        result.auc += (next_x - x) * (y + next_y) / 2;
        x = next_x;
        y = next_y;
        double accuracy = (y * g + (1 - x) * m) / (g + m);
        result.accuracy = accuracy > result.accuracy ? accuracy : result.accuracy;
        for (int l = 0; l < LEVELS; l++) {
            if (genuine_here > 0 && round(x * m) <= floor(far[l] * m)) {
                result.tar[l] = y;
                result.threshold[l] = score;
                result.achieved[l] = x;
            }
        }
    }
    return result;
}

static double plain_cosine(int d, const float *a, const float *b) {
    double ab = 0, aa = 0, bb = 0;
    for (int k = 0; k < d; k++) {
        ab += (double)a[k] * (double)b[k];
        aa += (double)a[k] * (double)a[k];
        bb += (double)b[k] * (double)b[k];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static plain_result plain_all_pairs(int64_t n, int d, const float *e, const int32_t *labels) {
    plain_score *list = malloc((size_t)(n * n) * sizeof *list);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++) {
            list[count++] = (plain_score){plain_cosine(d, e + i * d, e + j * d), labels[i] == labels[j]};
        }
    }
    plain_result result = plain_verification(list, count);
    free(list);
    return result;
}

static void check_equal(const tam_verification *result, const plain_result *plain) {
    assert_int_equal(result->genuine, plain->genuine);
    assert_int_equal(result->impostor, plain->impostor);
    assert_true(fabs(result->eer - plain->eer) < 1e-10);
    assert_true(fabs(result->auc - plain->auc) < 1e-10);
    assert_true(fabs(result->best_accuracy - plain->accuracy) < 1e-10);
    assert_int_equal(result->levels, LEVELS);
    for (int l = 0; l < LEVELS; l++) {
        assert_true(fabs(result->at[l].tar - plain->tar[l]) < 1e-10);
        assert_true(fabs(result->at[l].achieved_far - plain->achieved[l]) < 1e-10);
        assert_true(fabs(result->at[l].threshold - plain->threshold[l]) < 1e-6);
        assert_true(result->at[l].low <= result->at[l].tar && result->at[l].tar <= result->at[l].high);
        assert_int_equal(result->at[l].sufficient, (double)plain->impostor * far[l] >= 3);
    }
}

/* A drawn ROC must lie on the staircase: each point's numbers are those of its threshold. */
static void check_points(const tam_verification *result, int64_t n, int d, const float *e, const int32_t *labels) {
    assert_true(result->points >= 2 && result->points <= TAM_ROC_POINTS);
    assert_true(result->roc[0].far == 0);
    assert_true(result->roc[result->points - 1].far == 1 && result->roc[result->points - 1].tar == 1);
    for (int p = 0; p < result->points; p++) {
        int64_t false_accepts = 0, true_accepts = 0;
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = i + 1; j < n; j++) {
                int accepted = plain_cosine(d, e + i * d, e + j * d) >= result->roc[p].threshold;
                false_accepts += accepted && labels[i] != labels[j];
                true_accepts += accepted && labels[i] == labels[j];
            }
        }
        assert_true(fabs(result->roc[p].far * (double)result->impostor - (double)false_accepts) < 1e-6);
        assert_true(fabs(result->roc[p].tar * (double)result->genuine - (double)true_accepts) < 1e-6);
        assert_true(p == 0 ||
                    (result->roc[p].far >= result->roc[p - 1].far && result->roc[p].tar >= result->roc[p - 1].tar));
    }
}

static void all_pairs_equal_the_plain_way(void **state) {
    (void)state;
    static float e[400 * 16];
    static int32_t labels[400];
    static const int64_t sizes[] = {2, 3, 7, 17, 123, 128, 129, 257, 400};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (uint32_t classes = 2; classes <= 50; classes += 16) {
            tam_verification result;
            tam_ctx *ctx = test_ctx(2);
            int64_t n = sizes[s];
            draw_signs(s, n, 16, e);
            draw_labels(s, n, classes, labels);
            plain_result plain = plain_all_pairs(n, 16, e, labels);
            test_ok(ctx, tam_eval_all_pairs(ctx, n, 16, e, labels, LEVELS, far, &result));
            if (plain.genuine > 0 && plain.impostor > 0) {
                check_equal(&result, &plain);
                if (n < 130) {
                    check_points(&result, n, 16, e, labels);
                }
            }
            test_ctx_free(ctx);
        }
    }
}

/* Rows that are multiplied in several pieces, and several scores, thresholds among them, in one slice of the search. */
static void long_rows_equal_the_plain_way(void **state) {
    enum { ROWS = 60, LONG = 4096 };
    static float e[ROWS * LONG];
    int32_t labels[ROWS];
    (void)state;
    for (uint32_t seed = 0; seed < 4; seed++) {
        tam_ctx *ctx = test_ctx(1 + (int)seed % 2);
        tam_verification result;
        draw_signs(40 + seed, ROWS, LONG, e);
        draw_labels(40 + seed, ROWS, 3 + seed, labels);
        test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, LONG, e, labels, LEVELS, far, &result));
        plain_result plain = plain_all_pairs(ROWS, LONG, e, labels);
        check_equal(&result, &plain);
        test_ctx_free(ctx);
    }
}

static void pairs_of_two_sets_equal_the_plain_way(void **state) {
    enum { WIDTH = 16, MOST = 300 };
    static const int sizes[][2] = {{1, 5}, {130, 40}, {40, 130}, {300, 257}, {128, 128}};
    static float gallery[MOST * WIDTH], probes[MOST * WIDTH];
    static plain_score list[MOST * MOST];
    int32_t gallery_labels[MOST], probe_labels[MOST];
    (void)state;
    for (uint32_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        tam_ctx *ctx = test_ctx(1 + (int)s % 3);
        tam_verification result;
        int m = sizes[s][0], n = sizes[s][1];
        int64_t count = 0;
        draw_signs(60 + s, m, WIDTH, gallery);
        draw_signs(70 + s, n, WIDTH, probes);
        draw_labels(60 + s, m, 7, gallery_labels);
        draw_labels(70 + s, n, 9, probe_labels);
        gallery_labels[0] = probe_labels[0];
        test_ok(ctx, tam_eval_cross_pairs(ctx, WIDTH, m, gallery, gallery_labels, n, probes, probe_labels, LEVELS, far,
                                          &result));
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                list[count++] = (plain_score){plain_cosine(WIDTH, gallery + i * WIDTH, probes + j * WIDTH),
                                              gallery_labels[i] == probe_labels[j]};
            }
        }
        plain_result plain = plain_verification(list, count);
        check_equal(&result, &plain);
        test_ctx_free(ctx);
    }
}

static void listed_pairs_equal_the_plain_way(void **state) {
    (void)state;
    enum { ROWS = 61, WIDTH = 16, PAIRS = 3001 };
    static float e[ROWS * WIDTH];
    static int64_t a[2 * PAIRS];
    static uint8_t same[PAIRS];
    static plain_score list[PAIRS];
    static float scores[PAIRS];
    tam_verification result;
    tam_ctx *ctx = test_ctx(2);
    tam_random random = tam_random_at(5, TAM_PURPOSE_TEST, 0, 0);
    draw_signs(9, ROWS, WIDTH, e);
    for (int64_t i = 0; i < PAIRS; i++) {
        a[2 * i] = tam_random_below(&random, ROWS);
        a[2 * i + 1] = tam_random_below(&random, ROWS);
        list[i].score = plain_cosine(WIDTH, e + a[2 * i] * WIDTH, e + a[2 * i + 1] * WIDTH);
        same[i] = tam_random_uniform(&random) < 0.3f + 0.3f * (float)list[i].score;
        list[i].genuine = same[i];
    }
    plain_result plain = plain_verification(list, PAIRS);
    test_ok(ctx, tam_eval_pairs(ctx, ROWS, WIDTH, e, PAIRS, a, same, LEVELS, far, &result));
    check_equal(&result, &plain);
    test_ok(ctx, tam_eval_pair_scores(ctx, ROWS, WIDTH, e, PAIRS, a, scores));
    test_ok(ctx, tam_eval_scored_pairs(ctx, PAIRS, scores, same, LEVELS, far, &result));
    check_equal(&result, &plain);
    scores[17] = NAN;
    test_fails(ctx, tam_eval_scored_pairs(ctx, PAIRS, scores, same, LEVELS, far, &result), TAM_INPUT, "pair 17");
    a[7] = ROWS;
    test_fails(ctx, tam_eval_pair_scores(ctx, ROWS, WIDTH, e, PAIRS, a, scores), TAM_INPUT, "pair 3 names row 61");
    test_ctx_free(ctx);
}

static void threads_do_not_matter(void **state) {
    (void)state;
    enum { ROWS = 1501, WIDTH = 33 };
    static float e[ROWS * WIDTH];
    static int32_t labels[ROWS];
    static tam_verification results[3];
    static const int threads[3] = {1, 2, 8};
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        e[i] = tam_random_normal(&random) + (i % WIDTH == i / WIDTH % 31 ? 4.0f : 0.0f);
    }
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i % 31;
    }
    for (int t = 0; t < 3; t++) {
        tam_ctx *ctx = test_ctx(threads[t]);
        test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, LEVELS, far, &results[t]));
        assert_memory_equal(&results[t], &results[0], sizeof results[0]);
        test_ctx_free(ctx);
    }
    assert_true(results[0].auc > 0.7 && results[0].auc < 0.999);
}

static void all_scores_equal_is_chance(void **state) {
    (void)state;
    float e[40 * 3];
    int32_t labels[40];
    tam_verification result;
    tam_ctx *ctx = test_ctx(1);
    for (int i = 0; i < 120; i++) {
        e[i] = 0.7f;
    }
    for (int i = 0; i < 40; i++) {
        labels[i] = i / 4;
    }
    for (int pass = 0; pass < 2; pass++) {
        test_ok(ctx, tam_eval_all_pairs(ctx, 40, 3, e, labels, 0, NULL, &result));
        assert_true(fabs(result.auc - 0.5) < 1e-12);
        assert_true(fabs(result.eer - 0.5) < 1e-12);
        assert_int_equal(result.levels, 6);
        assert_true(result.at[0].tar == 0 && result.at[0].achieved_far == 0);
        assert_true(result.at[0].threshold == 2 && result.best_threshold == 2);
        assert_true(result.at[0].low == 0 && result.at[0].high > 0);
        assert_true(fabs(result.best_accuracy - 720.0 / 780.0) < 1e-12);
        memset(e, 0, sizeof e); /* zero rows too: every cosine is 0 */
    }
    test_ctx_free(ctx);
}

static void perfect_and_reversed_orders(void **state) {
    (void)state;
    float e[4] = {1, 0.999f, -1, -0.5f};
    static const int32_t apart[4] = {0, 0, 1, 1}, crossed[4] = {0, 1, 0, 1};
    tam_verification result;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_eval_all_pairs(ctx, 4, 1, e, apart, 0, NULL, &result));
    assert_true(result.auc == 1 && result.eer == 0 && result.best_accuracy == 1);
    assert_true(result.at[5].tar == 1 && !result.at[5].sufficient && result.at[5].low > 0.15);
    assert_true(result.eer_threshold == 1);
    test_ok(ctx, tam_eval_all_pairs(ctx, 4, 1, e, crossed, 0, NULL, &result));
    assert_true(result.auc == 0.25 && result.best_accuracy == 4.0 / 6.0);
    test_ctx_free(ctx);
}

static void too_little_data_is_never_a_number(void **state) {
    (void)state;
    float e[6] = {1, 2, 3, 4, 5, 6};
    int32_t one_class[3] = {4, 4, 4}, singles[3] = {1, 2, 3};
    tam_verification result;
    tam_folds folds;
    int64_t a[2] = {0, 1};
    uint8_t same = 1;
    tam_ctx *ctx = test_ctx(1);
    for (int64_t n = 0; n <= 3; n++) {
        for (int which = 0; which < 2; which++) {
            const int32_t *labels = which == 0 ? one_class : singles;
            test_ok(ctx, tam_eval_all_pairs(ctx, n, 2, e, labels, 0, NULL, &result));
            assert_int_equal(result.genuine, which == 0 ? n * (n - 1) / 2 : 0);
            assert_int_equal(result.impostor, which == 0 ? 0 : n * (n - 1) / 2);
            assert_true(isnan(result.eer) && isnan(result.auc) && isnan(result.best_accuracy));
            assert_true(isnan(result.at[0].tar) && isnan(result.at[0].low) && !result.at[0].sufficient);
            assert_int_equal(result.points, 0);
        }
    }
    test_ok(ctx, tam_eval_pairs(ctx, 3, 2, e, 1, a, &same, 0, NULL, &result));
    assert_true(result.genuine == 1 && isnan(result.eer) && isnan(result.at[0].tar));
    test_ok(ctx, tam_eval_pairs(ctx, 3, 2, e, 0, a, &same, 0, NULL, &result));
    assert_true(result.genuine == 0 && isnan(result.eer));
    test_fails(ctx, tam_eval_folds(ctx, TAM_FOLDS_INSIGHTFACE, 3, 2, e, 1, a, &same, 10, &folds), TAM_CONFIG,
               "1 pairs cannot be cut into 10");
    test_ok(ctx, tam_eval_folds(ctx, TAM_FOLDS_INSIGHTFACE, 3, 2, e, 1, a, &same, 1, &folds));
    assert_true(folds.accuracy == 1 && folds.deviation == 0);
    test_ctx_free(ctx);
}

static void bad_input_has_a_sentence(void **state) {
    (void)state;
    float e[6] = {1, 2, 3, 4, 5, 6};
    int32_t labels[3] = {0, 0, 1};
    int64_t a[4] = {0, 1, 2, 3};
    uint8_t same[2] = {1, 0};
    double levels[9] = {0.1, 0, 0.1};
    tam_verification result;
    tam_ctx *ctx = test_ctx(2);
    test_fails(ctx, tam_eval_pairs(ctx, 3, 2, e, 2, a, same, 0, NULL, &result), TAM_INPUT,
               "pair 1 names row 3 of 3 rows");
    a[3] = -1;
    test_fails(ctx, tam_eval_pairs(ctx, 3, 2, e, 2, a, same, 0, NULL, &result), TAM_INPUT, "pair 1 names row -1");
    test_fails(ctx, tam_eval_all_pairs(ctx, 3, 2, e, labels, 2, levels, &result), TAM_CONFIG, "rate of 0 is outside");
    test_fails(ctx, tam_eval_all_pairs(ctx, 3, 2, e, labels, 9, levels, &result), TAM_CONFIG, "9 false accept rates");
    test_fails(ctx, tam_eval_all_pairs(ctx, 3, 0, e, labels, 0, NULL, &result), TAM_CONFIG, "0 values");
    e[5] = INFINITY;
    test_fails(ctx, tam_eval_all_pairs(ctx, 3, 2, e, labels, 0, NULL, &result), TAM_INPUT,
               "row 2 holds a NaN or an infinity");
    e[2] = NAN;
    test_fails(ctx, tam_eval_all_pairs(ctx, 3, 2, e, labels, 0, NULL, &result), TAM_INPUT, "row 1 holds");
    test_ctx_free(ctx);
}

/* Lengths do not matter, not even extreme ones. */
static void lengths_are_taken_out(void **state) {
    (void)state;
    enum { ROWS = 50, WIDTH = 16 };
    float e[ROWS * WIDTH];
    int32_t labels[ROWS];
    tam_verification plain, scaled;
    tam_ctx *ctx = test_ctx(2);
    draw_signs(77, ROWS, WIDTH, e);
    draw_labels(78, ROWS, 9, labels);
    test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, 0, NULL, &plain));
    for (int i = 0; i < ROWS * WIDTH; i++) {
        e[i] *= i / WIDTH % 3 == 0 ? 0x1p-99f : i / WIDTH % 3 == 1 ? 0x1p99f : 1.0f;
    }
    test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, 0, NULL, &scaled));
    assert_memory_equal(&plain, &scaled, sizeof plain);
    test_ctx_free(ctx);
}

static void memory_does_not_grow_with_pairs(void **state) {
    (void)state;
    enum { ROWS = 4000, WIDTH = 4 };
    static float e[ROWS * WIDTH];
    static int32_t labels[ROWS];
    tam_verification result;
    tam_ctx *ctx = test_ctx(2);
    tam_random random = tam_random_at(1, TAM_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        e[i] = tam_random_normal(&random);
    }
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i / 4;
    }
    test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, 0, NULL, &result));
    assert_int_equal(result.genuine, 6000);
    assert_int_equal(result.impostor, 7998000 - 6000);
    assert_true(tam_ctx_memory(ctx).peak_bytes < 2000000); /* the scores alone would be 32 MB */
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_equal_the_plain_way),
        cmocka_unit_test(long_rows_equal_the_plain_way),
        cmocka_unit_test(pairs_of_two_sets_equal_the_plain_way),
        cmocka_unit_test(listed_pairs_equal_the_plain_way),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(all_scores_equal_is_chance),
        cmocka_unit_test(perfect_and_reversed_orders),
        cmocka_unit_test(too_little_data_is_never_a_number),
        cmocka_unit_test(bad_input_has_a_sentence),
        cmocka_unit_test(lengths_are_taken_out),
        cmocka_unit_test(memory_does_not_grow_with_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
