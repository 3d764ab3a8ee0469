/* Miners against lists of all triplets, and the draws of the distance-weighted one against their probabilities. */
#include "term_support.h"

#include "loss/pair/miner.h"

enum { N = 13, DIM = 5 };
static const int32_t y[N] = {0, 1, 0, 2, 1, 0, 2, 3, 1, 0, 2, 4, 3};

/* seen[a][p][n]: how often a triplet was visited. */
typedef struct visits {
    int seen[N][N][N];
} visits;

static void count(void *argument, tam_triplet triplet) {
    visits *all = argument;
    all->seen[triplet.anchor][triplet.positive][triplet.negative]++;
}

static void mine(const double *cosine, const int32_t *labels, tam_miner miner, tam_distance distance, double margin,
                 int64_t step, visits *all) {
    double room[N];
    tam_pair_batch batch = {.n = N, .dim = DIM, .y = labels, .cosine = cosine, .seed = 9, .step = step};
    assert_int_equal(tam_miner_room(N), sizeof room);
    tam_mine(&batch, miner, distance, margin, room, count, all);
}

static void random_cosines(uint32_t stream, double *cosine) {
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, stream, 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j <= i; j++) {
            double c = i == j ? 1.0 : (double)tam_random_between(&random, -0.9f, 0.9f);
            cosine[i * N + j] = cosine[j * N + i] = c;
        }
    }
}

static double distance_by_word(const char *word, double c) {
    return strcmp(word, "squared") == 0     ? 2.0 - 2.0 * c
           : strcmp(word, "euclidean") == 0 ? sqrt(2.0 - 2.0 * c)
                                            : acos(c);
}

/* Whether the definition of the miner has the triplet. */
static bool belongs(const double *cosine, tam_miner miner, const char *word, double margin, int a, int p, int n) {
    double d_ap = distance_by_word(word, cosine[a * N + p]), d_an = distance_by_word(word, cosine[a * N + n]);
    if (a == p || y[a] != y[p] || y[a] == y[n]) {
        return false;
    }
    if (miner == TAM_MINER_SEMI_HARD) {
        return d_ap < d_an && d_an < d_ap + margin;
    }
    for (int j = 0; j < N && miner == TAM_MINER_BATCH_HARD; j++) {
        double d = distance_by_word(word, cosine[a * N + j]);
        if ((j != a && y[j] == y[a] && d > d_ap) || (y[j] != y[a] && d < d_an)) {
            return false;
        }
    }
    return true;
}

static void test_against_lists(void **state) {
    (void)state;
    static const char *const words[] = {"squared", "euclidean", "angular"};
    static visits all;
    double cosine[N * N];
    for (uint32_t trial = 0; trial < 12; trial++) {
        random_cosines(50 + trial, cosine);
        for (int word = 0; word < 3; word++) {
            for (int miner = TAM_MINER_ALL; miner <= TAM_MINER_BATCH_HARD; miner++) {
                int found = 0;
                memset(&all, 0, sizeof all);
                mine(cosine, y, (tam_miner)miner, (tam_distance)word, 0.3, 0, &all);
                for (int k = 0; k < N * N * N; k++) {
                    int a = k / N / N, p = k / N % N, n = k % N;
                    assert_int_equal(all.seen[a][p][n], belongs(cosine, (tam_miner)miner, words[word], 0.3, a, p, n));
                    found += all.seen[a][p][n];
                }
                assert_true(miner == TAM_MINER_BATCH_HARD ? found == 12 : found > 12);
            }
        }
    }
}

/* The first among equals, so that the choice does not hang on the order of comparisons. */
static void test_equals(void **state) {
    (void)state;
    static visits all;
    double cosine[N * N];
    for (int k = 0; k < N * N; k++) {
        cosine[k] = 0.5;
    }
    memset(&all, 0, sizeof all);
    mine(cosine, y, TAM_MINER_BATCH_HARD, TAM_DISTANCE_SQUARED, 0.3, 0, &all);
    assert_int_equal(all.seen[0][2][1], 1);
    assert_int_equal(all.seen[1][4][0], 1);
    memset(&all, 0, sizeof all);
    mine(cosine, y, TAM_MINER_SEMI_HARD, TAM_DISTANCE_SQUARED, 0.3, 0, &all);
    for (int k = 0; k < N * N * N; k++) {
        assert_int_equal(all.seen[k / N / N][k / N % N][k % N], 0); /* both ends of the band are open */
    }
}

