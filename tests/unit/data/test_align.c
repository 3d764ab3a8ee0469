/* The fit and the warp against numpy's SVD and OpenCV: tests/golden/align.txt, written by tests/oracle/align_oracle.py.
 */
#include "support.h"

#include <math.h>
#include <stdbool.h>

#include "golden_numbers.h"
#include "tammes/align.h"

enum { MOST_POINTS = 68, MOST_PIXELS = 200 * 160 };

static void free_points(uint32_t stream, int n, float *points) {
    golden_numbers(stream, 2 * n, 100.0f, points);
}

static void points_of(const char *kind, uint32_t stream, int n, float *points) {
    free_points(stream, n, points);
    for (int i = 0; i < n; i++) {
        if (strcmp(kind, "line") == 0) {
            points[2 * i + 1] = 2.0f * points[2 * i];
        } else if (strcmp(kind, "free") != 0) {
            float sign = strcmp(kind, "mirror") == 0 ? -1.0f : 1.0f;
            points[2 * i] = sign * tam_face_template()[2 * i] + 0.125f * points[2 * i];
            points[2 * i + 1] = tam_face_template()[2 * i + 1] + 0.125f * points[2 * i + 1];
        }
    }
}

static double read_number(char **at) {
    char *end;
    double value = strtod(*at, &end);
    assert_true(end != *at);
    *at = end;
    return value;
}

static void check_fit(char *line) {
    char kind[16];
    int n, used;
    uint32_t stream;
    float from[2 * MOST_POINTS], to[2 * MOST_POINTS];
    double map[6];
    assert_int_equal(sscanf(line, "fit %d %u %15s%n", &n, &stream, kind, &used), 3);
    assert_true(n >= 2 && n <= MOST_POINTS);
    points_of(kind, stream, n, from);
    memcpy(to, tam_face_template(), 10 * sizeof *to);
    if (n != 5) {
        free_points(stream + 1, n, to);
    }
    assert_int_equal(tam_similarity_fit(n, from, to, map), 1);
    char *at = line + used;
    for (int i = 0; i < 6; i++) {
        double expected = read_number(&at);
        if (!(fabs(map[i] - expected) <= 1e-6)) {
            fail_msg("%s: value %d is %.12g", line, i, map[i]);
        }
    }
}

static void check_warp(char *line) {
    static uint8_t pixels[MOST_PIXELS * 3], out[MOST_PIXELS];
    int height, width, channels, out_height, out_width, used;
    uint32_t stream;
    double map[6];
    assert_int_equal(
        sscanf(line, "warp %u %d %d %d %d %d%n", &stream, &height, &width, &channels, &out_height, &out_width, &used),
        6);
    assert_true(height * width * channels <= (int)sizeof pixels && out_height * out_width * channels < MOST_PIXELS);
    for (int i = 0; i < height * width * channels; i++) {
        pixels[i] = (uint8_t)((golden_number(stream, (uint32_t)i) + 0.5f) * 256.0f);
    }
    char *at = line + used;
    for (int i = 0; i < 6; i++) {
        map[i] = read_number(&at);
    }
    at++;
    tam_warp_affine(height, width, channels, pixels, map, out_height, out_width, out);
    for (int i = 0; i < out_height * out_width * channels; i++, at += 2) {
        unsigned expected;
        assert_int_equal(sscanf(at, "%2x", &expected), 1);
        if (abs((int)expected - (int)out[i]) > 1) {
            fail_msg("%.60s...: byte %d is %d, OpenCV says %u", line, i, out[i], expected);
        }
    }
    assert_true(*at == '\n');
}

static void as_numpy_and_opencv(void **state) {
    (void)state;
    static char line[100000];
    const char *source = getenv("TAMMES_SOURCE");
    char path[1024];
    int fits = 0, warps = 0;
    snprintf(path, sizeof path, "%s/tests/golden/align.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        bool fit = strncmp(line, "fit", 3) == 0;
        (fit ? check_fit : check_warp)(line);
        fits += fit;
        warps += !fit;
    }
    fclose(file);
    assert_true(fits == 10 && warps == 13);
}

