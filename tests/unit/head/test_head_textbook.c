/* The fused head against the textbook head: every loss, odd sizes, several steps of training. */
#include "head_support.h"

#include "textbook_head.h"

/* The fused head works in f32: its logits s c carry a rounding of some 1e-7 s, and probabilities as much relatively. */
static const double tolerance = 2e-5;
static const double drift = 1e-4; /* after several steps */

static const char *const extras[] = {
    "normface:s=16",
    "sphereface:m=3,lambda-base=5",
    "cosface:s=30,m=0.1",
    "arcface:s=16,m=1.4",
    "center:lambda=0.1",
    "arcface:s=8+center:lambda=0.5,alpha=0.9",
    "p2sgrad+center",
    "normface:s=12,learn=yes",
    "l2-softmax:alpha=9,learn=yes",
    "l-softmax:m=2,lambda-base=0",
    "arcface:s=8,interclass-filter=0.2",
    "sphereface:m=2,lambda-base=0,lambda-min=0,interclass-filter=-0.1",
    "p2sgrad:interclass-filter=0.1",
    "curricularface:s=8,interclass-filter=0.3",
    "subcenter-arcface:s=8,K=2",
    "subcenter-arcface:s=8,K=5,interclass-filter=0.5",
    "cosface:s=9,interclass-filter=-1",
    "elasticface-arc:s=8,sigma=0.1",
    "magface:s=8,la=1,ua=5",
};
enum { EXTRAS = sizeof extras / sizeof extras[0] };

typedef struct size {
    int n, classes, dim, skip;
} size;
static const size sizes[] = {
    {1, 2, 1, 0}, {7, 7, 7, 3}, {1, 507, 123, 0}, {123, 2, 7, 5}, {7, 123, 507, 0}, {123, 507, 7, 2}, {33, 2100, 12, 4},
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static double smallest(int64_t count, const double *values) {
    double least = INFINITY;
    for (int64_t k = 0; k < count; k++) {
        least = fmin(least, fabs(values[k]));
    }
    return least;
}

static void compare_gradients(tam_ctx *ctx, const char *loss, size s) {
    int64_t weights, numbers = (int64_t)s.n * s.dim;
    tam_head *head = test_head(ctx, loss, s.classes, s.dim, s.n + 2);
    if (s.dim == 1 && tam_head_sub_centres(head) > 1) { /* all sub-centres are as near: rounding chooses among them */
        tam_head_free(head);
        return;
    }
    weights = (int64_t)s.classes * tam_head_sub_centres(head) * s.dim;
    textbook_head textbook;
    textbook_create(ctx, loss, head, s.classes, s.dim, &textbook);
    float *x = test_floats(numbers), *dx = test_floats(numbers), *dw = test_floats(weights);
    float *dbias = test_floats(s.classes);
    double *exact_dx = test_doubles(numbers, NULL), *exact_dw = test_doubles(weights, NULL);
    double *exact_dbias = test_doubles(s.classes, NULL);
    int32_t *y = calloc((size_t)s.n, sizeof *y);
    test_normal(1, numbers, 2.0f, x);
    test_labels(1, s.n, s.classes, s.skip, y);
    double *x64 = test_doubles(numbers, x);
    tam_head_result result;
    test_ok(ctx, tam_head_gradient(head, s.n, x, y, dx, dw, dbias, &result));
    double exact = textbook_gradient(&textbook, s.n, x64, y, exact_dx, exact_dw, exact_dbias);
    if (!(fabs(result.loss - exact) <= tolerance * fabs(exact))) {
        fail_msg("%s: the loss is %.9g, should be %.9g", loss, result.loss, exact);
    }
    /* On one dimension all cosines are +-1 and the gradient is a difference of equals: 0 but for s/|x| or s/|w| 1e-7.
     */
    test_near(loss, numbers, dx, exact_dx, tolerance, s.dim == 1 ? 10.0 : 0.0);
    test_near(loss, weights, dw, exact_dw, tolerance, s.dim == 1 ? 10.0 / smallest(weights, textbook.w) : 0.0);
    if ((textbook.loss.class_loss->traits & TAM_LOSS_BIAS) == 0) {
        memset(exact_dbias, 0, sizeof(double) * (size_t)s.classes);
    }
    test_near(loss, s.classes, dbias, exact_dbias, tolerance, 0.0);
    test_near("w", weights, tam_head_weights(head), textbook.w, 0.0, 0.0); /* nothing has moved */
    for (int i = 0; i < s.n; i++) {
        for (int d = 0; y[i] < 0 && d < s.dim; d++) {
            assert_true(dx[i * s.dim + d] == 0.0f);
        }
    }
    void *blocks[] = {x, dx, dw, dbias, exact_dx, exact_dw, exact_dbias, y, x64};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        free(blocks[b]);
    }
    textbook_free(&textbook);
    tam_head_free(head);
}

static void test_gradients(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        for (int i = 0; i < SIZES; i++) {
            compare_gradients(ctx, loss, sizes[i]);
        }
    }
    test_ctx_free(ctx);
}

