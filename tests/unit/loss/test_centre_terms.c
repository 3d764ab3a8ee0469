/* Every registered term on centres: gradients against differences, invariances, extremes, centres that move once, and
 * the subset of the uniform loss against the whole. */
#include "term_support.h"

enum { N = 17, DIM = 6, CLASSES = 7 };

static const char *const variants[] = {
    "center:lambda=0.5",
    "uniform:lambda=30,alpha=1",
    "uniform:lambda=30,subset=4",
    "range:intra=0.1,inter=0,k=3",
    "range:intra=0,inter=1,m=1000",
    "range:intra=1,inter=1,m=0.001,k=1",
    "marginal:theta=0.7,xi=0.6,lambda=3",
    "coco:s=30,lambda=2",
};

/* Every registered term on centres with its defaults, then the variants; NULL at the end. */
static const char *specification_at(int index) {
    for (int k = 0; k < tam_batch_term_count(); k++) {
        if (!tam_batch_term_is_pair(tam_batch_term_at(k)) && index-- == 0) {
            return tam_batch_term_at(k)->name;
        }
    }
    return index < (int)(sizeof variants / sizeof variants[0]) ? variants[index] : NULL;
}

/* Terms on the differences between samples: where there are none, nothing moves. */
static bool is_of_differences(const char *specification) {
    return strncmp(specification, "range", 5) == 0 || strncmp(specification, "marginal", 8) == 0 ||
           strncmp(specification, "coco", 4) == 0;
}

/* A batch with centres; classes 5 and 6 have one sample and none. */
typedef struct sample {
    float x[N * DIM], centres[CLASSES * DIM];
    int32_t y[N];
    test_batch batch;
} sample;

static void fill(uint32_t stream, sample *out) {
    test_grid(stream, N * DIM, out->x);
    test_grid(stream + 1, CLASSES * DIM, out->centres);
    for (int i = 0; i < N; i++) {
        out->y[i] = i == 4 ? 5 : i % 6 == 5 ? -1 : (i * 7 + 1) % 5;
    }
    out->batch = (test_batch){
        .n = N, .dim = DIM, .classes = CLASSES, .x = out->x, .y = out->y, .centres = out->centres, .step = 11};
}

static void test_gradients(void **state) {
    (void)state;
    sample at;
    fill(60, &at);
    for (int k = 0; specification_at(k) != NULL; k++) {
        assert_true(test_gradient(specification_at(k), &at.batch, 1e-5) <= 2);
    }
}

static void test_order_does_not_matter(void **state) {
    (void)state;
    sample at;
    fill(62, &at);
    for (int k = 0; specification_at(k) != NULL; k++) {
        if (strstr(specification_at(k), "subset") == NULL) { /* its draws begin with the batch's classes */
            test_reordered(specification_at(k), &at.batch);
        }
    }
}

/* Rows that do not count have no gradient and no influence. */
static void test_skipped_rows(void **state) {
    (void)state;
    sample at, other;
    float dx[N * DIM], dx_other[N * DIM];
    fill(64, &at);
    fill(64, &other);
    for (int i = 0; i < N; i++) {
        for (int d = 0; d < DIM && other.y[i] < 0; d++) {
            other.x[i * DIM + d] = 1e20f;
        }
    }
    for (int k = 0; specification_at(k) != NULL; k++) {
        double loss = test_term(specification_at(k), &at.batch, dx);
        assert_true(loss == test_term(specification_at(k), &other.batch, dx_other));
        assert_memory_equal(dx, dx_other, sizeof dx);
        for (int e = 0; e < N * DIM; e++) {
            assert_true(at.y[e / DIM] >= 0 || dx[e] == 0.0f);
        }
    }
}

/* Terms add to what is in dx already. */
static void test_gradients_add_up(void **state) {
    (void)state;
    sample at;
    float dx[N * DIM], twice[N * DIM] = {0};
    tam_ctx *ctx = test_ctx(1);
    fill(66, &at);
    for (int k = 0; specification_at(k) != NULL; k++) {
        tam_loss loss;
        test_ok(ctx, tam_loss_read(ctx, specification_at(k), CLASSES, &loss));
        (void)test_term(specification_at(k), &at.batch, dx);
        memset(twice, 0, sizeof twice);
        (void)test_centre_term(&loss.term[0], &at.batch, twice, false);
        (void)test_centre_term(&loss.term[0], &at.batch, twice, false);
        for (int e = 0; e < N * DIM; e++) {
            assert_true(fabsf(twice[e] - 2.0f * dx[e]) <= 1e-6f * fabsf(dx[e]));
        }
    }
    test_ctx_free(ctx);
}

static void check_extreme(const char *what, const test_batch *batch, bool still) {
    float dx[N * DIM];
    for (int k = 0; specification_at(k) != NULL; k++) {
        double loss = test_term(specification_at(k), batch, dx);
        if (!isfinite(loss) || loss < 0.0) {
            fail_msg("%s, %s: the loss is %g", what, specification_at(k), loss);
        }
        for (int e = 0; e < batch->n * DIM; e++) {
            bool moves = still && is_of_differences(specification_at(k)) && fabsf(dx[e]) > 1e-6f;
            if (!isfinite(dx[e]) || moves) {
                fail_msg("%s, %s: a gradient of %g", what, specification_at(k), (double)dx[e]);
            }
        }
    }
}

