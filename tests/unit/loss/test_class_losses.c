/* Every registered class loss: slopes against central differences, formulas against the papers', ends and extremes. */
#include "support.h"

#include <math.h>

#include "loss/loss.h"

static const double norms[] = {1e-3, 0.7, 12.0, 110.0};
static const double steps[] = {0.0, 10.0, 100000.0};

/* Compares a slope with central differences of two widths. Where these two disagree the function has a corner or a jump
 * in between, which is counted in *corners instead. */
static void check_slope(const char *what, double low_2, double low, double high, double high_2, double h, double slope,
                        double size, int *corners) {
    double narrow = (high - low) / (2.0 * h), wide = (high_2 - low_2) / (4.0 * h);
    if (fabs(narrow - wide) > 1e-4 * (size + fabs(wide))) {
        (*corners)++;
    } else if (fabs(narrow - slope) > 1e-5 * (size + fabs(slope))) {
        fail_msg("%s: the slope is %.9g, by differences %.9g", what, slope, narrow);
    }
}

typedef tam_logit (*scalar)(const tam_class_loss *loss, const tam_loss_state *state, double c, double a);

static tam_logit target(const tam_class_loss *loss, const tam_loss_state *state, double c, double a) {
    return tam_class_loss_target(loss, state, &(tam_sample){.c = c, .held = c, .a = a, .b = 1.0});
}

static tam_logit other(const tam_class_loss *loss, const tam_loss_state *state, double c, double a) {
    return tam_class_loss_other(loss, state, &(tam_sample){.a = a, .b = 1.0}, c, c);
}

static void check_function(const tam_class_loss *loss, const tam_loss_state *state, scalar f, double a) {
    const double h = 1e-6, ha = 1e-5 * a;
    int corners = 0, points = 0;
    for (double c = -0.9995; c < 1.0; c += 0.00317) {
        tam_logit at = f(loss, state, c, a);
        double size = 1.0 + fabs(at.z);
        check_slope(loss->name, f(loss, state, c - 2 * h, a).z, f(loss, state, c - h, a).z, f(loss, state, c + h, a).z,
                    f(loss, state, c + 2 * h, a).z, h, at.slope_c, size, &corners);
        check_slope(loss->name, f(loss, state, c, a - 2 * ha).z, f(loss, state, c, a - ha).z,
                    f(loss, state, c, a + ha).z, f(loss, state, c, a + 2 * ha).z, ha, at.slope_a, size / a, &corners);
        points++;
    }
    assert_true(points > 600 && corners <= 3);
}

static void test_slopes(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < tam_class_loss_count(); k++) {
        const tam_class_loss *loss = tam_class_loss_at(k);
        for (size_t t = 0; t < sizeof steps / sizeof steps[0]; t++) {
            for (size_t i = 0; i < sizeof norms / sizeof norms[0]; i++) {
                tam_loss read;
                test_ok(ctx, tam_loss_read(ctx, loss->name, 100, &read));
                read.state.running[TAM_RUNNING_STEP] = steps[t];
                check_function(loss, &read.state, target, norms[i]);
                check_function(loss, &read.state, other, norms[i]);
            }
        }
    }
    test_ctx_free(ctx);
}

/* Odd margins too: the slopes of the psi family alternate in sign by m. */
static void test_slopes_of_other_margins(void **state) {
    (void)state;
    static const char *const specifications[] = {
        "sphereface:m=1,lambda-min=0,lambda-base=0",
        "sphereface:m=2,lambda-min=0,lambda-base=0",
        "sphereface:m=3,lambda-min=0,lambda-base=0",
        "sphereface:m=8,lambda-min=0,lambda-base=0",
        "arcface:m=0",
        "arcface:m=1.5,s=1",
        "cosface:m=1",
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof specifications / sizeof specifications[0]; k++) {
        tam_loss read;
        test_ok(ctx, tam_loss_read(ctx, specifications[k], 100, &read));
        check_function(read.class_loss, &read.state, target, 2.0);
    }
    test_ctx_free(ctx);
}

static void check_value(tam_ctx *ctx, const char *specification, double theta, double norm, int64_t step,
                        double target_z, double other_z) {
    tam_loss_point point;
    test_ok(ctx, tam_loss_curve(ctx, specification, 100, &(tam_loss_query){theta, theta, norm, step}, &point));
    if (fabs(point.target_z - target_z) > 1e-9 || fabs(point.other_z - other_z) > 1e-9) {
        fail_msg("%s at theta %g: %.9g and %.9g, should be %.9g and %.9g", specification, theta, point.target_z,
                 point.other_z, target_z, other_z);
    }
}

