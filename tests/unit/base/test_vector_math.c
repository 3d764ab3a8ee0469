/* The error bounds of vector_math.h, swept over the whole domain against the C library in f64. */
#include "support.h"

#include <float.h>
#include <math.h>

#include "base/vector_math.h"

enum { BLOCK = 4096, EVERY = 211 }; /* every 211th of all 2^32 floats: 39,000 mantissas for each exponent */

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The distance of y from the exact value, in units in the last place there. */
static double ulps(float y, double exact) {
    int exponent;
    if (isinf(y)) {
        return exact >= (double)FLT_MAX ? 0.0 : INFINITY;
    }
    (void)frexp(exact, &exponent);
    return fabs((double)y - exact) / ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
}

static double exact_acos(double c) {
    return acos(c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c);
}

/* Sweeps all floats but NaN with both the array and the inline form; returns the largest error. */
static double worst(void (*array)(int64_t, const float *, float *), float (*one)(float), double (*exact)(double)) {
    static float x[BLOCK], y[BLOCK];
    double largest = 0.0;
    int filled = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += EVERY) {
        float candidate = from_bits((uint32_t)bits);
        if (candidate == candidate) {
            x[filled++] = candidate;
        }
        if (filled == BLOCK || bits + EVERY > UINT32_MAX) {
            array(filled, x, y);
            for (int i = 0; i < filled; i++) {
                double from_array = ulps(y[i], exact((double)x[i]));
                double from_one = ulps(one(x[i]), exact((double)x[i]));
                assert_false(isnan(from_array) || isnan(from_one));
                largest = fmax(largest, fmax(from_array, from_one));
            }
            filled = 0;
        }
    }
    return largest;
}

static void test_exp_bound(void **state) {
    (void)state;
    double largest = worst(tam_exp_array, tam_exp, exp);
    print_message("exp: %.3f ulp\n", largest);
    assert_true(largest <= 1.1);
    assert_true(largest > 0.5); /* nothing is better than correct rounding: the measure itself works */
}

static void test_acos_bound(void **state) {
    (void)state;
    double largest = worst(tam_acos_array, tam_acos, exact_acos);
    print_message("acos: %.3f ulp\n", largest);
    assert_true(largest <= 1.4);
    assert_true(largest > 0.5);
}

static void test_exp_edges(void **state) {
    (void)state;
    assert_true(tam_exp(0.0f) == 1.0f && tam_exp(-0.0f) == 1.0f);
    assert_true(isinf(tam_exp(INFINITY)) && isinf(tam_exp(FLT_MAX)) && isinf(tam_exp(88.73f)));
    assert_true(tam_exp(-INFINITY) == 0.0f && tam_exp(-FLT_MAX) == 0.0f && tam_exp(-104.0f) == 0.0f);
    assert_true(isnan(tam_exp(NAN)));
    assert_true(isfinite(tam_exp(88.72f)));
    assert_true(tam_exp(-103.9f) == from_bits(1)); /* the smallest denormal */
}

/* Within 1.1 ulp where 2^x is normal, and exactly 0 below; whole powers are exact. */
static void test_exp2_softmax(void **state) {
    (void)state;
    static float x[BLOCK], y[BLOCK];
    double largest = 0.0;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        int filled = 0;
        for (; filled < BLOCK && bits <= UINT32_MAX; bits += EVERY) {
            float candidate = from_bits((uint32_t)bits);
            if (candidate <= 127.0f) {
                x[filled++] = candidate;
            }
        }
        for (int i = 0; i < filled; i++) { /* vector code in an optimised build */
            y[i] = tam_exp2_softmax(x[i]);
        }
        for (int i = 0; i < filled; i++) {
            if (x[i] < -126.0f) {
                assert_true(y[i] == 0.0f);
            } else {
                assert_true(y[i] >= FLT_MIN);
                largest = fmax(largest, ulps(y[i], exp2((double)x[i])));
            }
        }
    }
    print_message("exp2: %.3f ulp\n", largest);
    assert_true(largest <= 1.1);
    assert_true(largest > 0.5);
    for (int n = -126; n <= 127; n++) {
        assert_true(tam_exp2_softmax((float)n) == ldexpf(1.0f, n));
    }
    assert_true(tam_exp2_softmax(-INFINITY) == 0.0f);
    assert_true(isnan(tam_exp2_softmax(NAN)) && isnan(tam_exp2_softmax(from_bits(0x7fc00001u))));
    assert_true(isnan(tam_exp2_softmax(from_bits(0xffffffffu))));
}

static void test_acos_edges(void **state) {
    (void)state;
    float above = nextafterf(1.0f, 2.0f);
    assert_true(tam_acos(1.0f) == 0.0f && tam_acos(above) == 0.0f && tam_acos(INFINITY) == 0.0f);
    assert_true(tam_acos(-1.0f) == (float)M_PI && tam_acos(-above) == (float)M_PI && tam_acos(-FLT_MAX) == (float)M_PI);
    assert_true(tam_acos(0.0f) == (float)M_PI_2 && tam_acos(-0.0f) == (float)M_PI_2);
    assert_true(isnan(tam_acos(NAN)));
}

/* Blocks of every length, so that the remainders of the vector loops are seen too; y may be x. */
static void test_lengths(void **state) {
    (void)state;
    for (int n = 0; n <= 70; n++) {
        float x[71], y[71];
        for (int i = 0; i <= n; i++) {
            y[i] = x[i] = -0.013f * (float)i;
        }
        tam_exp_array(n, y, y);
        for (int i = 0; i < n; i++) {
            assert_true(ulps(y[i], exp((double)x[i])) <= 1.5);
        }
        assert_true(y[n] == x[n]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp_bound),    cmocka_unit_test(test_acos_bound), cmocka_unit_test(test_exp_edges),
        cmocka_unit_test(test_exp2_softmax), cmocka_unit_test(test_acos_edges), cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
