/* The textbook head against finite differences of its own loss, so that the oracle is right by itself. */
#include "head_support.h"

#include "textbook_head.h"

enum { N = 5, CLASSES = 6, DIM = 4 };

/* Losses whose papers hold a part constant (circle, adaface) have no loss to differentiate. */
static const char *const specifications[] = {
    "softmax",
    "modified-softmax",
    "normface:s=5",
    "l2-softmax:alpha=4",
    "l-softmax:m=3,lambda-base=0.5",
    "sphereface:lambda-base=1,lambda-min=0",
    "sphereface-norm:s=5,lambda-base=1,lambda-min=0",
    "cosface:s=7",
    "cosface:s=7,interclass-filter=0.3",
    "arcface:s=6",
    "arcface:s=6,beyond-pi=smooth",
    "combined:s=5",
    "adacos-fixed",
    "adacos",
    "p2sgrad",
    "magface:s=5,la=0.5,ua=6",
    "curricularface:s=6",
    "mv-softmax:s=6",
    "mv-softmax:s=6,margin=am",
    "elasticface-arc:s=6",
    "elasticface-cos:s=6",
    "subcenter-arcface:s=6",
    "proxy-anchor:alpha=4",
    "arcface:s=3+center:lambda=0.7",
};
enum { MOST_ROWS = 3 * CLASSES };

/* Central differences of the loss by each number of `values` are `slope`. */
static void check(const char *what, textbook_head *head, const double *x, const int32_t *y, double *values, int count,
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
    if (!(worst < 1e-7)) {
        fail_msg("%s: slopes are off by %g", what, worst);
    }
}

static void test_gradients(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof specifications / sizeof specifications[0]; k++) {
        tam_head *head = test_head(ctx, specifications[k], CLASSES, DIM, N);
        textbook_head textbook;
        float x32[N * DIM], w32[MOST_ROWS * DIM];
        double dx[N * DIM], dw[MOST_ROWS * DIM], dbias[CLASSES];
        int32_t y[N] = {0, 5, -1, 2, 2};
        textbook_create(ctx, specifications[k], head, CLASSES, DIM, &textbook);
        tam_class_loss frozen = *textbook.loss.class_loss; /* statistics are constants to a gradient */
        frozen.observe = NULL;
        textbook.loss.class_loss = &frozen;
        int rows = CLASSES * textbook.subs;
        assert_true(rows <= MOST_ROWS);
        test_normal(1, N * DIM, 1.0f, x32);
        test_normal(2, rows * DIM, 1.0f, w32);
        double *x = test_doubles(N * DIM, x32);
        for (int i = 0; i < rows * DIM; i++) {
            textbook.w[i] = (double)w32[i];
        }
        for (int i = 0; i < CLASSES * DIM; i++) {
            textbook.centres[i] = 0.1 * i;
        }
        (void)textbook_gradient(&textbook, N, x, y, dx, dw, dbias);
        check(specifications[k], &textbook, x, y, x, N * DIM, dx);
        check(specifications[k], &textbook, x, y, textbook.w, rows * DIM, dw);
        if (textbook.loss.class_loss->traits & TAM_LOSS_BIAS) {
            check(specifications[k], &textbook, x, y, textbook.bias, CLASSES, dbias);
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
