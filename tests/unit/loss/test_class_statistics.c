/* What class losses keep between steps, what they learn, and keys that must fit one another. */
#include "class_loss_support.h"

static tam_loss read_for(tam_ctx *ctx, const char *specification, int64_t classes) {
    tam_loss loss;
    test_ok(ctx, tam_loss_read(ctx, specification, classes, &loss));
    return loss;
}

static void observe(tam_loss *loss, int n, const double *c, const double *a, const double *others) {
    double room[8];
    tam_loss_batch batch = {.n = n, .c = c, .a = a, .others = others, .room = room};
    loss->class_loss->observe(&loss->state, &batch);
}

static void check_near(double value, double exact) {
    if (!(fabs(value - exact) <= 1e-12 * fabs(exact))) {
        fail_msg("%.15g, should be %.15g", value, exact);
    }
}

/* s_0 = sqrt(2) ln(C - 1); two classes count as three, else s would be 0. */
static void test_first_scale_of_adacos(void **state) {
    (void)state;
    static const char *const names[] = {"adacos", "adacos-fixed"};
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        tam_loss many = read_for(ctx, names[k], 10573), two = read_for(ctx, names[k], 2);
        check_near(many.class_loss->scale(&many.state, 1.0).value, sqrt(2.0) * log(10572.0));
        check_near(two.class_loss->scale(&two.state, 1.0).value, sqrt(2.0) * log(2.0));
    }
    test_ctx_free(ctx);
}

static void test_adacos(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss = read_for(ctx, "adacos", 100);
    assert_true((loss.class_loss->traits & TAM_LOSS_SEES_OTHERS) != 0);
    double *s = &loss.state.running[TAM_RUNNING_OWN];
    const double others[] = {log(4.0), log(8.0), log(12.0), log(16.0)};
    observe(&loss, 3, (double[]){cos(1.3), cos(0.2), cos(0.5)}, NULL, others);
    check_near(*s, log(8.0) / cos(0.5));
    observe(&loss, 4, (double[]){cos(0.6), cos(1.3), cos(0.2), cos(0.5)}, NULL, others);
    check_near(*s, log(10.0) / cos(0.55));
    observe(&loss, 3, (double[]){cos(1.3), cos(0.2), cos(1.1)}, NULL, others); /* the median is beyond pi/4 */
    check_near(*s, log(8.0) / cos(M_PI / 4.0));
    observe(&loss, 0, NULL, NULL, NULL);
    check_near(*s, log(8.0) / cos(M_PI / 4.0));
    check_near(loss.class_loss->scale(&loss.state, 5.0).value, *s);
    /* e^650 alone is more than a float holds, and three times e^709.5 more than a double. */
    observe(&loss, 2, (double[]){1.0, 1.0 + 1e-15}, NULL, (double[]){650.0, 650.0 + log(3.0)});
    check_near(*s, 650.0 + log(2.0));
    observe(&loss, 3, (double[]){1.0, 1.0, 1.0}, NULL, (double[]){709.5, 709.5, 709.5});
    check_near(*s, 709.5);
    observe(&loss, 1, (double[]){1.0}, NULL, (double[]){1e5});
    check_near(*s, 1e3);
    observe(&loss, 1, (double[]){1.0}, NULL, (double[]){-7.0});
    check_near(*s, 0.1);
    observe(&loss, 1, (double[]){1.0}, NULL, (double[]){NAN});
    check_near(*s, 0.1);
    test_ctx_free(ctx);
}

static void test_curricularface(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss = read_for(ctx, "curricularface:s=10", 100);
    double *t = &loss.state.running[TAM_RUNNING_OWN];
    assert_true(*t == 0.0);
    observe(&loss, 2, (double[]){0.5, 0.9}, NULL, NULL);
    check_near(*t, 0.007);
    observe(&loss, 1, (double[]){-0.4}, NULL, NULL);
    check_near(*t, 0.99 * 0.007 - 0.004);
    observe(&loss, 0, NULL, NULL, NULL);
    observe(&loss, 1, (double[]){NAN}, NULL, NULL);
    check_near(*t, 0.99 * 0.007 - 0.004);
    *t = 0.25;
    tam_sample own = {.z = 10.0 * 0.2};
    tam_logit hard = tam_class_loss_other(loss.class_loss, &loss.state, &own, 0.3, 0.3);
    check_near(hard.z, 10.0 * 0.3 * (0.25 + 0.3));
    check_near(hard.slope_c, 10.0 * (0.25 + 0.6));
    test_ctx_free(ctx);
}

/* Lengths 1000 and 1e-9 count as 100 and 0.001. */
static void test_adaface(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss = read_for(ctx, "adaface:s=1", 100);
    double *mean = &loss.state.running[TAM_RUNNING_OWN], *deviation = mean + 1;
    assert_true(*mean == 20.0 && *deviation == 100.0);
    observe(&loss, 3, NULL, (double[]){1000.0, 1e-9, 20.0}, NULL);
    double m = 120.001 / 3.0;
    double squares = pow(100.0 - m, 2.0) + pow(0.001 - m, 2.0) + pow(20.0 - m, 2.0);
    check_near(*mean, 0.99 * 20.0 + 0.01 * m);
    check_near(*deviation, 0.99 * 100.0 + 0.01 * sqrt(squares / 2.0));
    double before = *mean, spread = *deviation;
    observe(&loss, 1, NULL, (double[]){50.0}, NULL); /* one sample has no deviation */
    check_near(*mean, 0.99 * before + 0.5);
    assert_true(*deviation == spread);
    before = *mean;
    observe(&loss, 0, NULL, NULL, NULL);
    assert_true(*mean == before && *deviation == spread);
    *mean = 30.0;
    *deviation = 10.0;
    double k = 0.333 * (25.0 - 30.0) / 10.001;
    tam_sample own = {.c = cos(1.0), .held = cos(1.0), .a = 25.0, .b = 1.0};
    check_near(tam_class_loss_target(loss.class_loss, &loss.state, &own).z, cos(1.0 - 0.4 * k) - (0.4 * k + 0.4));
    test_ctx_free(ctx);
}

