/* Different ways through the head to the same numbers: logits by rows, t kept or made again, pairs with and
 * without classes. */
#include "head_support.h"

#include "head/head_inside.h"

static const char *const extras[] = {"arcface+center", "arcface:s=8,interclass-filter=0.1"};
enum { EXTRAS = 2 };
static const tam_head_update plain_update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f};

enum { N = 23, CLASSES = 300, DIM = 17 };

/* One batch, its gradients, and the head it was made with. */
typedef struct batch {
    float x[N * DIM], dx[N * DIM], dw[CLASSES * DIM], dbias[CLASSES];
    int32_t y[N];
    tam_head_result result;
} batch;

static void gradient(tam_ctx *ctx, tam_head *head, batch *b) {
    test_ok(ctx, tam_head_gradient(head, N, b->x, b->y, b->dx, b->dw, b->dbias, &b->result));
}

/* A cosine loss whose other logits come by rows, as those that are not s c will: the same as NormFace's. */
static tam_logit row_other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)own;
    (void)held;
    return (tam_logit){.z = state->key[0] * c, .slope_c = state->key[0]};
}

static void row_other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *c, float *z,
                          float *slope_c) {
    (void)own;
    for (int64_t j = 0; j < n; j++) {
        z[j] = (float)state->key[0] * c[j];
        slope_c[j] = (float)state->key[0];
    }
}

static void test_loss_by_rows(void **state) {
    (void)state;
    static batch a, b;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = test_head(ctx, "normface:s=20", CLASSES, DIM, N);
    tam_class_loss by_rows = *head->loss.class_loss;
    by_rows.scale = NULL;
    by_rows.other = row_other;
    by_rows.other_row = row_other_row;
    test_normal(6, N * DIM, 1.0f, a.x);
    test_labels(6, N, CLASSES, 5, a.y);
    b = a;
    gradient(ctx, head, &a);
    head->loss.class_loss = &by_rows;
    gradient(ctx, head, &b);
    double *dx = test_doubles(N * DIM, a.dx), *dw = test_doubles(CLASSES * DIM, a.dw);
    assert_true(fabs(a.result.loss - b.result.loss) <= 1e-6 * a.result.loss && a.result.correct == b.result.correct);
    test_near("dx", N * DIM, b.dx, dx, 1e-5, 0.0);
    test_near("dw", CLASSES * DIM, b.dw, dw, 1e-5, 0.0);
    free(dx);
    free(dw);
    tam_head_free(head);
    test_ctx_free(ctx);
}

/* Whether a step keeps what the first pass made, a part of it or nothing: the same bits. */
static void test_kept_products(void **state) {
    (void)state;
    enum { ROOM = 3 * 20000 * DIM };
    static float w[3][ROOM], dx[3][N * DIM], x[N * DIM];
    tam_ctx *ctx = test_ctx(2);
    const char *loss;
    for (int k = 0; (loss = test_loss(k, extras, EXTRAS)) != NULL; k++) {
        for (int v = 0; v < 3; v++) {
            tam_head *head = NULL;
            tam_head_bytes bytes;
            tam_head_config config = {.loss = loss, .classes = 20000, .dim = DIM, .batch = N};
            test_ok(ctx, tam_head_count_bytes(ctx, &config, &bytes));
            config.workspace = v == 0 ? 0 : v == 1 ? (bytes.workspace + bytes.least) / 2 : TAM_HEAD_LEAST_WORKSPACE;
            test_ok(ctx, tam_head_create(ctx, &config, &head));
            assert_int_equal(head->kept_tiles, v == 0 ? head->cut.chunk_tiles : v == 1 ? head->cut.chunk_tiles / 2 : 0);
            assert_true(head->cut.chunk_tiles >= 2);
            for (uint32_t t = 0; t < 3; t++) {
                tam_head_result result;
                int32_t y[N];
                test_normal(t, N * DIM, 1.0f, x);
                test_labels(t, N, 20000, 7, y);
                test_ok(ctx, tam_head_step(head, N, x, y, dx[v], NULL, &plain_update, &result));
            }
            memcpy(w[v], tam_head_weights(head), sizeof(float) * (size_t)(20000 * tam_head_sub_centres(head)) * DIM);
            tam_head_free(head);
        }
        for (int v = 1; v < 3; v++) {
            assert_memory_equal(w[0], w[v], sizeof w[0]);
            assert_memory_equal(dx[0], dx[v], sizeof dx[0]);
        }
    }
    test_ctx_free(ctx);
}

