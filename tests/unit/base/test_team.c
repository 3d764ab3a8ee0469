/* The team: every task once, workers in range, and sums with the same bits on any number of threads. */
#include "support.h"

#include <math.h>
#include <stdatomic.h>

#include "base/team.h"

enum { TASKS = 1000 };

typedef struct counts {
    atomic_int runs[TASKS];
    atomic_int out_of_range;
    int threads;
} counts;

static void count(void *argument, int64_t task, int worker) {
    counts *all = argument;
    atomic_fetch_add(&all->runs[task], 1);
    if (worker < 0 || worker >= all->threads) {
        atomic_fetch_add(&all->out_of_range, 1);
    }
}

static void test_all_tasks_once(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8};
    static const int tasks[] = {0, 1, 2, 7, TASKS};
    for (int t = 0; t < 4; t++) {
        tam_ctx *ctx = test_ctx(threads[t]);
        for (int k = 0; k < 5; k++) {
            static counts all;
            memset(&all, 0, sizeof all);
            all.threads = threads[t];
            tam_team_run(ctx, tasks[k], count, &all);
            for (int i = 0; i < TASKS; i++) {
                assert_int_equal(atomic_load(&all.runs[i]), i < tasks[k]);
            }
            assert_int_equal(atomic_load(&all.out_of_range), 0);
        }
        test_ctx_free(ctx);
    }
}

typedef struct sums {
    const float *x;
    float part[TASKS];
} sums;

static void sum_part(void *argument, int64_t task, int worker) {
    sums *all = argument;
    (void)worker;
    float part = 0.0f;
    for (int i = 0; i < 97; i++) {
        part += all->x[task * 97 + i];
    }
    all->part[task] = part;
}

/* The rule by which kernels are written: parts cut by size, combined in order. */
static void test_same_bits(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 8};
    static float x[TASKS * 97];
    float result[3];
    for (int i = 0; i < TASKS * 97; i++) {
        x[i] = sinf((float)i) * expf(cosf(0.37f * (float)i) * 9.0f);
    }
    for (int t = 0; t < 3; t++) {
        tam_ctx *ctx = test_ctx(threads[t]);
        static sums all;
        all.x = x;
        tam_team_run(ctx, TASKS, sum_part, &all);
        result[t] = 0.0f;
        for (int i = 0; i < TASKS; i++) {
            result[t] += all.part[i];
        }
        test_ctx_free(ctx);
    }
    assert_memory_equal(&result[1], &result[0], sizeof(float));
    assert_memory_equal(&result[2], &result[0], sizeof(float));
}

static void test_threads_of_a_context(void **state) {
    (void)state;
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&(tam_ctx_config){.threads = -1}, &ctx), TAM_CONFIG);
    assert_null(ctx);
    assert_int_equal(tam_ctx_create(&(tam_ctx_config){.threads = 1025}, &ctx), TAM_CONFIG);
    assert_int_equal(tam_ctx_create(NULL, &ctx), TAM_OK);
    assert_true(tam_ctx_threads(ctx) >= 1);
    tam_ctx_free(ctx);
    tam_ctx_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_tasks_once),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_threads_of_a_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
