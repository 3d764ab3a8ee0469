/* Centres of classes, wrong rows and split classes among drawn directions: no model is needed. */
#include <math.h>
#include <stdbool.h>

#include "support.h"

#include "base/memory.h"
#include "base/random.h"
#include "check/clean_inside.h"

enum { CLASSES = 150, EACH = 12, COUNT = CLASSES * EACH, DIM = 40 };

static const double noise = 0.6; /* length of what is added to a unit direction: rows spread by about 31 degrees */

typedef struct world {
    tam_ctx *ctx;
    float x[COUNT * DIM];
    int32_t labels[COUNT], other[COUNT];
    float own[COUNT], angle[COUNT];
} world;

static void draw_rows(world *w) {
    for (uint32_t c = 0; c < CLASSES; c++) {
        float centre[DIM];
        tam_random_normals(1, TAM_PURPOSE_TEST, c, 0, DIM, 1 / sqrtf(DIM), centre);
        for (uint32_t k = 0; k < EACH; k++) {
            uint32_t i = c * EACH + k;
            float *row = w->x + i * DIM;
            double square = 0;
            tam_random_normals(2, TAM_PURPOSE_TEST, i, 0, DIM, (float)noise / sqrtf(DIM), row);
            for (int d = 0; d < DIM; d++) {
                row[d] += centre[d];
                square += (double)row[d] * (double)row[d];
            }
            for (int d = 0; d < DIM; d++) {
                row[d] = (float)((double)row[d] / sqrt(square));
            }
            w->labels[i] = (int32_t)c;
        }
    }
}

