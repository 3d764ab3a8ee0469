/* Every place and every bit pattern: a number that is not finite is found, and no other is taken for one. */
#include "support.h"

#include <math.h>

#include "base/finite.h"

enum { COUNT = 37 };

static void f32_is_searched(void **state) {
    (void)state;
    static const float finite[] = {0.0f, -1.0f, 3.4e38f, -3.4e38f, 1e-45f};
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int place = 0; place < COUNT; place++) {
        float values[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = finite[i % 5];
        }
        assert_true(tam_all_finite(values, COUNT));
        for (int k = 0; k < 3; k++) {
            values[place] = bad[k];
            assert_false(tam_all_finite(values, COUNT));
            assert_true(tam_all_finite(values, (size_t)place));
        }
    }
}

static void bf16_is_searched(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        tam_bf16 values[COUNT] = {0};
        values[bits % COUNT] = (tam_bf16)bits;
        assert_int_equal(tam_all_finite_bf16(values, COUNT), isfinite(tam_bf16_value((tam_bf16)bits)) != 0);
        assert_true(tam_all_finite_bf16(values, bits % COUNT));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_is_searched),
        cmocka_unit_test(bf16_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
