/* Every registered pair loss: gradient lengths and dx against differences, invariances, extremes, threads. */
#include "term_support.h"

enum { N = 21, DIM = 7, CLASSES = 6, SAMPLES = 12 };

static const char *const variants[] = {
    "contrastive:miner=semi-hard",           "contrastive:miner=batch-hard,m=1.5",
    "contrastive:miner=distance-weighted",   "triplet:distance=euclidean,miner=semi-hard,m=0.5",
    "triplet:distance=angular,m=0.35",       "triplet:distance=angular,miner=batch-hard",
    "triplet:miner=distance-weighted,m=0.5", "circle-pairs:gamma=4,m=0.1",
    "supcon:temperature=0.5,lambda=3",       "multi-similarity:alpha=5,beta=4,base=0.1,epsilon=2",
};

/* Every registered pair loss with its defaults, then the variants; NULL at the end. */
static const char *specification_at(int index) {
    for (int k = 0; k < tam_batch_term_count(); k++) {
        if (tam_batch_term_is_pair(tam_batch_term_at(k)) && index-- == 0) {
            return tam_batch_term_at(k)->name;
        }
    }
    return index < (int)(sizeof variants / sizeof variants[0]) ? variants[index] : NULL;
}

static bool is_drawn(const char *specification) {
    return strstr(specification, "distance-weighted") != NULL;
}

static bool is_circle(const char *specification) {
    return strncmp(specification, "circle-pairs", strlen("circle-pairs")) == 0;
}

/* Labels in [0, CLASSES); every eighth row does not count. */
static void fill(uint32_t stream, int n, int dim, float *x, int32_t *y) {
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, stream, 1);
    test_grid(stream, (int64_t)n * dim, x);
    for (int i = 0; i < n; i++) {
        y[i] = i % 8 == 7 ? -1 : (int32_t)tam_random_below(&random, CLASSES);
    }
}

static void test_interface(void **state) {
    (void)state;
    int pair_losses = 0;
    for (int k = 0; k < tam_batch_term_count(); k++) {
        const tam_batch_term *term = tam_batch_term_at(k);
        assert_true((term->pairs != NULL) != (term->loss != NULL));
        assert_true(term->name != NULL && term->formula != NULL && term->source != NULL);
        assert_true(term->move == NULL || (term->traits & TAM_TERM_CENTRES) != 0);
        assert_true(!tam_batch_term_is_pair(term) || term->traits == 0);
        pair_losses += tam_batch_term_is_pair(term);
    }
    assert_true(pair_losses >= 5);
}

typedef struct length_case {
    tam_loss_term term;
    tam_pair_batch batch;
    double cosine[SAMPLES * SAMPLES], g[SAMPLES * SAMPLES], ignored[SAMPLES * SAMPLES];
} length_case;

static double loss_at(length_case *at, int k, double step) {
    double kept = at->cosine[k];
    memset(at->ignored, 0, sizeof at->ignored);
    at->cosine[k] = kept + step;
    double loss = at->term.term->pairs(at->term.key, &at->batch, at->ignored);
    at->cosine[k] = kept;
    return loss;
}

/* Circle loss holds its alphas: the whole derivative of alpha (c - optimum) is that of its lengths times this. */
static double held_factor(const length_case *at, int i, int j) {
    double m = at->term.key[1], c = at->cosine[i * SAMPLES + j];
    return at->batch.y[i] == at->batch.y[j] ? 1.0 - (c - (1.0 - m)) / (1.0 + m - c) : 1.0 + (c - m) / (c + m);
}

