/* Angles to own and other centres, by hand, at any number of threads and in hostile cases. */
#include "support.h"

#include <math.h>

#include "base/random.h"
#include "tammes/eval.h"

static const double radians = 3.14159265358979323846 / 180;

static void place(float *row, double angle, double length) {
    row[0] = (float)(length * cos(angle * radians));
    row[1] = (float)(length * sin(angle * radians));
}

/* Class 4: rows at -10, 0 and 10 degrees, centre 0. Class 7: 80 and 100, centre 90. Class 9: one row at 200. Own
 * angles: 10 0 10 10 10 0. Nearest other centres: 0 and 90 have each other, 90 degrees away; 200 has 90, 110 away. */
static void numbers_by_hand(void **state) {
    (void)state;
    float e[6 * 2];
    const int32_t labels[6] = {7, 4, 4, 9, 7, 4};
    const double angle[6] = {80, -10, 0, 200, 100, 10}, length[6] = {1, 0.5, 3, 1e-6, 40, 7};
    tam_geometry result;
    tam_ctx *ctx = test_ctx(2);
    for (int i = 0; i < 6; i++) {
        place(e + 2 * i, angle[i], length[i]);
    }
    test_ok(ctx, tam_eval_geometry(ctx, 6, 2, e, labels, &result));
    assert_int_equal(result.rows, 6);
    assert_int_equal(result.classes, 3);
    assert_true(fabs(result.own_angle / radians - 40.0 / 6) < 1e-5);
    assert_true(fabs(result.other_angle / radians - 290.0 / 3) < 1e-5);
    test_ctx_free(ctx);
}

/* Small angles keep their digits: rows 1e-6 radians beside their centre. */
static void tiny_angles_are_exact(void **state) {
    (void)state;
    const float e[4 * 3] = {1, 1e-6f, 0, 1, -1e-6f, 0, 0, 1e-6f, 1, 0, -1e-6f, 1};
    const int32_t labels[4] = {0, 0, 1, 1};
    tam_geometry result;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_eval_geometry(ctx, 4, 3, e, labels, &result));
    assert_true(fabs(result.own_angle / 1e-6 - 1) < 1e-6);
    assert_true(fabs(result.other_angle / (90 * radians) - 1) < 1e-12);
    test_ctx_free(ctx);
}

/* Rows without a direction, a class that cancels itself out, a single class, no row at all, a NaN. */
static void what_has_no_direction_does_not_count(void **state) {
    (void)state;
    float e[5 * 2] = {0, 0, 2, 0, 0, 1, 1, 0, -1, 0};
    const int32_t labels[5] = {3, 3, 3, 8, 8};
    tam_geometry result;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_eval_geometry(ctx, 5, 2, e, labels, &result));
    assert_int_equal(result.rows, 2);
    assert_int_equal(result.classes, 1);
    assert_true(fabs(result.own_angle / (45 * radians) - 1) < 1e-6);
    assert_true(isnan(result.other_angle));
    test_ok(ctx, tam_eval_geometry(ctx, 0, 2, e, labels, &result));
    assert_true(isnan(result.own_angle) && result.rows == 0);
    e[7] = NAN;
    test_fails(ctx, tam_eval_geometry(ctx, 5, 2, e, labels, &result), TAM_INPUT, "row 3");
    test_ctx_free(ctx);
}

/* 300 rows of 11 numbers in 23 classes against plain f64 loops; the same bits on 1, 2 and 8 threads. */
static void any_number_of_threads_gives_the_plain_numbers(void **state) {
    (void)state;
    enum { ROWS = 300, WIDTH = 11, CLASSES = 23 };
    static float e[ROWS * WIDTH];
    static double centre[CLASSES][WIDTH];
    int32_t labels[ROWS];
    tam_random random = tam_random_at(5, TAM_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < ROWS; i++) {
        double square = 0;
        labels[i] = (int32_t)tam_random_below(&random, CLASSES);
        for (int k = 0; k < WIDTH; k++) {
            e[i * WIDTH + k] = tam_random_normal(&random) + (float)((labels[i] >> (k % 5)) & 1);
            square += (double)e[i * WIDTH + k] * (double)e[i * WIDTH + k];
        }
        for (int k = 0; k < WIDTH; k++) {
            centre[labels[i]][k] += (double)e[i * WIDTH + k] / sqrt(square);
        }
    }
    double own = 0, other = 0;
    for (int i = 0; i < ROWS; i++) {
        double dot = 0, a = 0, b = 0;
        for (int k = 0; k < WIDTH; k++) {
            double x = (double)e[i * WIDTH + k], c = centre[labels[i]][k];
            dot += x * c;
            a += x * x;
            b += c * c;
        }
        own += acos(dot / sqrt(a * b)) / ROWS;
    }
    for (int c = 0; c < CLASSES; c++) {
        double nearest = 10;
        for (int o = 0; o < CLASSES; o++) {
            double dot = 0, a = 0, b = 0;
            for (int k = 0; k < WIDTH; k++) {
                dot += centre[c][k] * centre[o][k];
                a += centre[c][k] * centre[c][k];
                b += centre[o][k] * centre[o][k];
            }
            nearest = o == c ? nearest : fmin(nearest, acos(dot / sqrt(a * b)));
        }
        other += nearest / CLASSES;
    }
    tam_geometry first = {0};
    for (int threads = 1; threads <= 8; threads = threads == 1 ? 2 : 4 * threads) {
        tam_geometry result;
        tam_ctx *ctx = test_ctx(threads);
        test_ok(ctx, tam_eval_geometry(ctx, ROWS, WIDTH, e, labels, &result));
        first = threads == 1 ? result : first;
        assert_memory_equal(&result.own_angle, &first.own_angle, sizeof(double));
        assert_memory_equal(&result.other_angle, &first.other_angle, sizeof(double));
        test_ctx_free(ctx);
    }
    assert_true(fabs(first.own_angle / own - 1) < 1e-9);
    assert_true(fabs(first.other_angle / other - 1) < 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_hand),
        cmocka_unit_test(tiny_angles_are_exact),
        cmocka_unit_test(what_has_no_direction_does_not_count),
        cmocka_unit_test(any_number_of_threads_gives_the_plain_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
