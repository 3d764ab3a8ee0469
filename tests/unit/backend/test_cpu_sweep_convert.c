/* Conversion between f32 and bf16 by the sweeps' kernels, of every kind that this processor runs. */
#include "sweep_support.h"

/* Every upper half beside lower halves at the edges of rounding. */
static void conversion_rounds_to_the_nearest(void **state) {
    (void)state;
    static const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    enum { COUNT = 65536 * 6 + 13 };
    float *x = malloc(COUNT * sizeof *x), *back = malloc(COUNT * sizeof *back);
    tam_bf16 *y = malloc(COUNT * sizeof *y);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = (i / 6 & 0xffffu) << 16 | low[i % 6];
        memcpy(x + i, &bits, sizeof bits);
    }
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        kernels->convert(TAM_F32, x, TAM_BF16, y, COUNT);
        kernels->convert(TAM_BF16, y, TAM_F32, back, COUNT);
        for (int i = 0; i < COUNT; i++) {
            float value = tam_bf16_value(y[i]);
            assert_int_equal(y[i], tam_bf16_nearest(x[i]));
            assert_memory_equal(back + i, &value, sizeof value);
        }
        memset(back, 0, COUNT * sizeof *back);
        kernels->convert(TAM_F32, x, TAM_F32, back, COUNT);
        assert_memory_equal(x, back, COUNT * sizeof *back);
    }
    free(x), free(back), free(y);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversion_rounds_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
