/* The head's loops over rows against plain sums in f64: every length up to a few vectors, odd starts, in place. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/random.h"
#include "head/row_kernels.h"

enum { LONGEST_OF_ALL = 100 };

static const double log2_e = 1.4426950408889634;
static const int lengths[] = {200, 255, 500, 511, 1000, 2048};

/* All lengths to LONGEST_OF_ALL, then those of the list; -1 at the end. */
static int length_at(int k) {
    int listed = k - LONGEST_OF_ALL - 1;
    return k <= LONGEST_OF_ALL ? k : listed < (int)(sizeof lengths / sizeof lengths[0]) ? lengths[listed] : -1;
}

/* Arrays that end with their last number, so that a sanitiser sees every step beyond. */
static float *numbers(int n, uint32_t which, float low, float high) {
    float *values = malloc((size_t)(n > 0 ? n : 1) * sizeof *values);
    tam_random random = tam_random_at(21, TAM_PURPOSE_TEST, (uint32_t)n, which);
    assert_non_null(values);
    for (int j = 0; j < n; j++) {
        values[j] = tam_random_between(&random, low, high);
    }
    return values;
}

static void assert_near(double value, double exact, double relative) {
    if (!(fabs(value - exact) <= relative * fabs(exact))) {
        fail_msg("%.9g instead of %.9g", value, exact);
    }
}

static void check_logits(int n) {
    const float scale2 = 92.3f;
    float *p = numbers(n, 1, -3.0f, 3.0f), *inverse_w = numbers(n, 2, 0.1f, 0.5f), *bias = numbers(n, 3, -2.0f, 2.0f);
    float *scaled = numbers(n, 4, 0.0f, 1.0f), *biased = numbers(n, 5, 0.0f, 1.0f);
    float most_scaled = tam_row_scaled_logits(n, p, inverse_w, scale2, scaled);
    float most_biased = tam_row_biased_logits(n, p, inverse_w, bias, scale2, biased);
    float largest_scaled = -INFINITY, largest_biased = -INFINITY, largest_bare = -INFINITY;
    for (int j = 0; j < n; j++) {
        double z2 = (double)scale2 * ((double)p[j] * (double)inverse_w[j]), b = log2_e * (double)bias[j];
        assert_near((double)scaled[j], z2, 1.3e-7);
        assert_true(fabs((double)biased[j] - (z2 + b)) <= 2.4e-7 * (fabs(z2) + fabs(b)));
        largest_scaled = fmaxf(largest_scaled, scaled[j]);
        largest_biased = fmaxf(largest_biased, biased[j]);
    }
    assert_true(most_scaled == largest_scaled && most_biased == largest_biased);
    float in_place = tam_row_scaled_logits(n, p, inverse_w, scale2, p);
    assert_true(in_place == largest_scaled && memcmp(p, scaled, (size_t)n * sizeof *p) == 0);
    float most_bare = tam_row_to_base_2(n, bias);
    float *bias_before = numbers(n, 3, -2.0f, 2.0f);
    for (int j = 0; j < n; j++) {
        assert_near((double)bias[j], log2_e * (double)bias_before[j], 1.3e-7);
        largest_bare = fmaxf(largest_bare, bias[j]);
    }
    assert_true(most_bare == largest_bare);
    free(bias_before);
    free(biased);
    free(scaled);
    free(bias);
    free(inverse_w);
    free(p);
}

static void test_logits(void **state) {
    (void)state;
    for (int k = 0; length_at(k) >= 0; k++) {
        check_logits(length_at(k));
    }
}

/* The largest is found at every place, and when all are negative. */
static void test_largest_place(void **state) {
    (void)state;
    for (int n = 1; n <= LONGEST_OF_ALL; n++) {
        for (int place = 0; place < n; place++) {
            float p[LONGEST_OF_ALL], ones[LONGEST_OF_ALL], zeros[LONGEST_OF_ALL] = {0.0f}, z2[LONGEST_OF_ALL];
            for (int j = 0; j < n; j++) {
                p[j] = j == place ? -5.0f : -7.0f;
                ones[j] = 1.0f;
            }
            assert_true(tam_row_scaled_logits(n, p, ones, 2.0f, z2) == -10.0f);
            assert_true(tam_row_biased_logits(n, p, ones, zeros, 2.0f, z2) == -10.0f);
            assert_true(tam_row_to_base_2(n, p) < -7.0f);
        }
    }
}