/* L(s) = log sum_j e^(s c_j) - s c_0 and its gradient lengths' sum gc = sum_j G_j c_j, as the head gives it. */
static double scaled_softmax(double s, double *gc) {
    static const double c[] = {0.3, 0.5, -0.2, 0.1};
    double sum = 0.0;
    for (int j = 0; j < 4; j++) {
        sum += exp(s * c[j]);
    }
    *gc = 0.0;
    for (int j = 0; j < 4; j++) {
        *gc += s * (exp(s * c[j]) / sum - (j == 0)) * c[j];
    }
    return log(sum) - s * c[0];
}

static void test_learned_scales(void **state) {
    (void)state;
    static const char *const names[] = {"normface:s=8,learn=yes", "l2-softmax:alpha=8,learn=yes"};
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        tam_loss loss = read_for(ctx, names[k], 100);
        double gc, unused;
        scaled_softmax(8.0, &gc);
        double first = (scaled_softmax(8.0 + 1e-5, &unused) - scaled_softmax(8.0 - 1e-5, &unused)) / 2e-5;
        loss.class_loss->learn(&loss.state, gc, 0.5, 0.9);
        double s = loss.class_loss->scale(&loss.state, 3.0).value;
        assert_true(fabs(s - (8.0 - 0.5 * first)) < 1e-8);
        scaled_softmax(s, &gc);
        double second = (scaled_softmax(s + 1e-5, &unused) - scaled_softmax(s - 1e-5, &unused)) / 2e-5;
        loss.class_loss->learn(&loss.state, gc, 0.5, 0.9);
        double next = loss.class_loss->scale(&loss.state, 3.0).value;
        assert_true(fabs(next - (s - 0.5 * (0.9 * first + second))) < 1e-8);
        loss.class_loss->learn(&loss.state, 1e9, 1.0, 0.0);
        assert_true(loss.class_loss->scale(&loss.state, 3.0).value == 1e-3);
        loss.class_loss->learn(&loss.state, -1e9, 1.0, 0.0);
        assert_true(loss.class_loss->scale(&loss.state, 3.0).value == 1e4);
    }
    tam_loss fixed = read_for(ctx, "normface:s=8", 100);
    fixed.class_loss->learn(&fixed.state, 5.0, 1.0, 0.0);
    assert_true(fixed.class_loss->scale(&fixed.state, 3.0).value == 8.0);
    test_ctx_free(ctx);
}

/* Of the losses that start somewhere, and nothing else: a statistic is finite and belongs to a hook. */
static void test_first_statistics(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int k = 0; k < tam_class_loss_count(); k++) {
        tam_loss loss = read_for(ctx, tam_class_loss_at(k)->name, 10);
        for (int i = 0; i < TAM_LOSS_RUNNING; i++) {
            assert_true(isfinite(loss.state.running[i]));
            assert_true(loss.state.running[i] == 0.0 || (loss.class_loss->start != NULL && i >= TAM_RUNNING_OWN));
        }
        assert_true((loss.class_loss->traits & TAM_LOSS_SEES_OTHERS) == 0 || loss.class_loss->observe != NULL);
    }
    test_ctx_free(ctx);
}

static void test_sub_centres(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss three = read_for(ctx, "subcenter-arcface", 10), eight = read_for(ctx, "subcenter-arcface:K=8", 10);
    tam_loss one = read_for(ctx, "arcface", 10);
    assert_int_equal(tam_class_loss_sub_centres(three.class_loss, &three.state), 3);
    assert_int_equal(tam_class_loss_sub_centres(eight.class_loss, &eight.state), 8);
    assert_int_equal(tam_class_loss_sub_centres(one.class_loss, &one.state), 1);
    test_ctx_free(ctx);
}

/* Ranges that people must know of: whole factors of the angle, at most 16 sub-centres. */
static void test_ranges(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static const char *const psi[] = {"l-softmax", "sphereface", "sphereface-norm"};
    for (int k = 0; k < 3; k++) {
        char text[64];
        snprintf(text, sizeof text, "%s:m=9", psi[k]);
        test_fails(ctx, tam_loss_check(ctx, text, 10), TAM_CONFIG, "m=9 is outside its range [1, 8] of whole numbers");
        snprintf(text, sizeof text, "%s:m=2.5", psi[k]);
        test_fails(ctx, tam_loss_check(ctx, text, 10), TAM_CONFIG, "[1, 8] of whole numbers");
    }
    test_fails(ctx, tam_loss_check(ctx, "subcenter-arcface:K=17", 10), TAM_CONFIG, "[1, 16] of whole numbers");
    test_fails(ctx, tam_loss_check(ctx, "mv-softmax:margin=cos", 10), TAM_CONFIG, "arc|am");
    test_fails(ctx, tam_loss_check(ctx, "p2sgrad:beyond-pi=easy", 10), TAM_CONFIG, "unknown key of p2sgrad");
    test_ok(ctx, tam_loss_check(ctx, "elasticface-cos:grad=detached,beyond-pi=easy,margin-warmup=100", 10));
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_scale_of_adacos), cmocka_unit_test(test_adacos),
        cmocka_unit_test(test_curricularface),        cmocka_unit_test(test_adaface),
        cmocka_unit_test(test_learned_scales),        cmocka_unit_test(test_first_statistics),
        cmocka_unit_test(test_sub_centres),           cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
