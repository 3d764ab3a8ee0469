/* The layout of a plan's memory: buffers that live together never overlap, others share. */
#include <stdbool.h>

#include "backend/cpu/plan/cpu_memory.h"
#include "base/random.h"
#include "support.h"

enum { BUFFERS = 60 };

static void lives_never_collide(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, 0, 0);
    for (int round = 0; round < 50; round++) {
        tam_cpu_memory *memory = NULL;
        int first[BUFFERS], last[BUFFERS];
        size_t bytes[BUFFERS], sum = 0;
        test_ok(ctx, tam_cpu_memory_create(ctx, BUFFERS, &memory));
        for (int i = 0; i < BUFFERS; i++) {
            first[i] = (int)tam_random_below(&random, 40);
            last[i] = first[i];
            bytes[i] = tam_random_below(&random, 5000);
            sum += bytes[i] + 63;
            assert_int_equal(tam_cpu_memory_ask(memory, bytes[i], first[i], first[i]), i);
        }
        for (int i = 0; i < BUFFERS; i++) {
            last[i] = first[i] + (int)tam_random_below(&random, 10);
            tam_cpu_memory_extend(memory, i, last[i]);
            tam_cpu_memory_extend(memory, i, first[i]); /* changes nothing */
        }
        test_ok(ctx, tam_cpu_memory_settle(memory));
        assert_true(tam_cpu_memory_bytes(memory) < sum / 2);
        for (int i = 0; i < BUFFERS; i++) {
            char *a = tam_cpu_memory_at(memory, i);
            assert_int_equal((uintptr_t)a % 64, 0);
            memset(a, 1, bytes[i]); /* inside the block, or the sanitiser speaks up */
            for (int k = 0; k < i; k++) {
                char *b = tam_cpu_memory_at(memory, k);
                bool together = first[i] <= last[k] && first[k] <= last[i];
                assert_true(!together || a + bytes[i] <= b || b + bytes[k] <= a);
            }
        }
        tam_cpu_memory_free(memory);
    }
    test_ctx_free(ctx);
}

static void a_chain_needs_two_buffers(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_cpu_memory *memory = NULL;
    test_ok(ctx, tam_cpu_memory_create(ctx, 10, &memory));
    for (int i = 0; i < 10; i++) {
        tam_cpu_memory_ask(memory, 6400, i, i + 1);
    }
    test_ok(ctx, tam_cpu_memory_settle(memory));
    assert_int_equal(tam_cpu_memory_bytes(memory), 2 * 6400);
    tam_cpu_memory_free(memory);
    tam_cpu_memory_free(NULL);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_never_collide),
        cmocka_unit_test(a_chain_needs_two_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