static int set_up(void **state) {
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->ctx = test_ctx(2);
    draw_rows(w);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

static tam_centres plain_centres(world *w, int32_t classes) {
    tam_centres centres;
    test_ok(w->ctx, tam_centres_take(w->ctx, classes, DIM, &centres));
    tam_centres_add(&centres, COUNT, w->x, w->labels);
    test_ok(w->ctx, tam_centres_finish(w->ctx, &centres));
    return centres;
}

static void the_spread_is_estimated(void **state) {
    world *w = *state;
    tam_centres centres = plain_centres(w, CLASSES);
    double mean = 0;
    for (int32_t c = 0; c < CLASSES; c++) {
        mean += (double)centres.spread[c] / CLASSES;
        assert_int_equal(centres.count[c], EACH);
    }
    assert_true(mean > 26 && mean < 36);
    assert_true(centres.median_spread > 26 && centres.median_spread < 36);
    tam_centres_free(w->ctx, &centres);
}

/* Some classes give a part of their rows to new ones: those pairs are found, of any size, and no others. */
static void split_classes_are_found(void **state) {
    world *w = *state;
    enum { SPLIT = 6 };
    tam_check_classes *pairs;
    int64_t count;
    for (int s = 0; s < SPLIT; s++) {
        for (int k = 0; k < 2 + 2 * (s % 3); k++) {
            w->labels[(10 * s + 3) * EACH + k] = CLASSES + s;
        }
    }
    tam_centres centres = plain_centres(w, CLASSES + SPLIT);
    test_ok(w->ctx, tam_centres_alike(w->ctx, &centres, 30, &pairs, &count));
    int found = 0;
    for (int64_t k = 0; k < count; k++) {
        assert_true(pairs[k].b >= CLASSES && pairs[k].a == 10 * (pairs[k].b - CLASSES) + 3);
        assert_true(k == 0 || pairs[k].angle >= pairs[k - 1].angle);
        found++;
    }
    assert_in_range(found, SPLIT - 1, SPLIT);
    tam_release(w->ctx, pairs);
    tam_centres_free(w->ctx, &centres);
}

/* Two opposite rows are no centre that is like others. */
static void a_class_of_strangers_is_like_nobody(void **state) {
    world *w = *state;
    tam_check_classes *pairs;
    int64_t count;
    for (uint32_t s = 0; s < 40; s++) {
        w->labels[s * EACH] = CLASSES + (int32_t)(s / 2);
    }
    tam_centres centres = plain_centres(w, CLASSES + 20);
    test_ok(w->ctx, tam_centres_alike(w->ctx, &centres, 30, &pairs, &count));
    assert_int_equal(count, 0);
    tam_release(w->ctx, pairs);
    tam_centres_free(w->ctx, &centres);
}

static double cosine(const float *a, const float *b) {
    double sum = 0;
    for (int d = 0; d < DIM; d++) {
        sum += (double)a[d] * (double)b[d];
    }
    return sum;
}

static void nearest_centres_are_those_of_a_plain_search(void **state) {
    world *w = *state;
    int32_t family[CLASSES];
    tam_centres centres;
    for (int32_t c = 0; c < CLASSES; c++) {
        family[c] = c / 2 * 2;
    }
    for (int threads = 1; threads <= 3; threads += 2) {
        tam_ctx *ctx = test_ctx(threads);
        test_ok(ctx, tam_clean_centres(ctx, COUNT, DIM, w->x, w->labels, CLASSES, &centres, w->own));
        test_ok(ctx, tam_clean_nearest(ctx, COUNT, w->x, w->labels, family, &centres, w->other, w->angle));
        for (int i = 0; i < COUNT; i += 7) {
            int32_t best = -1;
            double most = -2;
            for (int32_t c = 0; c < CLASSES; c++) {
                double here = cosine(w->x + i * DIM, centres.centre + c * DIM);
                if (family[c] != family[w->labels[i]] && here > most) {
                    most = here;
                    best = c;
                }
            }
            assert_int_equal(w->other[i], best);
            assert_float_equal(w->angle[i], (float)(acos(most) * 180 / M_PI), 1e-3f);
        }
        tam_centres_free(ctx, &centres);
        test_ctx_free(ctx);
    }
}

/* The own angle of a row does not count the row itself; wrong rows do not pull the centre. */
static void centres_are_robust(void **state) {
    world *w = *state;
    tam_centres centres, clean;
    test_ok(w->ctx, tam_clean_centres(w->ctx, COUNT, DIM, w->x, w->labels, CLASSES, &clean, w->own));
    for (int c = 0; c < CLASSES; c++) { /* two of twelve are of the next class */
        w->labels[c * EACH] = (c + 1) % CLASSES;
        w->labels[c * EACH + 1] = (c + 1) % CLASSES;
    }
    test_ok(w->ctx, tam_clean_centres(w->ctx, COUNT, DIM, w->x, w->labels, CLASSES, &centres, w->own));
    test_ok(w->ctx, tam_clean_nearest(w->ctx, COUNT, w->x, w->labels, NULL, &centres, w->other, w->angle));
    int wrong = 0, found = 0;
    for (int i = 0; i < COUNT; i++) {
        bool planted = i % EACH<2, nearer = w->own[i]> w->angle[i];
        wrong += nearer && !planted;
        found += nearer && planted && w->other[i] == i / EACH;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(found, 2 * CLASSES);
    for (int c = 0; c < CLASSES; c++) {
        assert_true(cosine(centres.centre + c * DIM, clean.centre + c * DIM) > 0.97);
    }
    tam_centres_free(w->ctx, &centres);
    tam_centres_free(w->ctx, &clean);
}

static void small_classes_have_defined_angles(void **state) {
    world *w = *state;
    tam_centres centres;
    w->labels[0] = 1; /* class 0: one row less; and of the classes 2 and 3 one and two rows are left */
    for (int k = 1; k < EACH; k++) {
        w->labels[2 * EACH + k] = -1;
        w->labels[3 * EACH + k] = k == 1 ? 3 : -1;
    }
    test_ok(w->ctx, tam_clean_centres(w->ctx, COUNT, DIM, w->x, w->labels, CLASSES, &centres, w->own));
    assert_true(isnan(w->own[2 * EACH]));
    float between = (float)(acos(cosine(w->x + 3 * EACH * DIM, w->x + (3 * EACH + 1) * DIM)) * 180 / M_PI);
    assert_float_equal(w->own[3 * EACH], between, 1e-3f);
    assert_float_equal(w->own[3 * EACH + 1], between, 1e-3f);
    tam_centres_free(w->ctx, &centres);
}

static void rows_that_are_no_numbers_are_refused(void **state) {
    world *w = *state;
    tam_centres centres;
    w->x[77] = NAN;
    test_ok(w->ctx, tam_centres_take(w->ctx, CLASSES, DIM, &centres));
    tam_centres_add(&centres, COUNT, w->x, w->labels);
    test_fails(w->ctx, tam_centres_finish(w->ctx, &centres), TAM_INPUT, "NaN or infinite");
    tam_centres_free(w->ctx, &centres);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_spread_is_estimated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(split_classes_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_class_of_strangers_is_like_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nearest_centres_are_those_of_a_plain_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(centres_are_robust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_classes_have_defined_angles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_that_are_no_numbers_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