/* The papers' formulas, written with angles. */
static void test_formulas(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (double theta = 0.0; theta <= M_PI; theta += 0.0371) {
        double c = cos(theta);
        int k = (int)(4.0 * theta / M_PI);
        double psi = (k % 2 == 0 ? 1.0 : -1.0) * cos(4.0 * theta) - 2.0 * k;
        check_value(ctx, "softmax", theta, 3.0, 0, 3.0 * c, 3.0 * c);
        check_value(ctx, "normface", theta, 3.0, 0, 64.0 * c, 64.0 * c);
        check_value(ctx, "cosface", theta, 3.0, 0, 64.0 * (c - 0.35), 64.0 * c);
        check_value(ctx, "arcface", theta, 3.0, 0,
                    theta + 0.5 <= M_PI ? 64.0 * cos(theta + 0.5) : 64.0 * (c - 0.5 * sin(0.5)), 64.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 0, 3.0 * (psi + 1000.0 * c) / 1001.0, 3.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 100, 3.0 * (psi + 1000.0 / 13.0 * c) / (1.0 + 1000.0 / 13.0),
                    3.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 1000000, 3.0 * (psi + 5.0 * c) / 6.0, 3.0 * c);
        check_value(ctx, "p2sgrad", theta, 3.0, 0, 0.5 * (c - 1.0) * (c - 1.0), 0.5 * c * c);
    }
    test_ctx_free(ctx);
}

/* P2SGrad is its gradient: G = c - 1[j = y]. */
static void test_p2sgrad_lengths(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_point point;
    test_ok(ctx, tam_loss_curve(ctx, "p2sgrad", 10, &(tam_loss_query){1.0, 1.0, 5.0, 0}, &point));
    assert_true(fabs(point.target_slope - (cos(1.0) - 1.0)) < 1e-15 && fabs(point.other_slope - cos(1.0)) < 1e-15);
    test_ctx_free(ctx);
}

/* Nothing is ever NaN or infinite: cosines at and beyond the ends by rounding, norms from 0 to 1e30. */
static void test_extremes(void **state) {
    (void)state;
    static const double cosines[] = {-1.0 - 1e-15, -1.0, -1.0 + 1e-15, -0.5, 0.0, 1.0 - 1e-15, 1.0, 1.0 + 1e-15};
    static const double extremes[] = {0.0, 1e-30, 1.0, 1e30};
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < tam_class_loss_count(); k++) {
        tam_loss read;
        test_ok(ctx, tam_loss_read(ctx, tam_class_loss_at(k)->name, 100, &read));
        for (size_t i = 0; i < sizeof cosines / sizeof cosines[0]; i++) {
            for (size_t n = 0; n < sizeof extremes / sizeof extremes[0]; n++) {
                tam_logit own = target(read.class_loss, &read.state, cosines[i], extremes[n]);
                tam_logit others = other(read.class_loss, &read.state, cosines[i], extremes[n]);
                assert_true(isfinite(own.z) && isfinite(own.slope_c) && isfinite(own.slope_a));
                assert_true(isfinite(others.z) && isfinite(others.slope_c) && isfinite(others.slope_a));
            }
        }
    }
    test_ctx_free(ctx);
}

/* Rows in f32 are the scalar function; every loss has what the head needs of it. */
static void test_rows(void **state) {
    (void)state;
    enum { N = 203 };
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < tam_class_loss_count(); k++) {
        const tam_class_loss *loss = tam_class_loss_at(k);
        const tam_sample own = {.c = 0.3, .held = 0.3, .a = 3.0, .b = 1.0};
        float c[N], z[N], slope[N];
        tam_loss read;
        test_ok(ctx, tam_loss_read(ctx, loss->name, 100, &read));
        assert_true(loss->target != NULL && loss->formula != NULL && loss->source != NULL);
        assert_true((loss->scale != NULL) != (loss->other != NULL && loss->other_row != NULL));
        assert_true(loss->scale != NULL || (loss->traits & TAM_LOSS_BIAS) == 0);
        if (loss->scale != NULL) {
            continue;
        }
        for (int j = 0; j < N; j++) {
            c[j] = -1.0f + 2.0f * (float)j / (N - 1);
        }
        loss->other_row(&read.state, &own, N, c, z, slope);
        for (int j = 0; j < N; j++) {
            tam_logit exact = loss->other(&read.state, &own, (double)c[j], (double)c[j]);
            assert_true(fabs((double)z[j] - exact.z) <= 1e-6 * (1.0 + fabs(exact.z)));
            assert_true(fabs((double)slope[j] - exact.slope_c) <= 1e-6 * (1.0 + fabs(exact.slope_c)));
        }
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),   cmocka_unit_test(test_slopes_of_other_margins),
        cmocka_unit_test(test_formulas), cmocka_unit_test(test_p2sgrad_lengths),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
