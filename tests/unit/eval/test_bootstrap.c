/* Resamples of subjects against plain loops over the same draws. */
#include "search_golden.h"

#include <stdbool.h>

#include "base/random.h"
#include "tammes/bootstrap.h"

enum { ROWS = 60, SUBJECTS = 13, RESAMPLES = 40, LEVELS = 3, MOST_PAIRS = ROWS * ROWS };

static const double far[LEVELS] = {0.3, 0.05, 0.01};

typedef struct scored {
    float score;
    bool same;
    int first, second; /* subjects */
} scored;

static int falling(const void *a, const void *b) {
    float x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The EER and the TARs of one resample, from every distinct score as a threshold. */
static void plain_resample(const scored *pairs, int count, int subjects, uint64_t seed, uint32_t resample,
                           double values[1 + LEVELS]) {
    int times[MOST_PAIRS] = {0};
    double genuine = 0, impostors = 0, far_before = 0, beyond_before = -1, accepted = 0, wrong = 0;
    bool crossed = false;
    tam_random random = tam_random_at(seed, TAM_PURPOSE_BOOTSTRAP, resample, 0);
    for (int i = 0; i < subjects; i++) {
        times[tam_random_below(&random, (uint32_t)subjects)]++;
    }
    for (int i = 0; i < count; i++) {
        genuine += pairs[i].same ? times[pairs[i].first] : 0;
        impostors += pairs[i].same                       ? 0
                     : pairs[i].first == pairs[i].second ? times[pairs[i].first]
                                                         : times[pairs[i].first] * times[pairs[i].second];
    }
    for (int k = 0; k <= LEVELS; k++) {
        values[k] = k == 0 || genuine == 0 || impostors == 0 ? NAN : 0;
    }
    for (int i = 0; genuine > 0 && impostors > 0 && i < count;) {
        float score = pairs[i].score;
        for (; i < count && pairs[i].score == score; i++) {
            int first = times[pairs[i].first], second = times[pairs[i].second];
            accepted += pairs[i].same ? first : 0;
            wrong += pairs[i].same ? 0 : pairs[i].first == pairs[i].second ? first : first * second;
        }
        double rate = wrong / impostors, tar = accepted / genuine, beyond = rate + tar - 1;
        for (int k = 0; k < LEVELS; k++) {
            values[1 + k] = wrong <= floor(far[k] * impostors) ? tar : values[1 + k];
        }
        if (!crossed && beyond >= 0) {
            values[0] = far_before - beyond_before / (beyond - beyond_before) * (rate - far_before);
            crossed = true;
        }
        far_before = rate;
        beyond_before = beyond;
    }
}

static void plain_interval(double *values, int count, double *low, double *high) {
    int known = 0;
    for (int i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            values[known++] = values[i];
        }
    }
    assert_int_equal(known, count);
    qsort(values, (size_t)known, sizeof *values, rising);
    double places[2] = {0.025 * (known - 1), 0.975 * (known - 1)}, found[2];
    for (int k = 0; k < 2; k++) {
        int below = (int)places[k];
        found[k] = values[below] + (places[k] - below) * (values[below + 1] - values[below]);
    }
    *low = found[0];
    *high = found[1];
}

static void check(scored *pairs, int count, int subjects, uint64_t seed, bool eer, const tam_bootstrap *result) {
    double values[1 + LEVELS][RESAMPLES], one[1 + LEVELS], low, high;
    qsort(pairs, (size_t)count, sizeof *pairs, falling);
    for (uint32_t r = 0; r < RESAMPLES; r++) {
        plain_resample(pairs, count, subjects, seed, r, one);
        for (int k = 0; k <= LEVELS; k++) {
            values[k][r] = one[k];
        }
    }
    assert_int_equal(result->resamples, RESAMPLES);
    assert_int_equal(result->subjects, subjects);
    for (int k = eer ? 0 : 1; k <= LEVELS; k++) {
        plain_interval(values[k], RESAMPLES, &low, &high);
        golden_near(k == 0 ? result->eer_low : result->at[k - 1].low, low);
        golden_near(k == 0 ? result->eer_high : result->at[k - 1].high, high);
    }
}

/* Whole rows of signs, whose cosines have no rounding. */
static void make_rows(float *e, int32_t *labels) {
    golden_labels(31, ROWS, SUBJECTS, 5, labels);
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < GOLDEN_WIDTH; k++) {
            float own = golden_number(33, (uint32_t)(labels[i] * GOLDEN_WIDTH + k));
            float noise = golden_number(34, (uint32_t)(i * GOLDEN_WIDTH + k));
            e[i * GOLDEN_WIDTH + k] = 2 * own + noise > 0 ? 1 : -1;
        }
    }
}