/* Within 2 ulp of slope 2^(z2 - reference), where z2 - reference is the f32 difference. */
static void check_shares(int n, float low, float high, float reference) {
    const float scale = 64.0f;
    size_t bytes = (size_t)n * sizeof(float);
    float *z2 = numbers(n, 6, low, high), *slope = numbers(n, 7, -2.0f, 3.0f);
    float *t = numbers(n, 8, 0.0f, 1.0f), *u = numbers(n, 9, 0.0f, 1.0f);
    double of_scale = tam_row_shares_of_scale(n, z2, reference, scale, t);
    double of_slopes = tam_row_shares_of_slopes(n, z2, reference, slope, u);
    double alone = tam_row_share_sum(n, z2, reference), exact = 0.0;
    for (int j = 0; j < n; j++) {
        double e = exp2((double)(z2[j] - reference));
        exact += e;
        assert_near((double)t[j], (double)scale * e, 2.4e-7);
        assert_near((double)u[j], (double)slope[j] * e, 2.4e-7);
    }
    assert_near(of_scale, exact, 1e-6);
    assert_true(of_slopes == of_scale && alone == of_scale);
    float *in_place = numbers(n, 6, low, high);
    assert_true(tam_row_shares_of_scale(n, in_place, reference, scale, in_place) == of_scale);
    assert_memory_equal(in_place, t, bytes);
    memcpy(in_place, z2, bytes);
    assert_true(tam_row_shares_of_slopes(n, in_place, reference, slope, in_place) == of_scale);
    assert_memory_equal(in_place, u, bytes);
    assert_true(tam_row_shares_of_slopes(n, z2, reference, slope, slope) == of_scale);
    assert_memory_equal(slope, u, bytes);
    free(in_place);
    free(u);
    free(t);
    free(slope);
    free(z2);
}

static void test_shares(void **state) {
    (void)state;
    for (int k = 0; length_at(k) >= 0; k++) {
        check_shares(length_at(k), -90.0f, 95.0f, 34.0f);
        check_shares(length_at(k), 0.1f, 0.2f, 0.0f);
        check_shares(length_at(k), 0.7f, 0.7f, 0.0f); /* equal numbers: roundings of their sum all in one direction */
        check_shares(length_at(k), -2.0f, 61.0f, 0.0f);
    }
}

/* What is too small is exactly 0 wherever it stands; NaN stays NaN in its own place and in the sum. */
static void test_share_edges(void **state) {
    (void)state;
    for (int n = 1; n <= 40; n++) {
        for (int place = 0; place < n; place++) {
            float z2[40], t[40];
            const float low[] = {-INFINITY, -FLT_MAX, -126.00001f, -1000.0f, NAN, -126.0f};
            for (int which = 0; which < 6; which++) {
                for (int j = 0; j < n; j++) {
                    z2[j] = j == place ? low[which] : 1.0f;
                }
                double sum = tam_row_shares_of_scale(n, z2, 0.0f, 3.0f, t);
                for (int j = 0; j < n; j++) {
                    assert_true(j == place || t[j] == 6.0f);
                }
                bool nan = which == 4, least = which == 5;
                assert_true(nan ? isnan(t[place]) && isnan(sum) : t[place] == (least ? 3.0f * FLT_MIN : 0.0f));
                assert_true(nan || sum == (double)(float)(2 * (n - 1)) || (least && n == 1 && sum == (double)FLT_MIN));
            }
        }
    }
}

/* Odd starts within a longer row: only the n numbers are written. */
static void test_neighbours(void **state) {
    (void)state;
    enum { ROOM = 96 };
    float p[ROOM], inverse_w[ROOM], z2[ROOM], t[ROOM];
    for (int j = 0; j < ROOM; j++) {
        p[j] = 0.01f * (float)j;
        inverse_w[j] = 0.5f;
    }
    for (int start = 1; start < 18; start++) {
        for (int n = 0; start + n < ROOM; n++) {
            for (int j = 0; j < ROOM; j++) {
                z2[j] = t[j] = -77.0f;
            }
            (void)tam_row_scaled_logits(n, p + start, inverse_w + start, 2.0f, z2 + start);
            (void)tam_row_shares_of_scale(n, p + start, 0.0f, 1.0f, t + start);
            for (int j = 0; j < ROOM; j++) {
                bool inside = j >= start && j < start + n;
                assert_true(inside ? z2[j] == p[j] && t[j] >= 1.0f : z2[j] == -77.0f && t[j] == -77.0f);
            }
        }
    }
}

static void test_vectors(void **state) {
    (void)state;
    for (int k = 0; length_at(k) >= 0; k++) {
        int n = length_at(k);
        float *x = numbers(n, 10, -1.0f, 1.0f), *y = numbers(n, 11, -1.0f, 1.0f), *z = numbers(n, 12, -1.0f, 1.0f);
        float *sum = numbers(n, 12, -1.0f, 1.0f), *scaled = numbers(n, 13, 0.0f, 1.0f);
        double dot = 0.0, size = 0.0;
        tam_add_scaled_row(n, 1.0f, x, sum);
        tam_scale_row(n, 1e-40, x, scaled);
        for (int j = 0; j < n; j++) {
            dot += (double)x[j] * (double)y[j];
            size += fabs((double)x[j] * (double)y[j]);
            assert_true(sum[j] == z[j] + x[j]);
            assert_true(scaled[j] == (float)(1e-40 * (double)x[j]));
        }
        assert_true(fabs(tam_dot(n, x, y) - dot) <= 1e-14 * size);
        memcpy(sum, z, (size_t)n * sizeof *sum);
        tam_add_two_rows(n, 2.5f, x, -0.3f, y, sum);
        for (int j = 0; j < n; j++) {
            assert_true(fabs((double)sum[j] - ((double)z[j] + 2.5 * (double)x[j] - 0.3 * (double)y[j])) < 1e-6);
        }
        free(scaled);
        free(sum);
        free(z);
        free(y);
        free(x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),      cmocka_unit_test(test_largest_place), cmocka_unit_test(test_shares),
        cmocka_unit_test(test_share_edges), cmocka_unit_test(test_neighbours),    cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
