/* What must hold for every loss without knowing its formula: same bits on any number of threads, permuted classes,
 * rotated spaces, classify, finite results for extreme input, and nothing moved by a bad step. */
#include "head_support.h"

#include "head/head_inside.h"

static const char *const extras[] = {"arcface+center", "normface:s=20,learn=yes"};
enum { EXTRAS = 2, LONG = 3000, MOST_SUBS = 3, LONG_ROWS = LONG * MOST_SUBS };

static const tam_head_update plain_update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f};

static void train(tam_ctx *ctx, const char *loss, int classes, float *w, float *dx) {
    enum { N = 37, DIM = 19 };
    tam_head *head = test_head(ctx, loss, classes, DIM, N);
    float *x = test_floats(N * DIM);
    int32_t y[N];
    for (uint32_t t = 0; t < 3; t++) {
        tam_head_result result;
        test_normal(t, N * DIM, 1.0f, x);
        test_labels(t, N, classes, 9, y);
        test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &plain_update, &result));
    }
    memset(w, 0, sizeof(float) * (size_t)LONG_ROWS * DIM);
    memcpy(w, tam_head_weights(head), sizeof(float) * (size_t)(classes * tam_head_sub_centres(head)) * DIM);
    free(x);
    tam_head_free(head);
}

static void test_same_bits_on_any_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 8};
    static float w[3][LONG_ROWS * 19], dx[3][37 * 19];
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        for (int t = 0; t < 3; t++) {
            tam_ctx *ctx = test_ctx(threads[t]);
            train(ctx, loss, LONG, w[t], dx[t]);
            test_ctx_free(ctx);
        }
        for (int t = 1; t < 3; t++) {
            assert_memory_equal(w[t], w[0], sizeof w[0]);
            assert_memory_equal(dx[t], dx[0], sizeof dx[0]);
        }
    }
}

/* The start of class j depends on the seed and j alone. */
static void test_start(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_head *small = test_head(ctx, "arcface", 50, 33, 1), *large = test_head(ctx, "arcface", 5000, 33, 1);
    double square = 0.0;
    assert_memory_equal(tam_head_weights(small), tam_head_weights(large), sizeof(float) * 50 * 33);
    for (int k = 0; k < 5000 * 33; k++) {
        square += pow((double)tam_head_weights(large)[k], 2.0) / (5000 * 33);
    }
    assert_true(fabs(sqrt(square) / 0.01 - 1.0) < 0.02);
    tam_head_free(small);
    tam_head_free(large);
    test_ctx_free(ctx);
}

enum { N = 23, CLASSES = 300, DIM = 17 };

/* One batch, its gradients, and the head it was made with. */
typedef struct batch {
    float x[N * DIM], dx[N * DIM], dw[MOST_SUBS * CLASSES * DIM], dbias[CLASSES];
    int32_t y[N];
    tam_head_result result;
} batch;

static void gradient(tam_ctx *ctx, tam_head *head, batch *b) {
    test_ok(ctx, tam_head_gradient(head, N, b->x, b->y, b->dx, b->dw, b->dbias, &b->result));
}

static void test_permuted_classes(void **state) {
    (void)state;
    static batch a, b;
    static double exact[MOST_SUBS * CLASSES * DIM];
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        tam_head *permuted = test_head(ctx, loss, CLASSES, DIM, N);
        test_normal(1, N * DIM, 1.0f, a.x);
        test_labels(1, N, CLASSES, 0, a.y);
        memcpy(b.x, a.x, sizeof a.x);
        int width = DIM * tam_head_sub_centres(head);
        for (int i = 0; i < N; i++) {
            b.y[i] = (a.y[i] * 7 + 3) % CLASSES;
        }
        for (int j = 0; j < CLASSES; j++) {
            memcpy(tam_head_weights(permuted) + (j * 7 + 3) % CLASSES * width, tam_head_weights(head) + j * width,
                   sizeof(float) * (size_t)width);
        }
        gradient(ctx, head, &a);
        gradient(ctx, permuted, &b);
        assert_true(fabs(a.result.loss - b.result.loss) <= 1e-6 * fabs(a.result.loss));
        assert_int_equal(a.result.correct, b.result.correct);
        for (int j = 0; j < N * DIM; j++) {
            exact[j] = (double)a.dx[j];
        }
        test_near(loss, N * DIM, b.dx, exact, 1e-5, 0.0);
        for (int j = 0; j < CLASSES * width; j++) {
            exact[(j / width * 7 + 3) % CLASSES * width + j % width] = (double)a.dw[j];
        }
        test_near(loss, CLASSES * width, b.dw, exact, 1e-5, 0.0);
        tam_head_free(head);
        tam_head_free(permuted);
    }
    test_ctx_free(ctx);
}