/* Wu et al., section 4.2: min(lambda, 1/q(d)) with the cut at 0.5 as lambda, and nothing from 1.4 on. */
static double weight_of(double cosine) {
    double d = fmax(0.5, sqrt(2.0 - 2.0 * cosine));
    return d >= 1.4 ? 0.0 : 1.0 / (pow(d, DIM - 2.0) * pow(1.0 - 0.25 * d * d, 0.5 * (DIM - 3.0)));
}

static void test_draws(void **state) {
    (void)state;
    enum { STEPS = 20000 };
    static visits all;
    double cosine[N * N];
    random_cosines(70, cosine);
    memset(&all, 0, sizeof all);
    for (int64_t step = 0; step < STEPS; step++) {
        mine(cosine, y, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, step, &all);
    }
    for (int a = 0; a < N; a++) {
        double total = 0.0;
        for (int n = 0; n < N; n++) {
            total += y[n] != y[a] ? weight_of(cosine[a * N + n]) : 0.0;
        }
        assert_true(total > 0.0);
        for (int k = 0; k < N * N; k++) {
            int p = k / N, n = k % N;
            bool positive = p != a && y[p] == y[a];
            double share = positive && y[n] != y[a] ? weight_of(cosine[a * N + n]) / total : 0.0;
            double deviation = sqrt(STEPS * share * (1.0 - share));
            if (fabs(all.seen[a][p][n] - STEPS * share) > 5.0 * deviation) {
                fail_msg("anchor %d drew %d %d times, expected %g +- %g", a, n, all.seen[a][p][n], STEPS * share,
                         deviation);
            }
        }
    }
}

/* One negative for each anchor and positive; the same ones in the same step, others in another. */
static void test_draws_repeat(void **state) {
    (void)state;
    static visits first, again, later;
    double cosine[N * N];
    random_cosines(71, cosine);
    memset(&first, 0, sizeof first);
    memset(&again, 0, sizeof again);
    memset(&later, 0, sizeof later);
    mine(cosine, y, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, 17, &first);
    mine(cosine, y, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, 17, &again);
    mine(cosine, y, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, 18, &later);
    assert_memory_equal(&first, &again, sizeof first);
    assert_memory_not_equal(&first, &later, sizeof first);
    for (int a = 0; a < N; a++) {
        for (int p = 0; p < N; p++) {
            int drawn = 0;
            for (int n = 0; n < N; n++) {
                drawn += first.seen[a][p][n];
            }
            assert_int_equal(drawn, p != a && y[p] == y[a]);
        }
    }
}

/* All negatives beyond 1.4: each is as likely. No negatives at all: nothing is drawn. */
static void test_draws_without_near_negatives(void **state) {
    (void)state;
    enum { STEPS = 4000 };
    static visits all;
    static const int32_t one_class[N] = {0};
    double cosine[N * N];
    for (int k = 0; k < N * N; k++) {
        cosine[k] = y[k / N] == y[k % N] ? 0.9 : -0.5 - 0.01 * (k % N);
    }
    memset(&all, 0, sizeof all);
    for (int64_t step = 0; step < STEPS; step++) {
        mine(cosine, y, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, step, &all);
    }
    for (int n = 0; n < N; n++) { /* of the anchor 0, which has nine negatives */
        double expected = y[n] != 0 ? STEPS / 9.0 : 0.0;
        assert_true(fabs(all.seen[0][2][n] - expected) <= 5.0 * sqrt(expected));
    }
    memset(&all, 0, sizeof all);
    mine(cosine, one_class, TAM_MINER_DISTANCE_WEIGHTED, TAM_DISTANCE_SQUARED, 0.3, 0, &all);
    for (int k = 0; k < N * N * N; k++) {
        assert_int_equal(all.seen[k / N / N][k / N % N][k % N], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_lists),
        cmocka_unit_test(test_equals),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_draws_repeat),
        cmocka_unit_test(test_draws_without_near_negatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
