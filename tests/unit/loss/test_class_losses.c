/* Class losses: values against the papers' formulas, what the options do, ends and extremes, rows in f32. */
#include "class_loss_support.h"

static void check_value(tam_ctx *ctx, const char *specification, double theta, double norm, int64_t step,
                        double target_z, double other_z) {
    tam_loss_point point;
    test_ok(ctx, tam_loss_curve(ctx, specification, 100, &(tam_loss_query){theta, theta, norm, step}, &point));
    if (!(fabs(point.target_z - target_z) <= 1e-9) || !(fabs(point.other_z - other_z) <= 1e-9)) {
        fail_msg("%s at theta %g: %.9g and %.9g, should be %.9g and %.9g", specification, theta, point.target_z,
                 point.other_z, target_z, other_z);
    }
}

/* psi of the papers, by its cases. */
static double psi_of(double m, double theta) {
    double k = fmin(m - 1.0, floor(m * theta / M_PI));
    return (fmod(k, 2.0) == 0.0 ? 1.0 : -1.0) * cos(m * theta) - 2.0 * k;
}

static double mix(double psi, double lambda, double c) {
    return (psi + lambda * c) / (1.0 + lambda);
}

static double arc(double theta, double m) {
    return theta + m <= M_PI ? cos(theta + m) : cos(theta) - m * sin(m);
}

/* Losses without a margin, and those whose margin is psi. */
static void test_formulas_of_scales(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    double adacos = sqrt(2.0) * log(99.0);
    for (double theta = 0.0; theta <= M_PI; theta += 0.0371) {
        double c = cos(theta), psi = psi_of(4.0, theta), later = 1000.0 / 13.0; /* lambda at step 100 */
        check_value(ctx, "softmax", theta, 3.0, 0, 3.0 * c, 3.0 * c);
        check_value(ctx, "modified-softmax", theta, 3.0, 0, 3.0 * c, 3.0 * c);
        check_value(ctx, "normface", theta, 3.0, 0, 64.0 * c, 64.0 * c);
        check_value(ctx, "normface:s=7,learn=yes", theta, 3.0, 0, 7.0 * c, 7.0 * c);
        check_value(ctx, "l2-softmax", theta, 3.0, 0, 64.0 * c, 64.0 * c);
        check_value(ctx, "l2-softmax:alpha=12,learn=yes", theta, 3.0, 0, 12.0 * c, 12.0 * c);
        check_value(ctx, "adacos-fixed", theta, 3.0, 0, adacos * c, adacos * c);
        check_value(ctx, "adacos", theta, 3.0, 0, adacos * c, adacos * c);
        check_value(ctx, "p2sgrad", theta, 3.0, 0, 0.5 * (c - 1.0) * (c - 1.0), 0.5 * c * c);
        check_value(ctx, "l-softmax", theta, 3.0, 0, 3.0 * mix(psi, 1000.0, c), 3.0 * c);
        check_value(ctx, "l-softmax:m=3,lambda-base=0", theta, 3.0, 0, 3.0 * psi_of(3.0, theta), 3.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 0, 3.0 * mix(psi, 1000.0, c), 3.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 100, 3.0 * mix(psi, later, c), 3.0 * c);
        check_value(ctx, "sphereface", theta, 3.0, 1000000, 3.0 * mix(psi, 5.0, c), 3.0 * c);
        check_value(ctx, "sphereface-norm", theta, 3.0, 100, 64.0 * mix(psi, later, c), 64.0 * c);
        check_value(ctx, "circle", theta, 3.0, 0, 256.0 * fmax(0.0, 1.25 - c) * (c - 0.75),
                    256.0 * fmax(0.0, c + 0.25) * (c - 0.25));
        check_value(ctx, "proxy-anchor", theta, 3.0, 0, -32.0 * (c - 0.1), 32.0 * (c + 0.1));
    }
    test_ctx_free(ctx);
}

