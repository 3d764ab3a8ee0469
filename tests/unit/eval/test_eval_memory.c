/* Memory that runs out at the k-th call, for every k: a status, a sentence, nothing kept. */
#include "support.h"

#include "base/random.h"
#include "tammes/eval.h"

enum { ROWS = 150, WIDTH = 5, PAIRS = 40 };

static float e[ROWS * WIDTH];
static int32_t labels[ROWS];
static int64_t a[2 * PAIRS];
static uint8_t same[PAIRS];

static tam_status all_pairs(tam_ctx *ctx) {
    tam_verification result;
    return tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, 0, NULL, &result);
}
static tam_status pairs(tam_ctx *ctx) {
    tam_verification result;
    return tam_eval_pairs(ctx, ROWS, WIDTH, e, PAIRS, a, same, 0, NULL, &result);
}
static tam_status folds(tam_ctx *ctx) {
    tam_folds result;
    return tam_eval_folds(ctx, TAM_FOLDS_INSIGHTFACE, ROWS, WIDTH, e, PAIRS, a, same, 10, &result);
}
static tam_status identify(tam_ctx *ctx) {
    tam_identification result;
    return tam_eval_identify(ctx, WIDTH, ROWS, e, labels, ROWS, e, labels, &result);
}
static tam_status leave_one_out(tam_ctx *ctx) {
    tam_identification result;
    return tam_eval_leave_one_out(ctx, ROWS, WIDTH, e, labels, &result);
}
static tam_status fewshot(tam_ctx *ctx) {
    tam_fewshot result;
    return tam_eval_fewshot(ctx, ROWS, WIDTH, e, labels, &(tam_fewshot_config){.ways = 5}, &result);
}
static tam_status geometry(tam_ctx *ctx) {
    tam_geometry result;
    return tam_eval_geometry(ctx, ROWS, WIDTH, e, labels, &result);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    tam_status (*const calls[])(tam_ctx *) = {all_pairs, pairs, folds, identify, leave_one_out, fewshot, geometry};
    tam_random random = tam_random_at(2, TAM_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        e[i] = tam_random_normal(&random);
    }
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i % 30;
    }
    for (int i = 0; i < PAIRS; i++) {
        a[2 * i] = i;
        a[2 * i + 1] = i + (i % 2 == 0 ? 30 : 1);
        same[i] = i % 2 == 0;
    }
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        int failures = 0, left = 100;
        tam_ctx_config config = {.threads = 2, .allocator = test_ration(&left)};
        tam_ctx *ctx = NULL;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        for (int k = 0;; k++) {
            left = k;
            tam_status status = calls[c](ctx);
            assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
            if (status == TAM_OK) {
                break;
            }
            assert_int_equal(status, TAM_RESOURCES);
            assert_non_null(strstr(tam_ctx_message(ctx), "cannot allocate"));
            failures++;
        }
        assert_true(failures >= 3);
        tam_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