/* A rotation: the reflection v - 2 (v.u) u by a unit vector u, which is its own inverse and keeps all cosines. */
static void reflect(int64_t rows, const float *from, float *to) {
    double u[DIM], square = 0.0;
    for (int d = 0; d < DIM; d++) {
        u[d] = sin(1.0 + d);
        square += u[d] * u[d];
    }
    for (int64_t i = 0; i < rows; i++) {
        double along = 0.0;
        for (int d = 0; d < DIM; d++) {
            along += (double)from[i * DIM + d] * u[d];
        }
        for (int d = 0; d < DIM; d++) {
            to[i * DIM + d] = (float)((double)from[i * DIM + d] - 2.0 * along / square * u[d]);
        }
    }
}

static void test_rotated_spaces(void **state) {
    (void)state;
    static batch a, b;
    static float back[MOST_SUBS * CLASSES * DIM];
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        tam_head *rotated = test_head(ctx, loss, CLASSES, DIM, N);
        test_normal(2, N * DIM, 1.0f, a.x);
        test_labels(2, N, CLASSES, 0, a.y);
        memcpy(b.y, a.y, sizeof a.y);
        reflect(N, a.x, b.x);
        int rows = CLASSES * tam_head_sub_centres(head);
        reflect(rows, tam_head_weights(head), tam_head_weights(rotated));
        gradient(ctx, head, &a);
        gradient(ctx, rotated, &b);
        assert_true(fabs(a.result.loss - b.result.loss) <= 1e-5 * fabs(a.result.loss));
        double *dx = test_doubles(N * DIM, a.dx), *dw = test_doubles(rows * DIM, a.dw);
        reflect(N, b.dx, back);
        test_near(loss, N * DIM, back, dx, 3e-5, 0.0);
        reflect(rows, b.dw, back);
        test_near(loss, rows * DIM, back, dw, 3e-5, 0.0);
        free(dx);
        free(dw);
        tam_head_free(head);
        tam_head_free(rotated);
    }
    test_ctx_free(ctx);
}

static bool all_finite(int64_t count, const float *values) {
    for (int64_t k = 0; k < count; k++) {
        if (!isfinite(values[k])) {
            return false;
        }
    }
    return true;
}

/* Zero, 1e-30 and 1e30 long embeddings and weights, and cosines of exactly 1 and -1. */
static void test_extremes(void **state) {
    (void)state;
    static batch b;
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        float *w = tam_head_weights(head);
        int subs = tam_head_sub_centres(head),
            width = subs * DIM; /* what is done to a class is done to its first row */
        test_normal(3, N * DIM, 1.0f, b.x);
        test_labels(3, N, CLASSES, 0, b.y);
        for (int d = 0; d < DIM; d++) {
            b.x[0 * DIM + d] = 0.0f;
            b.x[1 * DIM + d] *= 1e-30f;
            b.x[2 * DIM + d] *= 1e30f;
            b.x[3 * DIM + d] = 5.0f * w[b.y[3] * width + d];  /* c = 1 */
            b.x[4 * DIM + d] = -5.0f * w[b.y[4] * width + d]; /* c = -1 */
            w[b.y[5] * width + d] = 0.0f;
            w[b.y[6] * width + d] *= 1e-28f;
            w[11 * width + d] = 0.0f;
        }
        gradient(ctx, head, &b);
        assert_true(isfinite(b.result.loss));
        assert_true(all_finite(N * DIM, b.dx) && all_finite(CLASSES * width, b.dw) && all_finite(CLASSES, b.dbias));
        bool cosines = tam_head_has(head, TAM_LOSS_UNIT_X) && tam_head_has(head, TAM_LOSS_UNIT_W);
        for (int d = 0; d < DIM && cosines; d++) {
            bool pulled = strstr(loss, "center") != NULL;
            assert_true(b.dx[d] == 0.0f || pulled);
            assert_true(b.dw[11 * width + d] == 0.0f && b.dw[b.y[5] * width + d] == 0.0f);
        }
        float theta[N];
        tam_head_result result;
        test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, theta, &plain_update, &result));
        assert_true(all_finite(CLASSES * width, w) && all_finite(N, theta));
        assert_true(theta[3] < 1e-3f && (theta[4] > 3.14f || subs > 1));
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

/* Everything that a head holds, as bytes. */
static uint64_t sum_of_all(tam_head *head) {
    uint64_t sum = 14695981039346656037u;
    for (int k = 0; k < tam_head_tensor_count(head); k++) {
        tam_head_tensor tensor = tam_head_tensor_at(head, k);
        const unsigned char *bytes = tensor.data;
        for (size_t b = 0; b < tensor.bytes; b++) {
            sum = (sum ^ bytes[b]) * 1099511628211u;
        }
    }
    return sum;
}