/* cosine_ij and cosine_ji are two variables here, as the interface says. */
static void check_lengths(tam_ctx *ctx, const char *specification) {
    static const int32_t y[SAMPLES] = {0, 1, 0, 2, 1, 0, 2, 3, 1, 0, 2, 4};
    static length_case at;
    tam_loss loss;
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, 40, 0);
    test_ok(ctx, tam_loss_read(ctx, specification, CLASSES, &loss));
    test_batch shape = {.n = SAMPLES, .dim = DIM, .classes = CLASSES};
    at = (length_case){.term = loss.term[0]};
    void *room = test_room(&at.term, &shape);
    at.batch = (tam_pair_batch){.n = SAMPLES, .dim = DIM, .y = y, .cosine = at.cosine, .room = room, .seed = 3};
    for (int k = 0; k < SAMPLES * SAMPLES; k++) {
        at.cosine[k] = k / SAMPLES == k % SAMPLES ? 1.0 : (double)tam_random_between(&random, -0.35f, 0.95f);
    }
    (void)at.term.term->pairs(at.term.key, &at.batch, at.g);
    double largest = 0.0;
    int corners = 0;
    for (int k = 0; k < SAMPLES * SAMPLES; k++) {
        largest = fmax(largest, fabs(at.g[k]));
    }
    assert_true(largest > 1e-3);
    for (int k = 0; k < SAMPLES * SAMPLES; k++) {
        const double h = 1e-5;
        double narrow = (loss_at(&at, k, h) - loss_at(&at, k, -h)) / (2.0 * h);
        double wide = (loss_at(&at, k, 2.0 * h) - loss_at(&at, k, -2.0 * h)) / (4.0 * h);
        double whole = at.g[k] * (is_circle(specification) ? held_factor(&at, k / SAMPLES, k % SAMPLES) : 1.0);
        if (fabs(narrow - wide) > 1e-6 * largest) {
            corners++;
        } else if (fabs(narrow - whole) > 1e-6 * largest) {
            fail_msg("%s: g_%d,%d is %.9g, by differences %.9g", specification, k / SAMPLES, k % SAMPLES, whole,
                     narrow);
        }
    }
    assert_true(corners <= 3);
    free(room);
}

static void test_lengths(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; specification_at(k) != NULL; k++) {
        check_lengths(ctx, specification_at(k));
    }
    test_ctx_free(ctx);
}

/* From lengths to dx. Circle loss, whose value also moves by what it holds, has its golden vector for this. */
static void test_gradients(void **state) {
    (void)state;
    float x[N * DIM];
    int32_t y[N];
    fill(41, N, DIM, x, y);
    for (int k = 0; specification_at(k) != NULL; k++) {
        if (!is_circle(specification_at(k))) {
            test_batch batch = {.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y, .step = 3};
            assert_true(test_gradient(specification_at(k), &batch, 1e-5) <= N * DIM / 10);
        }
    }
}

static void test_order_does_not_matter(void **state) {
    (void)state;
    float x[N * DIM];
    int32_t y[N];
    fill(42, N, DIM, x, y);
    for (int k = 0; specification_at(k) != NULL; k++) {
        if (!is_drawn(specification_at(k))) { /* draws belong to places */
            test_reordered(specification_at(k), &(test_batch){.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y});
        }
    }
}

/* Turns rows in the plane of dimensions d and d + 1, for all d. */
static void rotate(int n, const double *from, double *to) {
    memcpy(to, from, (size_t)n * DIM * sizeof *to);
    for (int i = 0; i < n; i++) {
        for (int d = 0; d + 1 < DIM; d++) {
            double *u = to + i * DIM + d, a = 0.6 * u[0] - 0.8 * u[1], b = 0.8 * u[0] + 0.6 * u[1];
            u[0] = a;
            u[1] = b;
        }
    }
}

