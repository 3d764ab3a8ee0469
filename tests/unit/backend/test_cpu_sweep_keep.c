/* What dropout keeps, by every kind of kernels that this processor runs: the numbers of the mask's one definition. */
#include "backend/dropout_mask.h"
#include "sweep_support.h"

enum { SEED = 9, NODE = 5 };
static const uint64_t STEP = 0x123456789ab;

static void check(const tam_sweep_kernels *kernels, double p, uint32_t first, int64_t blocks) {
    tam_random random = tam_dropout_stream(SEED, STEP, NODE);
    uint32_t counter[4] = {first, random.counter[1], random.counter[2], random.counter[3]};
    int64_t count = 4 * blocks;
    uint8_t *kept = malloc((size_t)count);
    float *mask = malloc((size_t)count * sizeof *mask);
    kernels->keep(counter, random.key, tam_dropout_limit(p), blocks, kept);
    tam_dropout_mask(SEED, STEP, NODE, p, (int64_t)first * 4, count, mask);
    for (int64_t i = 0; i < count; i++) {
        if (kept[i] != (mask[i] > 0)) {
            fail_msg("%s, p %g, block %u: number %d is %d", kernels->name, p, first, (int)i, kept[i]);
        }
    }
    free(kept), free(mask);
}

static void all_kinds_keep_the_same(void **state) {
    (void)state;
    static const double all_p[] = {0, 1e-9, 0.2, 0.5, 0.999, 1 - 1e-9};
    static const uint32_t firsts[] = {0, 1, 77, 0x3fffff00};
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (size_t p = 0; p < sizeof all_p / sizeof all_p[0]; p++) {
            for (size_t f = 0; f < sizeof firsts / sizeof firsts[0]; f++) {
                for (int64_t blocks = 1; blocks < 70; blocks++) {
                    check(kernels, all_p[p], firsts[f], blocks);
                }
            }
        }
    }
}

/* At a limit that is a number's own value this number is kept, at one more it is not. */
static void the_limit_is_met_to_the_last_bit(void **state) {
    enum { BLOCKS = 35, COUNT = 4 * BLOCKS };
    tam_random random = tam_dropout_stream(SEED, STEP, NODE);
    const tam_sweep_kernels *kernels;
    uint32_t bits[COUNT];
    uint8_t kept[COUNT];
    (void)state;
    tam_random_blocks(&random, 0, BLOCKS, bits);
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (int i = 0; i < COUNT; i++) {
            for (uint32_t beyond = 0; beyond < 2; beyond++) {
                uint32_t counter[4] = {0, random.counter[1], random.counter[2], random.counter[3]};
                kernels->keep(counter, random.key, (bits[i] >> 8) + beyond, BLOCKS, kept);
                assert_int_equal(kept[i], 1 - beyond);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_keep_the_same),
        cmocka_unit_test(the_limit_is_met_to_the_last_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
