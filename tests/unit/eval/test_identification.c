/* Identification, leave one out and few-shot episodes against plain loops. */
#include "support.h"

#include <math.h>

#include "base/random.h"
#include "tammes/eval.h"

static void draw_signs(uint32_t seed, int64_t n, int d, float *e) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_TEST, 0, 0);
    for (int64_t i = 0; i < n * d; i++) {
        e[i] = tam_random_bits(&random) & 1 ? 1.0f : -1.0f;
    }
}

static void draw_labels(uint32_t seed, int64_t n, uint32_t classes, int32_t *labels) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_TEST, 1, 0);
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)tam_random_below(&random, classes);
    }
}

static float dot(int d, const float *a, const float *b) {
    float sum = 0;
    for (int k = 0; k < d; k++) {
        sum += a[k] * b[k];
    }
    return sum;
}

/* 1 + rows ahead of the best row of the probe's class (more similar, or as similar with a lower number). */
static int64_t plain_rank(int d, int64_t count, const float *gallery, const int32_t *labels, const float *probe,
                          int32_t label, int64_t itself) {
    int64_t best = -1, ahead = 0;
    for (int64_t j = 0; j < count; j++) {
        if (j != itself && labels[j] == label &&
            (best < 0 || dot(d, probe, gallery + j * d) > dot(d, probe, gallery + best * d))) {
            best = j;
        }
    }
    for (int64_t j = 0; best >= 0 && j < count; j++) {
        float score = dot(d, probe, gallery + j * d), own = dot(d, probe, gallery + best * d);
        ahead += j != itself && (score > own || (score == own && j < best));
    }
    return best < 0 ? INT64_MAX : ahead + 1;
}

static void ranks_equal_the_plain_way(void **state) {
    (void)state;
    enum { WIDTH = 16, LARGEST = 301 };
    static const int64_t sizes[][2] = {{1, 1}, {5, 3}, {11, 129}, {128, 128}, {301, 257}, {129, 7}};
    static float gallery[LARGEST * WIDTH], probes[LARGEST * WIDTH];
    static int32_t gallery_labels[LARGEST], probe_labels[LARGEST];
    for (uint32_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        tam_identification result;
        tam_ctx *ctx = test_ctx(1 + (int)s % 3);
        int64_t m = sizes[s][0], n = sizes[s][1], hits[3] = {0};
        draw_signs(2 * s, m, WIDTH, gallery);
        draw_signs(2 * s + 1, n, WIDTH, probes);
        draw_labels(2 * s, m, 23, gallery_labels);
        draw_labels(2 * s + 1, n, 23, probe_labels);
        for (int64_t i = 0; i < n; i++) {
            int64_t rank = plain_rank(WIDTH, m, gallery, gallery_labels, probes + i * WIDTH, probe_labels[i], -1);
            hits[0] += rank <= 1;
            hits[1] += rank <= 5;
            hits[2] += rank <= 10;
        }
        test_ok(ctx, tam_eval_identify(ctx, WIDTH, m, gallery, gallery_labels, n, probes, probe_labels, &result));
        assert_int_equal(result.gallery, m);
        assert_int_equal(result.probes, n);
        assert_int_equal(llround(result.rank1 * (double)n), hits[0]);
        assert_int_equal(llround(result.rank5 * (double)n), hits[1]);
        assert_int_equal(llround(result.rank10 * (double)n), hits[2]);
        assert_true(result.nearest_mean > -1 && result.nearest_mean <= 1);
        test_ctx_free(ctx);
    }
}

static void leave_one_out_equals_the_plain_way(void **state) {
    (void)state;
    enum { WIDTH = 16, ROWS = 259 };
    static float e[ROWS * WIDTH];
    static int32_t labels[ROWS];
    tam_identification result;
    tam_ctx *ctx = test_ctx(2);
    int64_t hits = 0, hits10 = 0, counted = 0;
    draw_signs(50, ROWS, WIDTH, e);
    draw_labels(51, ROWS, 60, labels);
    labels[7] = 1000; /* alone */
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t rank = plain_rank(WIDTH, ROWS, e, labels, e + i * WIDTH, labels[i], i);
        counted += rank != INT64_MAX;
        hits += rank == 1;
        hits10 += rank <= 10;
    }
    test_ok(ctx, tam_eval_leave_one_out(ctx, ROWS, WIDTH, e, labels, &result));
    assert_true(counted < ROWS);
    assert_int_equal(result.probes, counted);
    assert_int_equal(llround(result.rank1 * (double)counted), hits);
    assert_int_equal(llround(result.rank10 * (double)counted), hits10);
    test_ctx_free(ctx);
}

static void nobody_to_find_is_no_number(void **state) {
    (void)state;
    float e[4] = {1, 2, 3, 4};
    int32_t labels[2] = {0, 1};
    tam_identification result;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_eval_leave_one_out(ctx, 2, 2, e, labels, &result));
    assert_true(result.probes == 0 && isnan(result.rank1));
    test_ok(ctx, tam_eval_identify(ctx, 2, 0, e, labels, 2, e, labels, &result));
    assert_true(isnan(result.rank1));
    test_ok(ctx, tam_eval_identify(ctx, 2, 2, e, labels, 0, e, labels, &result));
    assert_true(isnan(result.rank1));
    e[3] = NAN;
    test_fails(ctx, tam_eval_identify(ctx, 2, 1, e, labels, 2, e, labels, &result), TAM_INPUT, "probe 1 holds");
    test_fails(ctx, tam_eval_identify(ctx, 2, 2, e, labels, 1, e, labels, &result), TAM_INPUT, "gallery row 1 holds");
    test_fails(ctx, tam_eval_leave_one_out(ctx, 2, 2, e, labels, &result), TAM_INPUT, "row 1 holds");
    test_ctx_free(ctx);
}