static void test_extremes(void **state) {
    (void)state;
    sample at;
    int32_t one[N] = {0}, alone[N], nobody[N];
    float same[N * DIM], zero[N * DIM] = {0}, far[N * DIM];
    fill(68, &at);
    for (int i = 0; i < N; i++) {
        alone[i] = i < CLASSES ? i : -1;
        nobody[i] = -1;
        for (int d = 0; d < DIM; d++) {
            same[i * DIM + d] = 0.3f + (float)d;
            far[i * DIM + d] = (i % 2 == 0 ? 1.0f : -1.0f) * (i % 3 == 0 ? 1e-30f : 1e15f);
        }
    }
    test_batch batch = at.batch;
    batch.y = one;
    check_extreme("no negatives", &batch, false);
    batch.y = alone;
    check_extreme("no positives", &batch, false);
    batch.y = nobody;
    check_extreme("nothing counts", &batch, false);
    batch.y = one;
    batch.n = 1;
    check_extreme("a single sample", &batch, true);
    batch = at.batch;
    batch.x = same;
    check_extreme("identical points", &batch, true);
    batch.x = zero;
    check_extreme("zeros", &batch, true);
    batch.centres = NULL;
    check_extreme("zeros and centres as they start", &batch, true);
    batch.x = far;
    check_extreme("extreme lengths", &batch, false);
}

/* Wen et al., eq. 4, as it is written; the same for every term that keeps centres. */
static void test_centres_move(void **state) {
    (void)state;
    sample at;
    tam_ctx *ctx = test_ctx(1);
    int movers = 0;
    for (int k = 0; k < tam_batch_term_count(); k++) {
        const tam_batch_term *term = tam_batch_term_at(k);
        tam_loss loss;
        if (term->move == NULL) {
            continue;
        }
        fill(70, &at);
        double expected[CLASSES * DIM];
        for (int e = 0; e < CLASSES * DIM; e++) {
            double sum = 0.0, count = 0.0, before = (double)at.centres[e];
            for (int i = 0; i < N; i++) {
                sum += at.y[i] == e / DIM ? before - (double)at.x[i * DIM + e % DIM] : 0.0;
                count += at.y[i] == e / DIM;
            }
            expected[e] = before - 0.5 * sum / (1.0 + count);
        }
        test_ok(ctx, tam_loss_read(ctx, term->name, CLASSES, &loss));
        (void)test_centre_term(&loss.term[0], &at.batch, NULL, true);
        for (int e = 0; e < CLASSES * DIM; e++) {
            assert_true(fabs((double)at.centres[e] - expected[e]) <= 1e-6);
        }
        movers++;
    }
    assert_int_equal(movers, 2);
    test_ctx_free(ctx);
}

/* The uniform loss of a step is about the centres as they are after it. */
static void test_uniform_is_of_moved_centres(void **state) {
    (void)state;
    sample at;
    float dx[N * DIM];
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss;
    fill(72, &at);
    double value = test_term("uniform", &at.batch, dx), sum = 0.0;
    test_ok(ctx, tam_loss_read(ctx, "uniform", CLASSES, &loss));
    (void)test_centre_term(&loss.term[0], &at.batch, NULL, true);
    for (int j = 0; j < CLASSES; j++) {
        for (int k = 0; k < CLASSES; k++) {
            double squares = 0.0;
            for (int d = 0; d < DIM; d++) {
                double apart = (double)at.centres[j * DIM + d] - (double)at.centres[k * DIM + d];
                squares += apart * apart;
            }
            sum += j != k ? 1.0 / ((sqrt(squares) + 1.0) * (sqrt(squares) + 1.0)) : 0.0;
        }
    }
    assert_true(fabs(value - sum / (CLASSES * (CLASSES - 1.0))) < 1e-6);
    test_ctx_free(ctx);
}

/* The mean over many draws is the exact loss with the exact gradient. 40 classes, of which the batch has 6. */
static void test_uniform_subset_is_unbiased(void **state) {
    (void)state;
    enum { MANY = 40, STEPS = 6000 };
    sample at;
    float centres[MANY * DIM], exact[N * DIM], dx[N * DIM];
    double mean[N * DIM] = {0}, loss = 0.0, squares = 0.0, largest = 0.0;
    fill(74, &at);
    test_grid(76, MANY * DIM, centres);
    at.batch.classes = MANY;
    at.batch.centres = centres;
    double exact_loss = test_term("uniform", &at.batch, exact), first = 0.0;
    for (int64_t step = 0; step < STEPS; step++) {
        at.batch.step = step;
        double drawn = test_term("uniform:subset=10", &at.batch, dx);
        loss += drawn / STEPS;
        squares += drawn * drawn / STEPS;
        first = step == 0 ? drawn : first;
        for (int e = 0; e < N * DIM; e++) {
            mean[e] += (double)dx[e] / STEPS;
        }
    }
    double deviation = sqrt((squares - loss * loss) / STEPS);
    assert_true(deviation > 0.0 && fabs(loss - exact_loss) < 4.0 * deviation);
    for (int e = 0; e < N * DIM; e++) {
        largest = fmax(largest, fabs((double)exact[e]));
    }
    for (int e = 0; e < N * DIM; e++) {
        assert_true(fabs(mean[e] - (double)exact[e]) < 0.03 * largest);
    }
    at.batch.step = 0;
    assert_true(test_term("uniform:subset=10", &at.batch, dx) == first);
    assert_true(test_term("uniform:subset=39", &at.batch, dx) != exact_loss);
    assert_true(test_term("uniform:subset=40", &at.batch, dx) == exact_loss);
    assert_true(isfinite(test_term("uniform:subset=2", &at.batch, dx))); /* fewer than the batch has */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_skipped_rows),
        cmocka_unit_test(test_gradients_add_up),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_centres_move),
        cmocka_unit_test(test_uniform_is_of_moved_centres),
        cmocka_unit_test(test_uniform_subset_is_unbiased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
