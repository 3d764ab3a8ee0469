/* Heads in bf16: near the same head in f32, as near as their rounding says; the same bits whatever threads and
 * workspace; small steps are not lost. */
#include <math.h>

#include "head/head_inside.h"
#include "head_support.h"

enum { N = 37, CLASSES = 900, DIM = 50 };

static const char *const dtypes[] = {"bf16", "bf16-lean"};

static tam_head *make(tam_ctx *ctx, const char *loss, const char *dtype, size_t workspace) {
    tam_head *head = NULL;
    tam_head_config config = {
        .loss = loss, .classes = CLASSES, .dim = DIM, .batch = N, .seed = 3, .workspace = workspace, .dtype = dtype};
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    return head;
}

static double distance(int64_t n, const float *a, const float *b) {
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    }
    return sqrt(sum);
}

static void assert_close(const char *what, int64_t n, const float *a, const float *b, double tolerance) {
    static const float zero[3 * CLASSES * DIM];
    double off = distance(n, a, b), size = distance(n, b, zero);
    if (!(off <= tolerance * size)) {
        fail_msg("%s: off by %g of %g", what, off, size);
    }
}

static const char *const extras[] = {"arcface:s=16,interclass-filter=0.4"};

/* Factors have 8 bits: a logit is off by about s 2^-9 / sqrt(D) and a gradient by some hundredths. */
static void test_near_f32(void **state) {
    (void)state;
    static float x[N * DIM], dx[2][N * DIM], dw[2][3 * CLASSES * DIM], db[2][CLASSES], w[3 * CLASSES * DIM];
    int32_t y[N], best[2][N];
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    test_normal(2, N * DIM, 1.0f, x);
    test_labels(1, N, CLASSES, 7, y);
    for (int k = 0; (loss = test_loss(k, extras, 1)) != NULL; k++) {
        for (int d = 0; d < 2; d++) {
            tam_head *half = make(ctx, loss, dtypes[d], 0), *full = make(ctx, loss, "f32", 0);
            int64_t rows = CLASSES * tam_head_sub_centres(half);
            tam_head_result result[2];
            test_ok(ctx, tam_head_read_weights(half, 0, rows, w));
            test_ok(ctx, tam_head_write_weights(full, 0, rows, w));
            assert_true((tam_head_weights(half) == NULL) == (d == 1));
            test_ok(ctx, tam_head_gradient(half, N, x, y, dx[0], dw[0], db[0], &result[0]));
            test_ok(ctx, tam_head_gradient(full, N, x, y, dx[1], dw[1], db[1], &result[1]));
            assert_true(fabs(result[0].loss - result[1].loss) <= 0.02 * fabs(result[1].loss));
            assert_true(result[0].mean_theta == result[1].mean_theta);
            assert_close(loss, N * DIM, dx[0], dx[1], 0.05);
            assert_close(loss, rows * DIM, dw[0], dw[1], 0.05);
            assert_close(loss, CLASSES, db[0], db[1], 0.05);
            assert_true(distance(N * DIM, dx[0], dx[1]) > 0.0);
            test_ok(ctx, tam_head_classify(half, N, x, best[0]));
            test_ok(ctx, tam_head_classify(full, N, x, best[1]));
            int same = 0;
            for (int i = 0; i < N; i++) {
                same += best[0][i] == best[1][i];
            }
            assert_true(same >= N - 3);
            tam_head_free(half);
            tam_head_free(full);
        }
    }
    test_ctx_free(ctx);
}

static void test_same_bits(void **state) {
    (void)state;
    static const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 1e-3f};
    static float x[N * DIM], dx[3][N * DIM], w[3][3 * CLASSES * DIM];
    int32_t y[N];
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, 1)) != NULL; k++) {
        for (int d = 0; d < 2; d++) {
            for (int v = 0; v < 3; v++) {
                tam_ctx *ctx = test_ctx(v == 2 ? 1 : 2);
                tam_head *head = make(ctx, loss, dtypes[d], v == 1 ? TAM_HEAD_LEAST_WORKSPACE : 0);
                int64_t rows = CLASSES * tam_head_sub_centres(head);
                for (uint32_t t = 0; t < 3; t++) {
                    tam_head_result result;
                    test_normal(t, N * DIM, 1.0f, x);
                    test_labels(t, N, CLASSES, 7, y);
                    test_ok(ctx, tam_head_step(head, N, x, y, dx[v], NULL, &update, &result));
                }
                test_ok(ctx, tam_head_read_weights(head, 0, rows, w[v]));
                tam_head_free(head);
                test_ctx_free(ctx);
            }
            assert_memory_equal(w[0], w[1], sizeof w[0]);
            assert_memory_equal(w[0], w[2], sizeof w[0]);
            assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
            assert_memory_equal(dx[0], dx[2], sizeof dx[0]);
        }
    }
}

/* Steps a hundred times smaller than the last digit of a bf16 weight: rounded to the nearest, w would never move;
 * rounded at random, it moves as in f32. */
static void test_small_steps_count(void **state) {
    (void)state;
    enum { STEPS = 200 };
    static const tam_head_update update = {.lr = 2e-5f, .momentum = 0.0f};
    static float x[N * DIM], dx[N * DIM], start[CLASSES * DIM], moved[2][CLASSES * DIM];
    int32_t y[N];
    tam_ctx *ctx = test_ctx(2);
    tam_head *heads[2] = {make(ctx, "cosface:s=16", "bf16-lean", 0), make(ctx, "cosface:s=16", "f32", 0)};
    test_ok(ctx, tam_head_read_weights(heads[0], 0, CLASSES, start));
    test_normal(2, N * DIM, 1.0f, x);
    test_labels(1, N, 20, 0, y);
    for (int d = 0; d < 2; d++) {
        tam_head_result result;
        test_ok(ctx, tam_head_write_weights(heads[d], 0, CLASSES, start));
        for (int t = 0; t < STEPS; t++) {
            test_ok(ctx, tam_head_step(heads[d], N, x, y, dx, NULL, &update, &result));
        }
        test_ok(ctx, tam_head_read_weights(heads[d], 0, CLASSES, moved[d]));
        for (int64_t k = 0; k < CLASSES * DIM; k++) {
            moved[d][k] -= start[k];
        }
        tam_head_free(heads[d]);
    }
    /* The classes that have samples, along the step that f32 made. */
    double along = 0.0, square = 0.0;
    for (int64_t k = 0; k < 20 * DIM; k++) {
        along += (double)moved[0][k] * (double)moved[1][k];
        square += (double)moved[1][k] * (double)moved[1][k];
    }
    print_message("moved %.3f of what f32 moves\n", along / square);
    assert_true(along / square > 0.9 && along / square < 1.1);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_f32),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_small_steps_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