/* The naive episode: the same draws, written out plainly. */
static double plain_fewshot(int64_t n, int d, const float *e, const int32_t *labels, int classes,
                            const tam_fewshot_config *config) {
    int64_t wrong = 0;
    for (int episode = 0; episode < config->episodes; episode++) {
        tam_random random = tam_random_at(config->seed, TAM_PURPOSE_EPISODE, (uint32_t)episode, 0);
        int chosen[64], order[64];
        int64_t members[64][512];
        float means[64][64] = {{0}};
        for (int c = 0; c < classes; c++) {
            order[c] = c;
        }
        for (int w = 0; w < config->ways; w++) {
            int other = w + (int)tam_random_below(&random, (uint32_t)(classes - w));
            chosen[w] = order[other];
            order[other] = order[w];
            order[w] = chosen[w];
        }
        for (int w = 0; w < config->ways; w++) {
            uint32_t count = 0;
            for (int64_t i = 0; i < n; i++) {
                if (labels[i] == chosen[w]) {
                    members[w][count++] = i;
                }
            }
            for (int s = 0; s < config->shots + config->queries; s++) {
                uint32_t other = (uint32_t)s + tam_random_below(&random, count - (uint32_t)s);
                int64_t member = members[w][other];
                members[w][other] = members[w][s];
                members[w][s] = member;
                float length = sqrtf(dot(d, e + member * d, e + member * d));
                for (int k = 0; k < d && s < config->shots; k++) {
                    means[w][k] += e[member * d + k] / length;
                }
            }
        }
        for (int w = 0; w < config->ways; w++) {
            for (int q = 0; q < config->queries; q++) {
                const float *query = e + members[w][config->shots + q] * d;
                int best = 0;
                float most = -2e30f;
                for (int v = 0; v < config->ways; v++) {
                    float score = dot(d, query, means[v]) / sqrtf(dot(d, means[v], means[v]));
                    best = score > most ? v : best;
                    most = score > most ? score : most;
                }
                wrong += best != w;
            }
        }
    }
    return (double)wrong / ((double)config->ways * config->queries * config->episodes);
}

static void fewshot_equals_the_naive_loop(void **state) {
    (void)state;
    enum { ROWS = 400, WIDTH = 7, CLASSES = 25 };
    static float e[ROWS * WIDTH];
    static int32_t labels[ROWS];
    static const tam_fewshot_config configs[] = {
        {.ways = 5, .shots = 1, .queries = 3, .episodes = 37, .seed = 4},
        {.ways = 20, .shots = 5, .queries = 1, .episodes = 50, .seed = 5},
        {.ways = 2, .shots = 1, .queries = 1, .episodes = 1, .seed = 6},
    };
    tam_random random = tam_random_at(8, TAM_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i % CLASSES;
        for (int k = 0; k < WIDTH; k++) {
            e[i * WIDTH + k] = tam_random_normal(&random) + 2 * sinf((float)(labels[i] * 3 + k * (1 + labels[i] % 4)));
        }
    }
    for (size_t c = 0; c < sizeof configs / sizeof *configs; c++) {
        tam_fewshot results[2];
        double plain = plain_fewshot(ROWS, WIDTH, e, labels, CLASSES, &configs[c]);
        for (int t = 0; t < 2; t++) {
            tam_ctx *ctx = test_ctx(t == 0 ? 1 : 8);
            test_ok(ctx, tam_eval_fewshot(ctx, ROWS, WIDTH, e, labels, &configs[c], &results[t]));
            test_ctx_free(ctx);
        }
        assert_true(fabs(results[0].error - plain) < 1e-9);
        assert_true(results[0].error == results[1].error);
        assert_true(c > 1 || (plain > 0.01 && plain < 0.9 && results[0].interval > 0));
    }
}

static void fewshot_says_what_is_missing(void **state) {
    (void)state;
    float e[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    int32_t labels[6] = {0, 0, 1, 1, 1, 2};
    tam_fewshot result;
    tam_fewshot_config config = {.ways = 3};
    tam_ctx *ctx = test_ctx(1);
    test_fails(ctx, tam_eval_fewshot(ctx, 6, 2, e, labels, &config, &result), TAM_INPUT,
               "2 classes have 2 rows or more, but an episode needs 3");
    config.ways = 1;
    test_fails(ctx, tam_eval_fewshot(ctx, 6, 2, e, labels, &config, &result), TAM_CONFIG, "1 ways");
    config = (tam_fewshot_config){.ways = 2, .shots = -1};
    test_fails(ctx, tam_eval_fewshot(ctx, 6, 2, e, labels, &config, &result), TAM_CONFIG, "-1 shots");
    test_fails(ctx, tam_eval_fewshot(ctx, 6, 2, e, labels, NULL, &result), TAM_INPUT, "needs 20 classes");
    config = (tam_fewshot_config){.ways = 2};
    test_ok(ctx, tam_eval_fewshot(ctx, 6, 2, e, labels, &config, &result));
    assert_true(result.episodes == 1000 && result.shots == 1 && result.queries == 1);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_equal_the_plain_way),    cmocka_unit_test(leave_one_out_equals_the_plain_way),
        cmocka_unit_test(nobody_to_find_is_no_number),  cmocka_unit_test(fewshot_equals_the_naive_loop),
        cmocka_unit_test(fewshot_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