/* Margins on the angle and on the cosine. The other class lies at the own one's angle, and so is a hard one. */
static void test_formulas_of_margins(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    double mag = 0.45 + 0.35 / 100.0 * (60.0 - 10.0), k = 0.333 * (60.0 - 20.0) / 100.001;
    for (double theta = 0.02; theta <= M_PI; theta += 0.0371) {
        double c = cos(theta);
        check_value(ctx, "cosface", theta, 3.0, 0, 64.0 * (c - 0.35), 64.0 * c);
        check_value(ctx, "arcface", theta, 3.0, 0, 64.0 * arc(theta, 0.5), 64.0 * c);
        check_value(ctx, "subcenter-arcface", theta, 3.0, 0, 64.0 * arc(theta, 0.5), 64.0 * c);
        check_value(ctx, "combined", theta, 3.0, 0, 64.0 * (arc(theta, 0.3) - 0.2), 64.0 * c);
        check_value(ctx, "combined:m1=1.5,m2=0.3,m3=0.1,beyond-pi=none", theta, 3.0, 0,
                    64.0 * (cos(1.5 * theta + 0.3) - 0.1), 64.0 * c);
        check_value(ctx, "magface", theta, 3.0, 0, 64.0 * arc(theta, 0.45), 64.0 * c);
        check_value(ctx, "magface", theta, 60.0, 0, 64.0 * arc(theta, mag), 64.0 * c);
        check_value(ctx, "magface", theta, 600.0, 0, 64.0 * arc(theta, 0.8), 64.0 * c);
        check_value(ctx, "curricularface", theta, 3.0, 0, 64.0 * arc(theta, 0.5), 64.0 * c * (0.0 + c));
        check_value(ctx, "mv-softmax", theta, 3.0, 0, 32.0 * arc(theta, 0.35), 32.0 * (1.12 * c + 0.12));
        check_value(ctx, "mv-softmax:margin=am", theta, 3.0, 0, 32.0 * (c - 0.35), 32.0 * (1.12 * c + 0.12));
        check_value(ctx, "elasticface-arc", theta, 3.0, 0, 64.0 * arc(theta, 0.5), 64.0 * c);
        check_value(ctx, "elasticface-cos", theta, 3.0, 0, 64.0 * (c - 0.35), 64.0 * c);
        /* A long embedding: a negative margin on the angle, which stops at 0. */
        check_value(ctx, "adaface", theta, 60.0, 0, 64.0 * (cos(fmax(0.0, theta - 0.4 * k)) - (0.4 * k + 0.4)),
                    64.0 * c);
        check_value(ctx, "adaface:h=100", theta, 3.0, 0, 64.0 * (arc(theta, 0.4) - 0.0), 64.0 * c);
        check_value(ctx, "adaface:h=100", theta, 90.0, 0, 64.0 * (cos(fmax(0.0, theta - 0.4)) - 0.8), 64.0 * c);
    }
    test_ctx_free(ctx);
}

/* Other classes that are no danger to the own one keep their plain logits. */
static void test_easy_classes(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const char *const names[] = {"curricularface", "mv-softmax", "mv-softmax:margin=am"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        tam_loss_point point;
        double s = k == 0 ? 64.0 : 32.0;
        test_ok(ctx, tam_loss_curve(ctx, names[k], 100, &(tam_loss_query){0.3, 1.2, 3.0, 0}, &point));
        assert_true(fabs(point.other_z - s * cos(1.2)) < 1e-12 && point.other_slope == s);
    }
    test_ctx_free(ctx);
}

/* The drawn margin is the sample's own, and never negative. */
static void test_drawn_margins(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss = test_read(ctx, "elasticface-arc:m=0.4,sigma=0.1,s=10");
    tam_sample own = {.c = cos(1.0), .held = cos(1.0), .a = 1.0, .b = 1.0, .normal = 2.0};
    assert_true(fabs(tam_class_loss_target(loss.class_loss, &loss.state, &own).z - 10.0 * cos(1.6)) < 1e-12);
    own.normal = -5.0;
    assert_true(fabs(tam_class_loss_target(loss.class_loss, &loss.state, &own).z - 10.0 * cos(1.0)) < 1e-12);
    loss = test_read(ctx, "elasticface-cos:m=0.4,sigma=0.1,s=10");
    assert_true(fabs(tam_class_loss_target(loss.class_loss, &loss.state, &own).z - 10.0 * cos(1.0)) < 1e-12);
    own.normal = 2.0;
    assert_true(fabs(tam_class_loss_target(loss.class_loss, &loss.state, &own).z - 10.0 * (cos(1.0) - 0.6)) < 1e-12);
    test_ctx_free(ctx);
}