/* Five steps with momentum, decay and a gradient scale: weights, bias, momenta and centres stay together. */
static void compare_training(tam_ctx *ctx, const char *loss) {
    enum { N = 19, CLASSES = 123, DIM = 11, STEPS = 5 };
    const tam_head_update update = {.lr = 0.05f, .momentum = 0.9f, .weight_decay = 0.01f, .gradient_scale = 0.5f};
    tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
    textbook_head textbook;
    textbook_create(ctx, loss, head, CLASSES, DIM, &textbook);
    float x[N * DIM], dx[N * DIM], theta[N];
    int32_t y[N];
    for (uint32_t t = 0; t < STEPS; t++) {
        tam_head_result result;
        double exact_dx[N * DIM];
        test_normal(t, N * DIM, 1.5f, x);
        test_labels(t, N, CLASSES, 6, y);
        y[1] = y[0]; /* a class met twice */
        double *x64 = test_doubles(N * DIM, x);
        test_ok(ctx, tam_head_step(head, N, x, y, dx, theta, &update, &result));
        double exact = textbook_step(&textbook, N, x64, y, exact_dx, &update);
        free(x64);
        if (!(fabs(result.loss - exact) <= drift * fabs(exact))) {
            fail_msg("%s, step %u: the loss is %.9g, should be %.9g", loss, t, result.loss, exact);
        }
        assert_true(fabs(result.loss - result.class_loss - result.centre_loss) < 1e-12);
    }
    for (int k = 0; k < tam_head_tensor_count(head); k++) {
        tam_head_tensor tensor = tam_head_tensor_at(head, k);
        const char *part = strchr(tensor.name, '.') + 1;
        if (strcmp(part, "weight") == 0) {
            test_near(loss, CLASSES * tam_head_sub_centres(head) * DIM, tensor.data, textbook.w, drift, 0.0);
        } else if (strcmp(part, "momentum") == 0) {
            test_near(loss, CLASSES * tam_head_sub_centres(head) * DIM, tensor.data, textbook.momentum, drift, 0.0);
        } else if (strcmp(part, "bias") == 0) {
            test_near(loss, CLASSES, tensor.data, textbook.bias, drift, 0.0);
        } else if (strcmp(part, "bias_momentum") == 0) {
            test_near(loss, CLASSES, tensor.data, textbook.bias_momentum, drift, 0.0);
        } else if (strcmp(part, "centres") == 0) {
            test_near(loss, CLASSES * DIM, tensor.data, textbook.centres, drift, 0.0);
        } else {
            assert_string_equal(part, "running");
            const double *running = tensor.data, *exact = textbook.loss.state.running;
            assert_true(running[0] == STEPS);
            for (int r = 1; r < TAM_LOSS_RUNNING; r++) {
                assert_true(fabs(running[r] - exact[r]) <= 1e-5 * fabs(exact[r]));
            }
        }
    }
    textbook_free(&textbook);
    tam_head_free(head);
}

static void test_training(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        compare_training(ctx, loss);
    }
    test_ctx_free(ctx);
}

/* A confident head: 1 - P_y of some 1e-12 must not be lost in the rounding of P_y. */
static void test_confident(void **state) {
    (void)state;
    enum { N = 3, CLASSES = 5, DIM = 8 };
    tam_ctx *ctx = test_ctx(1);
    tam_head *head = test_head(ctx, "normface:s=30", CLASSES, DIM, N);
    float *w = tam_head_weights(head), x[N * DIM] = {0}, dx[N * DIM];
    double exact_dx[N * DIM];
    int32_t y[N] = {0, 1, 2};
    memset(w, 0, sizeof(float) * CLASSES * DIM);
    for (int j = 0; j < CLASSES; j++) {
        w[j * DIM + j] = 1.0f;
        w[j * DIM + 7] = 0.1f * (float)j;
    }
    for (int i = 0; i < N; i++) {
        x[i * DIM + i] = 3.0f;
        x[i * DIM + 6] = 0.2f;
    }
    textbook_head textbook;
    textbook_create(ctx, "normface:s=30", head, CLASSES, DIM, &textbook);
    double *x64 = test_doubles(N * DIM, x);
    tam_head_result result;
    test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, NULL, &result));
    (void)textbook_gradient(&textbook, N, x64, y, exact_dx, NULL, NULL);
    test_near("dx", N * DIM, dx, exact_dx, 1e-3, 0.0); /* the textbook itself loses digits here */
    double exact = 0.0;
    for (int i = 0; i < N; i++) {
        double others = 0.0;
        for (int j = 0; j < CLASSES; j++) {
            double c[2];
            for (int side = 0; side < 2; side++) {
                const double *v = textbook.w + (side == 0 ? j : i) * DIM;
                c[side] = 3.0 * v[i] / hypot(3.0, (double)0.2f) / hypot(1.0, v[7]);
            }
            others += j == i ? 0.0 : exp(30.0 * (c[0] - c[1]));
        }
        exact += log1p(others) / N;
    }
    assert_true(exact > 1e-14 && exact < 1e-10);
    assert_true(fabs(result.loss / exact - 1.0) < 1e-4);
    assert_int_equal(result.correct, N);
    free(x64);
    textbook_free(&textbook);
    tam_head_free(head);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_confident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
