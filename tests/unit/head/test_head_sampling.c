/* Partial FC: a step on sampled classes is a step of a small head that has these classes alone; nothing else moves. */
#include <math.h>

#include "head/head_inside.h"
#include "head/sampling.h"
#include "head_support.h"

enum { N = 21, CLASSES = 1500, DIM = 19 };

static const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 1e-3f};

/* Losses whose constants do not depend on the number of classes. */
static const char *const losses[] = {"arcface:s=16",
                                     "softmax",
                                     "l2-softmax",
                                     "subcenter-arcface:K=3,s=16",
                                     "p2sgrad",
                                     "proxy-anchor:alpha=4",
                                     "curricularface:s=16",
                                     "cosface:s=16,interclass-filter=0.3",
                                     "arcface:s=16+triplet"};
enum { LOSSES = sizeof losses / sizeof losses[0] };

static tam_head *make(tam_ctx *ctx, const char *loss, int64_t classes, double rate, const char *dtype) {
    tam_head *head = NULL;
    tam_head_config config = {
        .loss = loss, .classes = classes, .dim = DIM, .batch = N, .seed = 5, .sample_rate = rate, .dtype = dtype};
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    return head;
}

static void row_of(const tam_head *head, int64_t row, float *values) {
    test_ok(head->ctx, tam_head_read_weights(head, row, 1, values));
}

static void check_as_a_small_head(tam_ctx *ctx, const char *loss, const char *dtype) {
    tam_head *all = make(ctx, loss, CLASSES, 0.2, dtype), *small = make(ctx, loss, 300, 1.0, dtype);
    static float x[N * DIM], dx[2][N * DIM], before[3 * CLASSES][DIM];
    int32_t y[N], place[N];
    int64_t subs = all->subs;
    assert_int_equal(all->taking, 300);
    test_normal(7, N * DIM, 1.0f, x);
    test_labels(7, N, CLASSES, 5, y);
    tam_sampling_draw(all->seed, 0, CLASSES, 300, N, y, all->choosing, all->chosen);
    test_ok(ctx, tam_head_read_weights(all, 0, CLASSES * subs, before[0]));
    for (int64_t j = 0; j < 300; j++) {
        test_ok(ctx, tam_head_write_weights(small, j * subs, subs, before[all->chosen[j] * subs]));
    }
    for (int i = 0; i < N; i++) {
        place[i] = y[i] < 0 ? -1 : (int32_t)tam_sampling_place(all->chosen, 300, y[i]);
    }
    tam_head_result of_all, of_small;
    test_ok(ctx, tam_head_step(all, N, x, y, dx[0], NULL, &update, &of_all));
    test_ok(ctx, tam_head_step(small, N, x, place, dx[1], NULL, &update, &of_small));
    assert_int_equal(of_all.classes, 300);
    assert_true(of_all.loss == of_small.loss && of_all.correct == of_small.correct);
    assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
    int64_t next = 0;
    for (int64_t j = 0; j < CLASSES; j++) {
        bool moves = next < 300 && all->chosen[next] == j;
        for (int64_t row = j * subs; row < (j + 1) * subs; row++) {
            float now[DIM], wanted[DIM];
            row_of(all, row, now);
            memcpy(wanted, before[row], sizeof wanted);
            if (moves) {
                row_of(small, next * subs + row - j * subs, wanted);
            }
            assert_memory_equal(now, wanted, sizeof now);
        }
        if (moves && all->bias != NULL) {
            assert_true(all->bias[j] == small->bias[next] && small->bias_momentum[next] != 0.0f);
        }
        assert_true(moves || all->bias == NULL || all->bias[j] == 0.0f);
        next += moves;
    }
    assert_int_equal(next, 300);
    tam_head_free(all);
    tam_head_free(small);
}

/* bf16-lean is not among them: it rounds each row by a key of its number. */
static void test_as_a_small_head(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < LOSSES; k++) {
        check_as_a_small_head(ctx, losses[k], "f32");
        check_as_a_small_head(ctx, losses[k], "bf16");
    }
    test_ctx_free(ctx);
}

/* Numbers that are not finite, in a sampled step: nothing moves, and the next step draws the same classes. */
static void test_not_finite(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
    static float x[N * DIM], dx[N * DIM], before[CLASSES * DIM], after[CLASSES * DIM];
    int32_t y[N], drawn[300];
    tam_ctx *ctx = test_ctx(2);
    test_labels(7, N, CLASSES, 5, y);
    for (int k = 0; k < 3; k++) {
        tam_head *head = make(ctx, "arcface", CLASSES, 0.2, dtypes[k]);
        tam_head_result result;
        test_normal(7, N * DIM, 1.0f, x);
        float kept = x[3];
        x[3] = k == 1 ? INFINITY : NAN;
        test_ok(ctx, tam_head_read_weights(head, 0, CLASSES, before));
        test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &update, &result));
        assert_true(isnan(result.loss) && isnan(dx[0]) && isnan(dx[N * DIM - 1]));
        test_ok(ctx, tam_head_read_weights(head, 0, CLASSES, after));
        assert_memory_equal(before, after, sizeof before);
        memcpy(drawn, head->chosen, sizeof drawn);
        x[3] = kept;
        test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &update, &result));
        assert_true(isfinite(result.loss));
        assert_memory_equal(drawn, head->chosen, sizeof drawn);
        test_ok(ctx, tam_head_read_weights(head, 0, CLASSES, after));
        assert_memory_not_equal(before, after, sizeof before);
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

/* Other classes in every step, the same for the same seed; rate 1 is the whole head; so is a rate that leaves fewer
 * than a batch can need. */
static void test_draws(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static float x[N * DIM], dx[N * DIM];
    int32_t y[N], last[150];
    tam_head_result result;
    tam_head *head = make(ctx, "arcface", CLASSES, 0.1, "bf16-lean"), *whole = make(ctx, "arcface", CLASSES, 1.0, NULL);
    tam_head *tiny = make(ctx, "arcface", N, 0.01, NULL), *few = make(ctx, "arcface", CLASSES, 1e-6, NULL);
    assert_true(whole->chosen == NULL && tiny->chosen == NULL && few->taking == N + 1);
    test_normal(7, N * DIM, 1.0f, x);
    test_labels(7, N, CLASSES, 5, y);
    for (int t = 0; t < 3; t++) {
        test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &update, &result));
        assert_true(t == 0 || memcmp(last, head->chosen, sizeof last) != 0);
        memcpy(last, head->chosen, sizeof last);
        test_ok(ctx, tam_head_step(few, N, x, y, dx, NULL, &update, &result));
        assert_true(isfinite(result.loss));
    }
    tam_head_free(head);
    tam_head_free(whole);
    tam_head_free(tiny);
    tam_head_free(few);
    test_ctx_free(ctx);
}

static void test_bad_values(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head *head;
    tam_head_config config = {.classes = 100, .dim = 8, .batch = 4, .sample_rate = 1.5};
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "1.5, outside (0, 1]");
    config.sample_rate = -0.1;
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "-0.1");
    config.sample_rate = NAN;
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "nan");
    config.sample_rate = 0;
    config.dtype = "fp8";
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, "'fp8'; there are f32, bf16 and bf16-lean");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_a_small_head),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