static void test_beyond_pi(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    double theta = 3.0, c = cos(theta);
    check_value(ctx, "arcface:m=0.5,s=1", theta, 1.0, 0, c - 0.5 * sin(0.5), c);
    check_value(ctx, "arcface:m=0.5,s=1,beyond-pi=none", theta, 1.0, 0, cos(3.5), c);
    check_value(ctx, "arcface:m=0.5,s=1,beyond-pi=easy", theta, 1.0, 0, c, c);
    check_value(ctx, "arcface:m=0.5,s=1,beyond-pi=easy", 1.5, 1.0, 0, cos(2.0), cos(1.5));
    check_value(ctx, "arcface:m=0.5,s=1,beyond-pi=smooth", theta, 1.0, 0, -2.0 - cos(3.5), c);
    /* A factor on the angle: theta* = (pi - m2) / m1 is far from pi, and the line begins at the curve's end. */
    check_value(ctx, "combined:m1=4,m2=0,m3=0,s=1", theta, 1.0, 0, c - 1.0 + cos(0.75 * M_PI), c);
    check_value(ctx, "combined:m1=4,m2=0,m3=0,s=1,beyond-pi=smooth", theta, 1.0, 0, psi_of(4.0, theta), c);
    test_ctx_free(ctx);
}

/* With the options made for it, a worse angle never has a better logit. */
static void test_margins_fall(void **state) {
    (void)state;
    static const tam_beyond_pi falling[] = {TAM_BEYOND_PI_LINEAR, TAM_BEYOND_PI_SMOOTH};
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss loss = test_read(ctx, specification);
        for (int option = 0; option < 2 && (loss.class_loss->traits & TAM_LOSS_MARGIN) != 0; option++) {
            double before = INFINITY;
            loss.state.options.beyond_pi = falling[option];
            for (double theta = 0.0; theta < M_PI; theta += 0.003) {
                double c = test_product(loss.class_loss, cos(theta), 40.0, 2.0);
                tam_sample own = {.c = c, .held = c, .a = 40.0, .b = 2.0};
                double z = tam_class_loss_target(loss.class_loss, &loss.state, &own).z;
                if (!(z <= before + 1e-9)) {
                    fail_msg("%s rises at theta %g", specification, theta);
                }
                before = z;
            }
        }
    }
    test_ctx_free(ctx);
}

/* At step 0 of a warm-up there is no margin at all; grad=detached has the margin's value and the plain slope. */
static void test_warmup_and_detached(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss loss = test_read(ctx, specification);
        const tam_class_loss *class_loss = loss.class_loss;
        double c = test_product(class_loss, 0.37, 30.0, 2.0);
        tam_sample own = {.c = c, .held = c, .a = 30.0, .b = 2.0, .z = INFINITY};
        if ((class_loss->traits & TAM_LOSS_MARGIN) == 0) {
            continue;
        }
        tam_logit plain = tam_class_loss_other(class_loss, &loss.state, &own, c, c);
        tam_logit exact = tam_class_loss_target(class_loss, &loss.state, &own);
        loss.state.options.slope = TAM_SLOPE_DETACHED;
        tam_logit detached = tam_class_loss_target(class_loss, &loss.state, &own);
        assert_true(detached.z == exact.z && detached.slope_c == plain.slope_c && detached.slope_a == exact.slope_a);
        loss.state.options = (tam_loss_options){.margin_warmup = 10.0};
        tam_logit first = tam_class_loss_target(class_loss, &loss.state, &own);
        if (!(fabs(first.z - plain.z) <= 1e-12 * fabs(plain.z)) ||
            !(fabs(first.slope_c - plain.slope_c) <= 1e-12 * plain.slope_c)) {
            fail_msg("%s: at a warm-up's first step %g, without margin %g", specification, first.z, plain.z);
        }
    }
    check_value(ctx, "arcface:s=1,m=0.5,margin-warmup=8", 1.0, 1.0, 2, cos(1.125), cos(1.0));
    check_value(ctx, "cosface:s=1,m=0.4,margin-warmup=8", 1.0, 1.0, 2, cos(1.0) - 0.1, cos(1.0));
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