/* What is brought onto the template by a known map gives that map back. */
static void a_known_similarity_is_found(void **state) {
    (void)state;
    const double known[6] = {0.5, -0.75, 10.0, 0.75, 0.5, -20.0};
    float to[10];
    double map[6];
    for (int i = 0; i < 5; i++) {
        double x = tam_face_template()[2 * i], y = tam_face_template()[2 * i + 1];
        to[2 * i] = (float)(known[0] * x + known[1] * y + known[2]);
        to[2 * i + 1] = (float)(known[3] * x + known[4] * y + known[5]);
    }
    assert_int_equal(tam_similarity_fit(5, tam_face_template(), to, map), 1);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(map[i] - known[i]) < 1e-4);
    }
}

static void what_has_no_similarity_is_refused(void **state) {
    (void)state;
    const float one[10] = {3.7f, 4.1f, 3.7f, 4.1f, 3.7f, 4.1f, 3.7f, 4.1f, 3.7f, 4.1f};
    const float square[8] = {1, 1, 3, 1, 3, 3, 1, 3}, mirrored[8] = {-1, 1, -3, 1, -3, 3, -1, 3};
    const float triangle[6] = {0.0f, 1.1f, 0.952628f, -0.55f, -0.952628f, -0.55f};
    const float turned[6] = {0.3f, 1.1f, -0.652628f, -0.55f, 1.252628f, -0.55f};
    const float odd[3] = {NAN, INFINITY, -INFINITY};
    float bad[10];
    double map[6];
    assert_int_equal(tam_similarity_fit(5, one, tam_face_template(), map), 0);
    assert_int_equal(tam_similarity_fit(5, tam_face_template(), one, map), 0);
    assert_int_equal(tam_similarity_fit(4, square, mirrored, map), 0);
    assert_int_equal(tam_similarity_fit(3, triangle, turned, map), 0);
    for (int k = 0; k < 3; k++) {
        memcpy(bad, tam_face_template(), sizeof bad);
        bad[7] = odd[k];
        assert_int_equal(tam_similarity_fit(5, bad, tam_face_template(), map), 0);
        assert_int_equal(tam_similarity_fit(5, tam_face_template(), bad, map), 0);
    }
    for (int i = 0; i < 10; i++) {
        bad[i] = i % 3 == 0 ? 3e38f : -3e38f;
    }
    assert_int_equal(tam_similarity_fit(5, bad, tam_face_template(), map), 1); /* far away, but a figure */
    assert_true(isfinite(map[0]) && isfinite(map[2]) && isfinite(map[5]));
}

/* Maps without an inverse, and maps that lead far beyond what whole numbers hold, give black. */
static void strange_maps_are_black(void **state) {
    (void)state;
    const double maps[][6] = {
        {0, 0, 5, 0, 0, 5},           {1, 1, 0, 1, 1, 0},          {NAN, 0, 0, 0, 1, 0},
        {1e-320, 0, 0, 0, 1e-320, 0}, {1, 0, 1e300, 0, 1, -1e300}, {1, 0, INFINITY, 0, 1, 0},
        {1e-200, 0, 9, 0, 1e-200, 9}, {1, 0, -1e12, 0, 1, 1e12},
    };
    uint8_t pixels[4] = {200, 201, 202, 203}, out[9];
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        memset(out, 7, sizeof out);
        tam_warp_affine(2, 2, 1, pixels, maps[i], 3, 3, out);
        for (int k = 0; k < 9; k++) {
            assert_true(out[k] == 0);
        }
    }
}

/* Half a pixel to the side is the mean of two, and halves go up. */
static void halves_are_rounded_up(void **state) {
    (void)state;
    static const uint8_t pixels[8] = {0, 1, 4, 255, 0, 1, 4, 255};
    static const double half[6] = {1, 0, -0.5, 0, 1, 0};
    uint8_t out[4];
    tam_warp_affine(2, 4, 1, pixels, half, 1, 4, out);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 3);
    assert_int_equal(out[2], 130);
    assert_int_equal(out[3], 128); /* and black behind the border */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_numpy_and_opencv),
        cmocka_unit_test(a_known_similarity_is_found),
        cmocka_unit_test(what_has_no_similarity_is_refused),
        cmocka_unit_test(strange_maps_are_black),
        cmocka_unit_test(halves_are_rounded_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
