/* The curves of sweeps in bf16, held to the exact ones at every number that bf16 has. */
#include "support.h"

#include <math.h>

#include "backend/cpu/sweep/cpu_sweep.h"
#include "base/bf16.h"

enum { PERIOD = 64, NUMBERS = 1 << 16 };

typedef struct curve {
    tam_sweep_curve number;
    const char *name;
    double (*value)(double x), (*slope)(double x);
    double slope_away; /* what a slope may be away beside 3e-4 of it */
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
static double gelu(double x) {
    return x * 0.5 * erfc(-x * sqrt(0.5));
}
static double gelu_slope(double x) {
    return 0.5 * erfc(-x * sqrt(0.5)) + x * exp(-0.5 * x * x) / sqrt(2 * acos(-1));
}

static const curve curves[] = {
    {TAM_CURVE_SIGMOID, "sigmoid", sigmoid, sigmoid_slope, 0},
    {TAM_CURVE_SWISH, "swish", swish, swish_slope, 5e-5},
    {TAM_CURVE_GELU, "gelu", gelu, gelu_slope, 5e-5},
};

/* Of all numbers, and with dy = 1 the slopes: as they are in registers, without the rounding of a result. */
typedef struct results {
    tam_bf16 x[NUMBERS], y[NUMBERS], ones[NUMBERS];
    float slopes[NUMBERS];
} results;

static results *results_of(const tam_sweep_kernels *kernels, const curve *c) {
    results *r = calloc(1, sizeof *r);
    float one[PERIOD], sums[3 * PERIOD];
    assert_non_null(r);
    for (int i = 0; i < PERIOD; i++) {
        one[i] = 1;
    }
    for (int i = 0; i < NUMBERS; i++) {
        r->x[i] = (tam_bf16)i;
        r->ones[i] = tam_bf16_nearest(1);
    }
    tam_sweep sweep = {.dtype = TAM_BF16, .period = PERIOD, .terms = 1, .slope = one, .curve = c->number};
    sweep.term[0].x = r->x;
    sweep.y = r->y;
    sweep.dy = r->ones;
    kernels->apply(&sweep, 0, NUMBERS, 0);
    for (int i = 0; i < NUMBERS; i += PERIOD) {
        memset(sums, 0, sizeof sums);
        kernels->gradient_sums(&sweep, i, PERIOD, 0, sums);
        memcpy(r->slopes + i, sums, PERIOD * sizeof *sums);
    }
    return r;
}

/* `away` from an exact number, where `share` of it and `number` are allowed. */
static void check(const char *kind, const curve *c, const char *what, double x, double computed, double exact,
                  double share, double number) {
    double allowed = share * fabs(exact) + number;
    if (!(fabs(computed - exact) <= allowed)) {
        fail_msg("%s: %s%s of %.9g is %.9g instead of %.9g (to %.3g)", kind, c->name, what, x, computed, exact,
                 allowed);
    }
}

static void check_curve(const tam_sweep_kernels *kernels, const curve *c) {
    const double curve_share = 3e-4, rounding = 0x1p-8, denormal = 0x1p-126, gelu_tail = 2e-7;
    results *r = results_of(kernels, c);
    for (int i = 0; i < NUMBERS; i++) {
        double x = (double)tam_bf16_value(r->x[i]), y = (double)tam_bf16_value(r->y[i]), slope = (double)r->slopes[i];
        if (isnan(x)) {
            assert_true(isnan(y) && isnan(slope));
        } else if (isfinite(x)) {
            double tail = c->number == TAM_CURVE_GELU ? gelu_tail : denormal * (1 + fabs(x));
            check(kernels->name, c, "", x, y, c->value(x), rounding + curve_share, x == 0 ? 0 : tail);
            check(kernels->name, c, "'s slope", x, slope, c->slope(x), curve_share, c->slope_away + denormal);
        }
    }
    free(r);
}

static void results_are_close(void **state) {
    (void)state;
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (size_t k = 0; k < sizeof curves / sizeof curves[0]; k++) {
            check_curve(kernels, &curves[k]);
        }
    }
}

/* Far from 0 gelu is nothing or the number itself, and its slope 0 or 1, to the last bit. */
static void tails_are_exact(void **state) {
    (void)state;
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        results *r = results_of(kernels, &curves[2]);
        for (int i = 0; i < NUMBERS; i++) {
            float x = tam_bf16_value(r->x[i]), y = tam_bf16_value(r->y[i]);
            if (fabsf(x) >= 5.5F) {
                assert_true(y == (x > 0 ? x : 0));
                assert_true(r->slopes[i] == (x > 0 ? 1 : 0));
            }
        }
        free(r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_close),
        cmocka_unit_test(tails_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
