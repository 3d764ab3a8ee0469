/* Every registered class loss, target and others, under every option: slopes against central differences. */
#include "class_loss_support.h"

static const struct {
    double a, b, normal;
} samples[] = {{1e-3, 0.3, 0.0}, {0.7, 1.0, -2.0}, {12.0, 5.0, 1.5}, {60.0, 1.0, 0.5}, {115.0, 2.0, -60.0}};
enum { SAMPLES = sizeof samples / sizeof samples[0] };
static const double steps[] = {0.0, 50.0, 100000.0};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* Compares a slope with central differences of two widths. Where these two disagree the function has a corner or a jump
 * in between, which is counted in *corners instead. `values` lie h apart, around the slope's place. */
static void check_slope(const char *what, const double values[5], double h, double slope, double size, int *corners) {
    double narrow = (values[3] - values[1]) / (2.0 * h), wide = (values[4] - values[0]) / (4.0 * h);
    if (fabs(narrow - wide) > 1e-4 * (size + fabs(wide))) {
        (*corners)++;
    } else if (!(fabs(narrow - slope) <= 1e-5 * (size + fabs(slope)))) {
        fail_msg("%s: the slope is %.9g, by differences %.9g", what, slope, narrow);
    }
}

typedef tam_logit (*scalar)(const tam_loss *loss, const tam_sample *at);

static tam_logit target(const tam_loss *loss, const tam_sample *at) {
    return tam_class_loss_target(loss->class_loss, &loss->state, at);
}

/* Another class, at the cosine c; at->z is the own one's logit. */
static tam_logit other(const tam_loss *loss, const tam_sample *at) {
    return tam_class_loss_other(loss->class_loss, &loss->state, at, at->c, at->held);
}

/* Slope by the number at `variable`, a member of *at. `held` stays, as does all else. */
static void check_variable(const char *what, const tam_loss *loss, scalar f, tam_sample *at, double *variable, double h,
                           double slope, double size, int *corners) {
    double place = *variable, values[5];
    for (int k = 0; k < 5; k++) {
        *variable = place + (k - 2) * h;
        values[k] = f(loss, at).z;
    }
    *variable = place;
    check_slope(what, values, h, slope, size, corners);
}

/* AdaFace takes the length as a constant: its value moves with a, its slope is 0. */
static bool holds_length(const tam_class_loss *loss) {
    return strcmp(loss->name, "adaface") == 0;
}

static void check_function(const tam_loss *loss, scalar f, int sample, double own_z) {
    const char *name = loss->class_loss->name;
    int corners = 0, points = 0;
    for (double cosine = -0.9995; cosine < 1.0; cosine += 0.0117) {
        tam_sample at = {.a = samples[sample].a, .b = samples[sample].b, .normal = samples[sample].normal, .z = own_z};
        double product = test_product(loss->class_loss, 1.0, at.a, at.b);
        at.c = at.held = product * cosine;
        tam_logit logit = f(loss, &at);
        double size = fabs(logit.z) + fabs(logit.slope_c) * product;
        check_variable(name, loss, f, &at, &at.c, 1e-6 * product, logit.slope_c, size / product, &corners);
        check_variable(name, loss, f, &at, &at.b, 1e-5 * at.b, logit.slope_b, size / at.b, &corners);
        if (holds_length(loss->class_loss)) {
            assert_true(logit.slope_a == 0.0);
        } else {
            check_variable(name, loss, f, &at, &at.a, 1e-5 * at.a, logit.slope_a, size / at.a, &corners);
        }
        points++;
    }
    assert_true(points > 150);
    if (corners > 3) {
        fail_msg("%s: %d corners", name, corners);
    }
}

static void check_loss(const tam_loss *loss) {
    for (int i = 0; i < SAMPLES; i++) {
        double a = samples[i].a, b = samples[i].b, c = test_product(loss->class_loss, 0.3, a, b);
        tam_sample own = {.c = c, .held = c, .a = a, .b = b, .normal = samples[i].normal};
        check_function(loss, target, i, 0.0);
        check_function(loss, other, i, target(loss, &own).z);
    }
}

static void test_slopes(void **state) {
    (void)state;
    static const double warmups[] = {0.0, 100.0};
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss loss = test_read(ctx, specification);
        bool margin = (loss.class_loss->traits & TAM_LOSS_MARGIN) != 0;
        int options = margin ? (TAM_BEYOND_PI_SMOOTH + 1) * (TAM_SLOPE_DETACHED + 1) * 2 : 1;
        for (int option = 0; option < options; option++) {
            loss.state.options.beyond_pi = (tam_beyond_pi)(option / 4);
            loss.state.options.slope = (tam_margin_slope)(option / 2 % 2);
            loss.state.options.margin_warmup = warmups[option % 2];
            for (int t = 0; t < STEPS; t++) {
                loss.state.running[TAM_RUNNING_STEP] = steps[t];
                check_loss(&loss);
            }
        }
    }
    test_ctx_free(ctx);
}

/* What the length alone costs. */
static void test_slopes_of_lengths(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const char *specification;
    int seen = 0;
    for (int k = 0; (specification = test_specification(k)) != NULL; k++) {
        tam_loss loss = test_read(ctx, specification);
        int corners = 0;
        for (double a = 0.037; loss.class_loss->length != NULL && a < 1000.0; a *= 1.0173) {
            double values[5], h = 1e-5 * a;
            for (int i = 0; i < 5; i++) {
                values[i] = loss.class_loss->length(&loss.state, a + (i - 2) * h).value;
            }
            check_slope(specification, values, h, loss.class_loss->length(&loss.state, a).slope_a, 1.0 / a, &corners);
            seen++;
        }
        assert_true(corners <= 2);
    }
    assert_true(seen > 500); /* magface has such a price */
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_slopes_of_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
