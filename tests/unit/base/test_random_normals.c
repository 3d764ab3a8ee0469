/* Normal numbers made many at a time: each against its formula in f64, their distribution, their independence. All
 * seeds are fixed: the bounds below are those of chance, but what is seen is the same in every run. */
#include "support.h"

#include <math.h>

#include "base/box_muller.h"
#include "base/random.h"

enum { MILLION = 1 << 20 };

static const double pi = 3.141592653589793;

/* sqrt(-ln u) and a point on the circle of radius sqrt(2), in f64 from the bits. */
static void check_bits(uint32_t w, double *worst_radius, double *worst_direction) {
    double exact = sqrt(-log(((double)(w >> 1) + 0.5) * 0x1p-31));
    double radius = (double)tam_box_muller_radius(w);
    assert_true(isfinite(radius));
    *worst_radius = fmax(*worst_radius, fabs(radius / exact - 1.0));
    double part = (double)(w << 2) * 0x1p-32; /* of the quarter, from its middle on and around */
    double angle = pi / 2.0 * (part < 0.5 ? part + 0.5 : part - 0.5);
    float x, y;
    tam_box_muller_direction(w, &x, &y);
    double right = sqrt(2.0) * cos(angle), up = sqrt(2.0) * sin(angle);
    *worst_direction = fmax(*worst_direction, fabs((double)x - (w >> 31 ? -right : right)));
    *worst_direction = fmax(*worst_direction, fabs((double)y - (w >> 30 & 1 ? -up : up)));
}

static void test_bits(void **state) {
    (void)state;
    double worst_radius = 0.0, worst_direction = 0.0;
    const uint32_t edges[] = {0, 1, 2, 3, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xbfffffff, 0xfffffffe, ~0u};
    for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
        check_bits(edges[k], &worst_radius, &worst_direction);
    }
    for (uint64_t w = 0; w <= UINT32_MAX; w += 1009) {
        check_bits((uint32_t)w, &worst_radius, &worst_direction);
    }
    print_message("radius %.2g, direction %.2g\n", worst_radius, worst_direction);
    assert_true(worst_radius < 3e-7 && worst_direction < 3e-7);
    assert_true(tam_box_muller_radius(0) < 4.711f && tam_box_muller_radius(~0u) > 1.5e-5f);
}

/* Every place's number follows from its words of the stream, whatever n is; nothing is written beyond. */
static void test_places(void **state) {
    (void)state;
    enum { MOST = 300 };
    float all[MOST], some[MOST + 1];
    uint32_t words[MOST + 64];
    const uint64_t seed = 0x123456789abcdef0u;
    tam_random stream = tam_random_at(seed, TAM_PURPOSE_TEST, 7, 9);
    tam_random_blocks(&stream, 0, (MOST + 63) / 64 * 16, words);
    tam_random_normals(seed, TAM_PURPOSE_TEST, 7, 9, MOST, 2.5f, all);
    for (int place = 0; place < MOST; place++) {
        int block = place / 64 * 16 + place % 16, which = place % 64 / 16;
        float x, y, radius = tam_box_muller_radius(words[4 * block + which / 2 * 2]);
        tam_box_muller_direction(words[4 * block + which / 2 * 2 + 1], &x, &y);
        assert_true(fabsf(all[place] - 2.5f * radius * (which % 2 == 0 ? x : y)) < 1e-5f);
    }
    for (int n = 0; n <= MOST; n++) {
        some[n] = 77.0f;
        tam_random_normals(seed, TAM_PURPOSE_TEST, 7, 9, n, 2.5f, some);
        assert_memory_equal(some, all, (size_t)n * sizeof *some);
        assert_true(some[n] == 77.0f);
    }
}

static void test_streams(void **state) {
    (void)state;
    enum { STREAMS = 6 };
    float first[STREAMS];
    tam_random_normals(1, TAM_PURPOSE_TEST, 2, 3, 1, 1.0f, &first[0]);
    tam_random_normals(2, TAM_PURPOSE_TEST, 2, 3, 1, 1.0f, &first[1]);
    tam_random_normals(1 + (1ull << 32), TAM_PURPOSE_TEST, 2, 3, 1, 1.0f, &first[2]);
    tam_random_normals(1, TAM_PURPOSE_SHUFFLE, 2, 3, 1, 1.0f, &first[3]);
    tam_random_normals(1, TAM_PURPOSE_TEST, 3, 3, 1, 1.0f, &first[4]);
    tam_random_normals(1, TAM_PURPOSE_TEST, 2, 4, 1, 1.0f, &first[5]);
    for (int i = 0; i < STREAMS; i++) {
        for (int j = 0; j < i; j++) {
            assert_true(first[i] != first[j]);
        }
    }
}

