/* The textbook head against finite differences of its own loss, so that the oracle is right by itself. */
#include "head_support.h"

#include "textbook_head.h"

enum { N = 5, CLASSES = 6, DIM = 4 };

static const char *const specifications[] = {
    "softmax",     "normface:s=5", "sphereface:lambda-base=1,lambda-min=0", "cosface:s=7",
    "arcface:s=6", "p2sgrad",      "arcface:s=3+center:lambda=0.7",
};

/* Central differences of the loss by each number of `values`, against `slope`. Returns their largest distance. */
static double difference(textbook_head *head, const double *x, const int32_t *y, double *values, int count,
                         const double *slope) {
    const double h = 1e-6;
    double worst = 0.0;
    for (int k = 0; k < count; k++) {
        double kept = values[k];
        values[k] = kept + h;
        double high = textbook_gradient(head, N, x, y, NULL, NULL, NULL);
        values[k] = kept - h;
        double low = textbook_gradient(head, N, x, y, NULL, NULL, NULL);
        values[k] = kept;
        worst = fmax(worst, fabs((high - low) / (2.0 * h) - slope[k]));
    }
    return worst;
}

static void test_gradients(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof specifications / sizeof specifications[0]; k++) {
        tam_head *head = test_head(ctx, specifications[k], CLASSES, DIM, N);
        textbook_head textbook;
        float x32[N * DIM], w32[CLASSES * DIM];
        double dx[N * DIM], dw[CLASSES * DIM], dbias[CLASSES];
        int32_t y[N] = {0, 5, -1, 2, 2};
        textbook_create(ctx, specifications[k], head, CLASSES, DIM, &textbook);
        test_normal(1, N * DIM, 1.0f, x32);
        test_normal(2, CLASSES * DIM, 1.0f, w32);
        double *x = test_doubles(N * DIM, x32);
        for (int i = 0; i < CLASSES * DIM; i++) {
            textbook.w[i] = (double)w32[i];
            textbook.centres[i] = 0.1 * i;
        }
        (void)textbook_gradient(&textbook, N, x, y, dx, dw, dbias);
        assert_true(difference(&textbook, x, y, x, N * DIM, dx) < 1e-7);
        assert_true(difference(&textbook, x, y, textbook.w, CLASSES * DIM, dw) < 1e-7);
        if (textbook.loss.class_loss->traits & TAM_LOSS_BIAS) {
            assert_true(difference(&textbook, x, y, textbook.bias, CLASSES, dbias) < 1e-7);
        }
        free(x);
        textbook_free(&textbook);
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