/* A rotated space and other lengths: the same loss, and a gradient that is rotated and shorter in proportion. */
static void test_rotated_spaces(void **state) {
    (void)state;
    float x[N * DIM], turned[N * DIM], dx[N * DIM], dx_turned[N * DIM];
    double wide[N * DIM], rotated[N * DIM];
    int32_t y[N];
    fill(43, N, DIM, x, y);
    for (int k = 0; specification_at(k) != NULL; k++) {
        const char *loss = specification_at(k);
        for (int e = 0; e < N * DIM; e++) {
            wide[e] = (double)x[e];
        }
        rotate(N, wide, rotated);
        for (int e = 0; e < N * DIM; e++) {
            turned[e] = (float)(4.0 * rotated[e]);
        }
        test_batch batch = {.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y}, other = batch;
        other.x = turned;
        double a = test_term(loss, &batch, dx), b = test_term(loss, &other, dx_turned), largest = 0.0;
        assert_true(fabs(a - b) <= 1e-5 * fabs(a));
        for (int e = 0; e < N * DIM; e++) {
            wide[e] = (double)dx[e];
            largest = fmax(largest, fabs(wide[e]));
        }
        rotate(N, wide, rotated);
        for (int e = 0; e < N * DIM; e++) {
            assert_true(fabs(4.0 * (double)dx_turned[e] - rotated[e]) <= 1e-4 * largest);
        }
    }
}

/* More dimensions than are summed at a time: the same batch with zeros between its columns. */
static void test_wide_rows(void **state) {
    (void)state;
    enum { APART = 23, WIDE = DIM * APART };
    static float x[N * DIM], wide[N * WIDE], dx[N * DIM], dx_wide[N * WIDE];
    int32_t y[N];
    fill(46, N, DIM, x, y);
    for (int e = 0; e < N * DIM; e++) {
        wide[e / DIM * WIDE + e % DIM * APART + 5] = x[e];
    }
    for (int k = 0; specification_at(k) != NULL; k++) {
        if (is_drawn(specification_at(k))) { /* draws depend on the number of dimensions */
            continue;
        }
        test_batch batch = {.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y}, other = batch;
        other.x = wide;
        other.dim = WIDE;
        double a = test_term(specification_at(k), &batch, dx), b = test_term(specification_at(k), &other, dx_wide);
        assert_true(fabs(a - b) <= 1e-12 * fabs(a));
        for (int e = 0; e < N * WIDE; e++) {
            int d = e % WIDE;
            double expected = d % APART == 5 ? (double)dx[e / WIDE * DIM + d / APART] : 0.0;
            assert_true(fabs((double)dx_wide[e] - expected) <= 1e-6 * fabs(expected));
        }
    }
}

static void test_same_bits_on_any_threads(void **state) {
    (void)state;
    enum { MANY = 61, WIDE = 131 };
    static float x[MANY * WIDE], dx[3][MANY * WIDE];
    int32_t y[MANY];
    static const int threads[3] = {1, 2, 8};
    fill(44, MANY, WIDE, x, y);
    for (int k = 0; specification_at(k) != NULL; k++) {
        double loss[3];
        for (int t = 0; t < 3; t++) {
            loss[t] = test_term(
                specification_at(k),
                &(test_batch){.n = MANY, .dim = WIDE, .classes = CLASSES, .x = x, .y = y, .threads = threads[t]},
                dx[t]);
        }
        assert_memory_equal(&loss[0], &loss[1], sizeof loss[0]);
        assert_memory_equal(&loss[0], &loss[2], sizeof loss[0]);
        assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
        assert_memory_equal(dx[0], dx[2], sizeof dx[0]);
    }
}

/* All losses on one batch: finite, and where `still`, without a gradient. */
static void check_extreme(const char *what, int n, const float *x, const int32_t *y, bool still) {
    float dx[N * DIM];
    for (int k = 0; specification_at(k) != NULL; k++) {
        double loss =
            test_term(specification_at(k), &(test_batch){.n = n, .dim = DIM, .classes = CLASSES, .x = x, .y = y}, dx);
        if (!isfinite(loss) || loss < 0.0) {
            fail_msg("%s, %s: the loss is %g", what, specification_at(k), loss);
        }
        for (int e = 0; e < n * DIM; e++) {
            if (!isfinite(dx[e]) || (still && fabsf(dx[e]) > 1e-9f)) {
                fail_msg("%s, %s: a gradient of %g", what, specification_at(k), (double)dx[e]);
            }
        }
    }
}

