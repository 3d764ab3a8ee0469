/* The error bounds of vector_curves.h, swept over the whole domain against the C library in f64. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/kernel.h"
#include "base/vector_curves.h"

enum { BLOCK = 4096, EVERY = 1009 }; /* every 1009th of all 2^32 floats */

typedef struct curve {
    const char *name;
    void (*array)(const float *x, float *y);
    double (*exact)(double x);
    /* What an f32 result may be away from the exact one: a part of its size, `by_square` of that for each unit of x^2,
     * and a number. */
    double relative, by_square, absolute;
} curve;

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}
static double sigmoid_slope(double x) {
    return exp(-fabs(x)) * sigmoid(fabs(x)) * sigmoid(fabs(x));
}
static double swish(double x) {
    return x * sigmoid(x);
}
static double swish_slope(double x) {
    return sigmoid(x) + x * sigmoid_slope(x);
}
static double hsigmoid(double x) {
    return fmin(fmax((x + 3) / 6, 0), 1);
}
static double hsigmoid_slope(double x) {
    return x > -3 && x < 3 ? 1.0 / 6 : 0;
}
static double hswish(double x) {
    return x * hsigmoid(x);
}
static double hswish_slope(double x) {
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}
static double tanh_slope(double x) {
    double e = exp(-2 * fabs(x));
    return 4 * e / ((1 + e) * (1 + e));
}
static double normal_share(double x) {
    return 0.5 * erfc(-x * sqrt(0.5));
}
static double gelu(double x) {
    return x * normal_share(x);
}
static double gelu_slope(double x) {
    return normal_share(x) + x * exp(-0.5 * x * x) / sqrt(2 * acos(-1));
}

/* As kernels use them: in vector code. */
#define ARRAY(name)                                                 \
    TAM_KERNEL static void name##_array(const float *x, float *y) { \
        for (int i = 0; i < BLOCK; i++) {                           \
            y[i] = tam_##name(x[i]);                                \
        }                                                           \
    }
ARRAY(sigmoid)
ARRAY(sigmoid_slope)
ARRAY(swish)
ARRAY(swish_slope)
ARRAY(hsigmoid)
ARRAY(hsigmoid_slope)
ARRAY(hswish)
ARRAY(hswish_slope)
ARRAY(tanh)
ARRAY(tanh_slope)
ARRAY(gelu)
ARRAY(gelu_slope)

static const curve curves[] = {
    {"sigmoid", sigmoid_array, sigmoid, 2.4e-7, 0, 1e-44},
    {"sigmoid slope", sigmoid_slope_array, sigmoid_slope, 4e-7, 0, 1e-44},
    {"swish", swish_array, swish, 3e-7, 0, 2e-42},
    {"swish slope", swish_slope_array, swish_slope, 3e-7, 0, 2e-7},
    {"hsigmoid", hsigmoid_array, hsigmoid, 1.2e-7, 0, 1e-7},
    {"hsigmoid slope", hsigmoid_slope_array, hsigmoid_slope, 6e-8, 0, 0},
    {"hswish", hswish_array, hswish, 2.4e-7, 0, 1e-44},
    {"hswish slope", hswish_slope_array, hswish_slope, 1.2e-7, 0, 1e-7},
    {"tanh", tanh_array, tanh, 2.4e-7, 0, 1e-44},
    {"tanh slope", tanh_slope_array, tanh_slope, 6e-7, 0, 1e-44},
    {"gelu", gelu_array, gelu, 4e-7, 7e-8, 2e-42},
    {"gelu slope", gelu_slope_array, gelu_slope, 3e-7, 0, 3e-7},
};

/* The largest share of what is allowed. */
static double worst(const curve *c, double *at) {
    static float x[BLOCK], y[BLOCK];
    double largest = 0;
    int filled = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += EVERY) {
        float candidate = tam_float_of((uint32_t)bits);
        if (isfinite(candidate)) {
            x[filled++] = candidate;
        }
        if (filled < BLOCK) {
            continue;
        }
        filled = 0;
        c->array(x, y);
        for (int i = 0; i < BLOCK; i++) {
            double exact = c->exact((double)x[i]), square = fmin((double)x[i] * (double)x[i], 300);
            double allowed = (c->relative + c->by_square * square) * fabs(exact) + c->absolute;
            double away = fabs((double)y[i] - exact), share = allowed > 0 ? away / allowed : away > 0 ? INFINITY : 0;
            assert_true(share == share);
            if (share > largest) {
                largest = share;
                *at = (double)x[i];
            }
        }
    }
    return largest;
}

static void test_bounds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        double at = 0, largest = worst(&curves[i], &at);
        print_message("%s: %.2f of what is allowed, at %.9g\n", curves[i].name, largest, at);
        assert_true(largest <= 1);
    }
}

static void test_edges(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        float x[BLOCK] = {0}, y[BLOCK];
        x[1] = NAN;
        x[2] = -FLT_MAX;
        x[3] = FLT_MAX;
        curves[i].array(x, y);
        bool keeps_nan = strcmp(curves[i].name, "hsigmoid slope") != 0; /* which does not depend on it */
        assert_int_equal(isnan(y[1]) != 0, keeps_nan);
        assert_true((double)y[2] == curves[i].exact(-(double)FLT_MAX));
        assert_true((double)y[3] == curves[i].exact((double)FLT_MAX));
        assert_true(fabs((double)y[0] - curves[i].exact(0)) <= 1e-7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