static bool all_finite(tam_logit logit) {
    return isfinite(logit.z) && isfinite(logit.slope_c) && isfinite(logit.slope_a) && isfinite(logit.slope_b);
}

/* Nothing is ever NaN or infinite: cosines at and beyond the ends by rounding, norms from 0 to 1e30. */
static void test_extremes(void **state) {
    (void)state;
    static const double cosines[] = {-1.0 - 1e-15, -1.0, -1.0 + 1e-15, -0.5, 0.0, 1.0 - 1e-15, 1.0, 1.0 + 1e-15};
    static const double extremes[] = {0.0, 1e-30, 1.0, 1e30};
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss loss = test_read(ctx, specification);
        for (int at = 0; at < 8 * 4 * 4 * 4; at++) {
            double a = extremes[at / 8 % 4], b = extremes[at / 32 % 4];
            double c = test_product(loss.class_loss, cosines[at % 8], a, b);
            tam_sample own = {.c = c, .held = c, .a = a, .b = b, .normal = 6.0};
            loss.state.options.beyond_pi = (tam_beyond_pi)(at / 128);
            tam_logit target = tam_class_loss_target(loss.class_loss, &loss.state, &own);
            own.z = target.z;
            assert_true(all_finite(target));
            assert_true(all_finite(tam_class_loss_other(loss.class_loss, &loss.state, &own, c, c)));
            if (loss.class_loss->length != NULL) {
                tam_scale price = loss.class_loss->length(&loss.state, a);
                assert_true(isfinite(price.value) && isfinite(price.slope_a));
            }
        }
    }
    test_ctx_free(ctx);
}

/* Without a length there is no angle: L-Softmax is the plain product there, as for its other classes. */
static void test_no_angle(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss = test_read(ctx, "l-softmax:m=3,lambda-base=0");
    for (int k = 0; k < 2; k++) {
        tam_sample own = {.a = k == 0 ? 0.0 : 5.0, .b = k == 0 ? 5.0 : 0.0};
        tam_logit logit = tam_class_loss_target(loss.class_loss, &loss.state, &own);
        assert_true(logit.z == 0.0 && logit.slope_c == 1.0 && logit.slope_a == 0.0 && logit.slope_b == 0.0);
    }
    test_ctx_free(ctx);
}

/* Rows in f32 are the scalar function; every loss has what the head needs of it. */
static void test_rows(void **state) {
    (void)state;
    enum { N = 203 };
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss read = test_read(ctx, specification);
        const tam_class_loss *loss = read.class_loss;
        tam_sample own = {.c = 0.3, .held = 0.3, .a = 3.0, .b = 1.0};
        float c[N], z[N], slope[N];
        own.z = tam_class_loss_target(loss, &read.state, &own).z;
        assert_true(loss->target != NULL && loss->formula != NULL && loss->source != NULL);
        assert_true((loss->scale != NULL) != (loss->other != NULL && loss->other_row != NULL));
        if ((loss->traits & TAM_LOSS_BIAS) != 0) { /* what the head takes for granted */
            assert_true((loss->traits & TAM_LOSS_UNIT_W) == 0 && loss->scale != NULL && loss->sub_centres == NULL);
            assert_true(loss->scale(&read.state, 3.0).slope_a == 0.0);
        }
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
        cmocka_unit_test(test_formulas_of_scales),
        cmocka_unit_test(test_formulas_of_margins),
        cmocka_unit_test(test_easy_classes),
        cmocka_unit_test(test_drawn_margins),
        cmocka_unit_test(test_beyond_pi),
        cmocka_unit_test(test_margins_fall),
        cmocka_unit_test(test_warmup_and_detached),
        cmocka_unit_test(test_p2sgrad_lengths),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_no_angle),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