static void test_extremes(void **state) {
    (void)state;
    float x[N * DIM], same[N * DIM], zero[N * DIM] = {0}, far[N * DIM];
    int32_t y[N], one[N] = {0}, alone[N], nobody[N];
    fill(45, N, DIM, x, y);
    for (int i = 0; i < N; i++) {
        alone[i] = i;
        nobody[i] = -1;
        for (int d = 0; d < DIM; d++) {
            same[i * DIM + d] = 0.3f + (float)d;
            far[i * DIM + d] = (i % 2 == 0 ? 1.0f : -1.0f) * (i % 3 == 0 ? 1e-30f : 1e30f);
        }
    }
    check_extreme("identical points", N, same, y, true);
    check_extreme("zeros", N, zero, y, true);
    check_extreme("a single sample", 1, x, one, true);
    check_extreme("nothing counts", N, x, nobody, true);
    check_extreme("no positives", N, x, alone, false);
    check_extreme("no negatives", N, x, one, false);
    check_extreme("opposite points of extreme lengths", N, far, y, false);
    check_extreme("opposite points, no negatives", N, far, one, false);
    memset(x + 3 * DIM, 0, DIM * sizeof *x);
    check_extreme("one zero row", N, x, y, false);
    float dx[N * DIM];
    (void)test_term("triplet:m=5", &(test_batch){.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y}, dx);
    assert_true(y[3] >= 0);
    for (int d = 0; d < DIM; d++) {
        assert_true(dx[3 * DIM + d] == 0.0f);
    }
}

/* Angles, the nearest sample and the existence of pairs, on a circle where all of them are known. */
static void test_report(void **state) {
    (void)state;
    enum { POINTS = 6 };
    static const double degrees[POINTS] = {0.0, 20.0, 90.0, 130.0, 45.0, 300.0};
    static const int32_t y[POINTS] = {0, 0, 1, 1, -1, 2};
    float x[POINTS * 2], theta[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[2 * i] = (float)((1.0 + i) * cos(degrees[i] * M_PI / 180.0));
        x[2 * i + 1] = (float)((1.0 + i) * sin(degrees[i] * M_PI / 180.0));
    }
    tam_ctx *ctx = test_ctx(2);
    void *space = aligned_alloc(64, (tam_pair_space_bytes(POINTS, 2) + 63) / 64 * 64);
    assert_non_null(space);
    tam_pair_space_fill(ctx, space, POINTS, 2, x, y);
    double mean;
    tam_pair_result result = tam_pair_space_report(space, theta, &mean);
    assert_true(result.any_positive && result.positives == 4);
    assert_int_equal(result.correct, 4);
    assert_true(fabs(mean - 30.0 * M_PI / 180.0) < 1e-6);
    assert_true(fabs((double)theta[1] - 20.0 * M_PI / 180.0) < 1e-6 && theta[4] == 0.0f && isnan(theta[5]));
    static const int32_t crossed[POINTS] = {0, 1, 1, 0, -1, 2};
    tam_pair_space_fill(ctx, space, POINTS, 2, x, crossed);
    result = tam_pair_space_report(space, NULL, &mean);
    assert_true(result.any_positive && result.correct == 0);
    assert_true(fabs(mean - 100.0 * M_PI / 180.0) < 1e-6);
    static const int32_t apart[POINTS] = {0, 1, 2, 3, -1, 4};
    tam_pair_space_fill(ctx, space, POINTS, 2, x, apart);
    result = tam_pair_space_report(space, theta, &mean);
    assert_true(!result.any_positive && result.correct == 0 && result.positives == 0 && mean == 0.0);
    static const float point[POINTS * 2] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    tam_pair_space_fill(ctx, space, POINTS, 2, point, y);
    result = tam_pair_space_report(space, NULL, &mean);
    assert_true(result.positives == 4 && result.correct == 0); /* a collapsed net must not look right */
    free(space);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interface),      cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_gradients),      cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_rotated_spaces), cmocka_unit_test(test_same_bits_on_any_threads),
        cmocka_unit_test(test_wide_rows),      cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