static float cosine(const float *a, const float *b) {
    float sum = 0;
    for (int k = 0; k < GOLDEN_WIDTH; k++) {
        sum += a[k] * b[k];
    }
    return sum / GOLDEN_WIDTH;
}

static void all_pairs_equal_the_plain_way(void **state) {
    static float e[ROWS * GOLDEN_WIDTH];
    static scored pairs[MOST_PAIRS];
    int32_t labels[ROWS];
    (void)state;
    make_rows(e, labels);
    for (int threads = 1; threads <= 3; threads++) {
        for (int kept = 0; kept < 2; kept++) { /* all impostors, or the highest 900 */
            tam_ctx *ctx = test_ctx(threads);
            tam_bootstrap result;
            int count = 0;
            const tam_bootstrap_config config = {.resamples = RESAMPLES, .seed = 7, .most_kept = kept ? 900 : 0};
            test_ok(ctx, tam_eval_bootstrap(ctx, ROWS, GOLDEN_WIDTH, e, labels, LEVELS, far, &config, &result));
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < i; j++) {
                    float score = cosine(e + i * GOLDEN_WIDTH, e + j * GOLDEN_WIDTH);
                    pairs[count++] = (scored){score, labels[i] == labels[j], labels[i] - 5, labels[j] - 5};
                }
            }
            check(pairs, count, SUBJECTS, 7, !kept, &result);
            assert_true(isnan(result.eer_low) == (kept != 0));
            test_ctx_free(ctx);
        }
    }
}

static void too_few_kept_scores_are_no_interval(void **state) {
    static float e[ROWS * GOLDEN_WIDTH];
    int32_t labels[ROWS];
    tam_ctx *ctx = test_ctx(2);
    tam_bootstrap result;
    const tam_bootstrap_config config = {.resamples = RESAMPLES, .most_kept = 60};
    (void)state;
    make_rows(e, labels);
    test_ok(ctx, tam_eval_bootstrap(ctx, ROWS, GOLDEN_WIDTH, e, labels, LEVELS, far, &config, &result));
    assert_true(isnan(result.at[0].low) && isnan(result.at[0].high));
    test_ctx_free(ctx);
}

static void listed_pairs_equal_the_plain_way(void **state) {
    enum { PAIRS = 300 };
    static float e[ROWS * GOLDEN_WIDTH];
    static scored pairs[PAIRS];
    int32_t labels[ROWS];
    int64_t a[2 * PAIRS];
    uint8_t same[PAIRS];
    (void)state;
    make_rows(e, labels);
    for (int known = 0; known < 2; known++) {
        tam_ctx *ctx = test_ctx(2);
        tam_bootstrap result;
        const tam_bootstrap_config config = {.resamples = RESAMPLES, .seed = 3};
        for (int i = 0; i < PAIRS; i++) {
            int x = (i * 37 + i / 60) % ROWS, y = (i * 11 + 5) % ROWS;
            a[2 * i] = x;
            a[2 * i + 1] = y;
            same[i] = labels[x] == labels[y];
            pairs[i] = (scored){cosine(e + x * GOLDEN_WIDTH, e + y * GOLDEN_WIDTH), same[i] != 0,
                                known ? labels[x] - 5 : i, known ? labels[y] - 5 : i};
        }
        test_ok(ctx, tam_eval_bootstrap_pairs(ctx, ROWS, GOLDEN_WIDTH, e, known ? labels : NULL, PAIRS, a, same, LEVELS,
                                              far, &config, &result));
        check(pairs, PAIRS, known ? SUBJECTS : PAIRS, 3, true, &result);
        test_ctx_free(ctx);
    }
}

static void no_pairs_of_a_kind_are_no_number(void **state) {
    static const float rows[2 * 2] = {1, 0, 0, 1};
    static const int32_t labels[2] = {1, 2};
    tam_ctx *ctx = test_ctx(1);
    tam_bootstrap result;
    (void)state;
    test_ok(ctx, tam_eval_bootstrap(ctx, 2, 2, rows, labels, 0, NULL, NULL, &result));
    assert_true(isnan(result.eer_low) && isnan(result.at[0].high) && result.resamples == 0);
    const int64_t pairs[4] = {0, 0, 0, 1};
    const uint8_t same[2] = {1, 0};
    const int32_t one[2] = {3, 3}; /* a class that is none: all images of a set without people */
    test_ok(ctx, tam_eval_bootstrap_pairs(ctx, 2, 2, rows, one, 2, pairs, same, 0, NULL, NULL, &result));
    assert_true(isnan(result.eer_low) && isnan(result.at[0].high) && result.resamples == 0);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_equal_the_plain_way),
        cmocka_unit_test(too_few_kept_scores_are_no_interval),
        cmocka_unit_test(listed_pairs_equal_the_plain_way),
        cmocka_unit_test(no_pairs_of_a_kind_are_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