static void test_bad_steps_move_nothing(void **state) {
    (void)state;
    static batch b;
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        tam_head_result result;
        test_normal(4, N * DIM, 1.0f, b.x);
        test_labels(4, N, CLASSES, 0, b.y);
        test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result));
        uint64_t before = sum_of_all(head); /* momenta and running statistics are not at their start any more */
        b.y[17] = CLASSES;
        test_fails(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result), TAM_INPUT,
                   "sample 17 has label 300, outside [0, 300)");
        b.y[17] = -2;
        test_fails(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result), TAM_INPUT,
                   "sample 17 has label -2");
        b.y[17] = 5;
        test_fails(ctx, tam_head_step(head, N + 1, b.x, b.y, b.dx, NULL, &plain_update, &result), TAM_CONFIG,
                   "24 samples");
        test_fails(ctx, tam_head_step(head, 0, b.x, b.y, b.dx, NULL, &plain_update, &result), TAM_CONFIG, "0 samples");
        static const float bad[] = {NAN, INFINITY, -INFINITY};
        for (int v = 0; v < 3; v++) {
            b.x[3 * DIM + 2] = bad[v];
            test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result));
            assert_true(isnan(result.loss) && isnan(b.dx[0]));
            assert_true(sum_of_all(head) == before);
        }
        b.y[3] = -1; /* a skipped row may hold anything */
        test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, NULL, &result));
        assert_true(isfinite(result.loss) && all_finite(N * DIM, b.dx) && result.counted == N - 1);
        assert_true(sum_of_all(head) == before); /* no update was asked for */
        float kept = tam_head_weights(head)[7];
        tam_head_weights(head)[7] = NAN; /* as after a damaged checkpoint */
        before = sum_of_all(head);
        test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result));
        assert_true(isnan(result.loss) && sum_of_all(head) == before);
        tam_head_weights(head)[7] = kept;
        test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, NULL, &plain_update, &result));
        assert_true(isfinite(result.loss) && sum_of_all(head) != before);
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

/* A batch in which nothing counts: no loss, no gradient, and only decay moves the weights. */
static void test_nothing_counts(void **state) {
    (void)state;
    static batch b;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = test_head(ctx, "arcface", CLASSES, DIM, N);
    for (int i = 0; i < N; i++) {
        b.y[i] = -1;
    }
    gradient(ctx, head, &b);
    assert_true(b.result.loss == 0.0 && b.result.counted == 0 && b.result.mean_theta == 0.0);
    for (int k = 0; k < CLASSES * DIM; k++) {
        assert_true(b.dw[k] == 0.0f && b.dx[k % (N * DIM)] == 0.0f);
    }
    tam_head_free(head);
    test_ctx_free(ctx);
}

/* Samples that lie on their class are classified so, whatever the batch; correct and theta agree. */
static void test_classify(void **state) {
    (void)state;
    enum { MANY = 3 * N + 5 };
    static float x[MANY * DIM], dx[MANY * DIM];
    int32_t y[MANY], best[MANY];
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        test_labels(5, MANY, CLASSES, 0, y);
        for (int i = 0; i < MANY; i++) {
            for (int d = 0; d < DIM; d++) {
                x[i * DIM + d] = 40.0f * tam_head_weights(head)[y[i] * tam_head_sub_centres(head) * DIM + d];
            }
        }
        test_ok(ctx, tam_head_classify(head, MANY, x, best));
        int right = 0;
        for (int i = 0; i < MANY; i++) {
            right += best[i] == y[i];
        }
        bool raw = !tam_head_has(head, TAM_LOSS_UNIT_W); /* raw products also favour long weights */
        assert_true(right == MANY || (raw && right > MANY / 2));
        test_ok(ctx, tam_head_classify(head, 0, x, best));
        test_fails(ctx, tam_head_classify(head, -1, x, best), TAM_CONFIG, "-1 samples");
        tam_head_result result;
        float theta[N];
        test_ok(ctx, tam_head_step(head, N, x, y, dx, theta, NULL, &result));
        int expected = 0;
        for (int i = 0; i < N; i++) {
            expected += best[i] == y[i];
        }
        assert_int_equal(result.correct, expected);
        assert_true(result.mean_theta < 1e-3);
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_on_any_threads),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_permuted_classes),
        cmocka_unit_test(test_rotated_spaces),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_bad_steps_move_nothing),
        cmocka_unit_test(test_nothing_counts),
        cmocka_unit_test(test_classify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