/* A head of pairs alone: no classes, no weights; a batch without a pair moves nothing. */
static void test_pairs_alone(void **state) {
    (void)state;
    static batch b;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = test_head(ctx, "triplet", CLASSES, DIM, N);
    tam_head_result result;
    float theta[N];
    int32_t best[N];
    assert_null(tam_head_weights(head));
    assert_int_equal(tam_head_tensor_count(head), 1); /* running */
    test_normal(8, N * DIM, 1.0f, b.x);
    for (int i = 0; i < N; i++) {
        b.y[i] = i % 5;
    }
    test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, theta, &plain_update, &result));
    assert_true(result.loss > 0.0 && result.no_pairs == 0 && result.counted == N && result.class_loss == 0.0);
    assert_true(result.mean_theta > 1.0 && result.mean_theta < 2.0 && theta[3] > 0.5f);
    assert_true(head->loss.state.running[TAM_RUNNING_STEP] == 1.0);
    for (int i = 0; i < N; i++) {
        b.y[i] = i;
    }
    test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, theta, &plain_update, &result));
    assert_true(result.loss == 0.0 && result.no_pairs == 1 && result.correct == 0);
    assert_true(head->loss.state.running[TAM_RUNNING_STEP] == 1.0);
    for (int k = 0; k < N * DIM; k++) {
        assert_true(b.dx[k] == 0.0f);
    }
    b.x[5] = NAN;
    test_ok(ctx, tam_head_step(head, N, b.x, b.y, b.dx, theta, &plain_update, &result));
    assert_true(isnan(result.loss) && isnan(b.dx[0]));
    test_fails(ctx, tam_head_classify(head, N, b.x, best), TAM_CONFIG, "no classes");
    tam_head_free(head);
    test_ctx_free(ctx);
}

/* Beside a class loss a pair loss adds its own gradient, and nothing where there is no pair. */
static void test_pairs_beside_a_class_loss(void **state) {
    (void)state;
    static batch a, b, both;
    tam_ctx *ctx = test_ctx(2);
    tam_head *plain = test_head(ctx, "arcface:s=8", CLASSES, DIM, N);
    tam_head *pairs = test_head(ctx, "triplet:lambda=0.5", CLASSES, DIM, N);
    tam_head *sum = test_head(ctx, "arcface:s=8+triplet:lambda=0.5", CLASSES, DIM, N);
    test_normal(8, N * DIM, 1.0f, a.x);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < N; i++) {
            a.y[i] = pass == 0 ? i % 5 : i;
        }
        b = both = a;
        gradient(ctx, plain, &a);
        gradient(ctx, pairs, &b);
        gradient(ctx, sum, &both);
        assert_true(both.result.no_pairs == pass && b.result.no_pairs == pass);
        assert_true(fabs(both.result.loss - a.result.loss - b.result.loss) < 1e-9);
        double *exact = test_doubles(N * DIM, a.dx);
        for (int k = 0; k < N * DIM; k++) {
            exact[k] += (double)b.dx[k];
        }
        test_near("dx", N * DIM, both.dx, exact, 1e-6, 0.0);
        free(exact);
    }
    tam_head_free(plain);
    tam_head_free(pairs);
    tam_head_free(sum);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_by_rows),
        cmocka_unit_test(test_kept_products),
        cmocka_unit_test(test_pairs_alone),
        cmocka_unit_test(test_pairs_beside_a_class_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