/* Moments and tails of 2^26 numbers, each within four and a half of its own deviations. */
static void test_moments(void **state) {
    (void)state;
    enum { TIMES = 64 };
    static float z[MILLION];
    double count = (double)TIMES * MILLION, moment[5] = {0.0}, beyond[7] = {0.0}, largest = 0.0;
    for (uint32_t t = 0; t < TIMES; t++) {
        tam_random_normals(31, TAM_PURPOSE_TEST, t, 0, MILLION, 1.0f, z);
        for (int i = 0; i < MILLION; i++) {
            double v = (double)z[i], square = v * v;
            moment[1] += v;
            moment[2] += square;
            moment[3] += square * v;
            moment[4] += square * square;
            beyond[(int)fabs(v)] += 1.0; /* an infinity or a NaN would show in the moments */
            largest = fmax(largest, fabs(v));
        }
    }
    print_message("mean %.2g, variance 1%+.2g, third %.2g, fourth 3%+.2g, largest %.2f\n", moment[1] / count,
                  moment[2] / count - 1.0, moment[3] / count, moment[4] / count - 3.0, largest);
    const double variance[5] = {0.0, 1.0, 2.0, 15.0, 96.0}, mean[5] = {0.0, 0.0, 1.0, 0.0, 3.0};
    for (int k = 1; k <= 4; k++) {
        assert_true(fabs(moment[k] / count - mean[k]) < 4.5 * sqrt(variance[k] / count));
    }
    for (int k = 0; k <= 5; k++) {
        double share = erfc(k / sqrt(2.0)) - (k < 5 ? erfc((k + 1) / sqrt(2.0)) : 0.0);
        double seen = beyond[k] + (k == 5 ? beyond[6] : 0.0), expected = share * count;
        print_message("beyond %d: %.0f of %.1f\n", k, seen, expected);
        assert_true(fabs(seen - expected) < 4.5 * sqrt(expected * (1.0 - share)));
    }
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The largest distance between the numbers' distribution and the normal one, times sqrt(n). */
static double kolmogorov_smirnov(int n, float *z) {
    double largest = 0.0;
    qsort(z, (size_t)n, sizeof *z, compare);
    for (int i = 0; i < n; i++) {
        double below = 0.5 * erfc(-(double)z[i] / sqrt(2.0));
        largest = fmax(largest, fmax(below - (double)i / n, (i + 1.0) / n - below));
    }
    return largest * sqrt((double)n);
}

/* Along a stream, and at one place of many streams: 1.95 is passed by chance once in a thousand. */
static void test_distribution(void **state) {
    (void)state;
    enum { COUNT = 300000 };
    static float z[COUNT];
    for (uint32_t seed = 1; seed <= 3; seed++) {
        tam_random_normals(seed, TAM_PURPOSE_TEST, 0, 0, COUNT, 1.0f, z);
        double along = kolmogorov_smirnov(COUNT, z);
        for (uint32_t a = 0; a < COUNT; a++) {
            tam_random_normals(seed, TAM_PURPOSE_TEST, a, 0, 1, 1.0f, &z[a]);
        }
        double across = kolmogorov_smirnov(COUNT, z);
        print_message("Kolmogorov-Smirnov: %.2f along a stream, %.2f across streams\n", along, across);
        assert_true(along < 1.95 && across < 1.95 && along > 0.2 && across > 0.2);
    }
}

/* No correlation with later numbers, nor between squares: pairs of one point lie 16 apart, blocks 1, groups 64. */
static void test_independence(void **state) {
    (void)state;
    static float z[MILLION];
    const int lags[] = {1, 2, 3, 4, 15, 16, 17, 32, 48, 63, 64, 65, 128};
    tam_random_normals(77, TAM_PURPOSE_TEST, 0, 0, MILLION, 1.0f, z);
    for (size_t k = 0; k < sizeof lags / sizeof lags[0]; k++) {
        double plain = 0.0, squares = 0.0, count = MILLION - lags[k];
        for (int i = 0; i + lags[k] < MILLION; i++) {
            double x = (double)z[i], y = (double)z[i + lags[k]];
            plain += x * y;
            squares += (x * x - 1.0) * (y * y - 1.0);
        }
        assert_true(fabs(plain) < 4.5 * sqrt(count) && fabs(squares) < 4.5 * sqrt(4.0 * count));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),    cmocka_unit_test(test_places),       cmocka_unit_test(test_streams),
        cmocka_unit_test(test_moments), cmocka_unit_test(test_distribution), cmocka_unit_test(test_independence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
