/* A mask is the stream of uniform numbers of (seed, step, node), from any place on. */
#include "backend/dropout_mask.h"
#include "base/random.h"
#include "support.h"

enum { COUNT = 3000 };

static void it_follows_the_stream(void **state) {
    static float mask[COUNT];
    const double p = 0.37;
    (void)state;
    static const int firsts[] = {0, 1, 3, 4, 511, 513};
    for (size_t f = 0; f < sizeof firsts / sizeof firsts[0]; f++) {
        tam_random random = tam_random_at(9, TAM_PURPOSE_DROPOUT, 77, 5);
        tam_dropout_mask(9, 77, 5, p, firsts[f], COUNT, mask);
        for (int i = 0; i < firsts[f]; i++) {
            (void)tam_random_bits(&random);
        }
        for (int i = 0; i < COUNT; i++) {
            float expected = tam_random_uniform(&random) < (float)p ? 0 : (float)(1 / (1 - p));
            assert_true(mask[i] == expected);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_follows_the_stream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
