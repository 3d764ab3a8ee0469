/* The machine's limits: what must hold wherever and however fast they are measured. */
#include "support.h"

#include "backend/cpu/layer/dnnl_matmul.h"
#include "tammes/bench.h"

static void limits_are_measured(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        tam_ctx *ctx = test_ctx(threads);
        tam_bench_limits limits;
        const tam_bench_config config = {.seconds = 0.01, .bytes = 1000000};
        test_ok(ctx, tam_bench_measure(ctx, &config, &limits));
        assert_true(limits.product_gflops > 0.0 && limits.memory_gbs > 0.0);
        tam_dnnl_matmul *matmul;
        test_ok(ctx, tam_dnnl_matmul_create(ctx, 512, false, &matmul));
        assert_int_equal(limits.product_bf16_gflops > 0.0, matmul != NULL);
        tam_dnnl_matmul_free(matmul);
        test_ctx_free(ctx);
    }
}

/* The arrays are as large as was asked, rounded to whole pieces of every thread. */
static void arrays_are_as_large_as_asked(void **state) {
    (void)state;
    const size_t products = (3 << 20) * sizeof(float), asked = 10 * products;
    for (int k = 0; k < 2; k++) {
        tam_ctx *ctx = test_ctx(1);
        tam_bench_limits limits;
        const tam_bench_config config = {.seconds = 0.01, .bytes = k == 0 ? 1 : asked};
        test_ok(ctx, tam_bench_measure(ctx, &config, &limits));
        size_t peak = tam_ctx_memory(ctx).peak_bytes;
        assert_true(k == 0 ? peak < 3 * products : peak > asked - 100000 && peak < asked + 100000);
        test_ctx_free(ctx);
    }
}

/* At each of the first allocations, which are of every kind, and then at some of the many alike. */
static void no_memory_is_an_error(void **state) {
    (void)state;
    tam_status status = TAM_RESOURCES;
    for (int most = 0; status != TAM_OK; most += most < 16 ? 1 : 9) {
        int left = most;
        tam_ctx *ctx = NULL;
        tam_bench_limits limits;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        const tam_bench_config bench = {.seconds = 1e-9, .bytes = 1};
        status = tam_ctx_create(&config, &ctx);
        if (status != TAM_OK) {
            continue;
        }
        status = tam_bench_measure(ctx, &bench, &limits);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_measured),
        cmocka_unit_test(arrays_are_as_large_as_asked),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
