/* Gradient filtering: what it leaves out is within the bound that it states, and what it keeps is exact. */
#include <math.h>

#include "head/head_inside.h"
#include "head_support.h"

enum { N = 16, CLASSES = 30000, DIM = 48, FILTER = 18 };

static tam_head *make(tam_ctx *ctx, int filter, size_t workspace, const char *dtype) {
    tam_head *head = NULL;
    tam_head_config config = {.loss = "arcface:s=64",
                              .classes = CLASSES,
                              .dim = DIM,
                              .batch = N,
                              .seed = 3,
                              .gradient_filter = filter,
                              .workspace = workspace,
                              .dtype = dtype};
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    return head;
}

/* Embeddings near their own class, as in a trained net, of uneven lengths; the last sample is far from its class. */
static void fill(tam_head *head, float *x, int32_t *y) {
    test_labels(1, N, CLASSES, 7, y);
    test_normal(2, N * DIM, 0.001f, x);
    for (int i = 0; i < N; i++) {
        for (int d = 0; d < DIM && y[i] >= 0 && i < N - 1; d++) {
            x[i * DIM + d] += tam_head_weights(head)[(int64_t)y[i] * DIM + d];
            x[i * DIM + d] *= (float)(1 + i);
        }
    }
}

static double distance(int64_t n, const float *a, const float *b) {
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    }
    return sqrt(sum);
}

static double length(int64_t n, const float *a) {
    static const float zero[DIM];
    return distance(n, a, zero);
}

static void test_bound(void **state) {
    (void)state;
    static float x[N * DIM], dx[2][N * DIM], dw[2][CLASSES * DIM];
    int32_t y[N];
    tam_ctx *ctx = test_ctx(2);
    tam_head *exact = make(ctx, 0, 0, NULL), *filtered = make(ctx, FILTER, 0, NULL);
    tam_head_result plain, result;
    fill(exact, x, y);
    int32_t label = y[N - 1];
    for (int last = 0; last < 2; last++) { /* without the sample that is far from its class, and with it */
        y[N - 1] = last ? label : -1;
        test_ok(ctx, tam_head_gradient(exact, N, x, y, dx[0], dw[0], NULL, &plain));
        test_ok(ctx, tam_head_gradient(filtered, N, x, y, dx[1], dw[1], NULL, &result));
        assert_true(result.loss == plain.loss && plain.filter_bound == 0.0 && plain.tiles_left_out == 0);
        print_message("%lld of %lld tiles left out, bound %g\n", (long long)result.tiles_left_out,
                      (long long)result.tiles, result.filter_bound);
        if (!last) {
            assert_true(result.tiles_left_out > result.tiles / 2 && result.filter_bound > 0.0);
        } else {
            assert_true(result.tiles_left_out < result.tiles / 2);
        }
        double worst = 0.0;
        for (int64_t i = 0; i < N; i++) {
            double off = distance(DIM, dx[0] + i * DIM, dx[1] + i * DIM) * length(DIM, x + i * DIM);
            double rounding = 1e-5 * length(DIM, dx[0] + i * DIM) * length(DIM, x + i * DIM);
            worst = fmax(worst, off);
            assert_true(off <= result.filter_bound + rounding);
        }
        print_message("worst dx %g\n", worst);
        for (int64_t j = 0; j < CLASSES; j++) {
            double off = distance(DIM, dw[0] + j * DIM, dw[1] + j * DIM);
            double allowed = 64.0 * exp2(-FILTER) / length(DIM, tam_head_weights(exact) + j * DIM);
            assert_true(off <= allowed + 1e-5 * length(DIM, dw[0] + j * DIM));
        }
    }
    tam_head_free(exact);
    tam_head_free(filtered);
    test_ctx_free(ctx);
}

/* Rows without gradient go on by momentum and decay, and the bits depend on neither threads nor workspace. */
static void test_training(void **state) {
    (void)state;
    static const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 1e-2f};
    static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
    static float x[N * DIM], dx[N * DIM], w[3][CLASSES * DIM];
    int32_t y[N];
    for (int k = 0; k < 3; k++) {
        for (int v = 0; v < 3; v++) {
            tam_ctx *ctx = test_ctx(v == 2 ? 1 : 2);
            tam_head *head = make(ctx, FILTER, v == 1 ? TAM_HEAD_LEAST_WORKSPACE : 0, dtypes[k]);
            tam_head_result result;
            tam_head *source = make(ctx, 0, 0, NULL);
            fill(source, x, y);
            y[N - 1] = -1;
            for (int t = 0; t < 3; t++) {
                test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &update, &result));
                assert_true(result.tiles_left_out > 0);
            }
            test_ok(ctx, tam_head_read_weights(head, 0, CLASSES, w[v]));
            if (v == 0) {
                float before = tam_head_weights(source)[0];
                assert_true(w[0][0] != before && fabsf(w[0][0]) < fabsf(before) * 1.01f);
            }
            tam_head_free(source);
            tam_head_free(head);
            test_ctx_free(ctx);
        }
        assert_memory_equal(w[0], w[1], sizeof w[0]);
        assert_memory_equal(w[0], w[2], sizeof w[0]);
    }
}

static void test_bad_values(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head *head;
    tam_head_config config = {.classes = 100, .dim = 8, .batch = 4, .gradient_filter = 61};
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "61, outside [1, 60]");
    config.gradient_filter = 10;
    config.loss = "curricularface";
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "'curricularface' is none");
    config.loss = "softmax";
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "'softmax' is none");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
