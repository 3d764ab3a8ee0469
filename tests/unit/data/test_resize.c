#include "support.h"

#include <math.h>

#include "base/random.h"
#include "data/resize.h"

/* The definition, pixel by pixel in f64: the weight of input pixel i for output pixel o along one axis. */
static double weight(int i, int o, int in, int out) {
    if (in > out) {
        double begin = (double)o * in / out, end = (double)(o + 1) * in / out;
        double overlap = fmin(end, i + 1) - fmax(begin, i);
        return overlap > 0 ? overlap * out / in : 0;
    }
    double centre = fmin(fmax((o + 0.5) * in / out - 0.5, 0), in - 1);
    double distance = fabs(centre - i);
    return distance < 1 ? 1 - distance : 0;
}

static double reference(const tam_image_info *info, const uint8_t *from, int x, int y, int k, int width, int height) {
    double sum = 0;
    for (int v = 0; v < info->height; v++) {
        for (int u = 0; u < info->width; u++) {
            sum += weight(v, y, info->height, height) * weight(u, x, info->width, width) *
                   from[(v * info->width + u) * info->channels + k];
        }
    }
    return sum;
}

static void results_are_those_of_the_definition(void **state) {
    (void)state;
    static const int sizes[][4] = {{105, 105, 28, 28}, {28, 28, 105, 105}, {7, 5, 3, 9},     {1, 1, 4, 4},
                                   {13, 1, 5, 5},      {3, 90, 31, 1},     {30, 30, 30, 15}, {60, 60, 30, 30},
                                   {9, 9, 9, 9},       {2, 2, 3, 3}};
    tam_ctx *ctx = test_ctx(1);
    tam_random random = tam_random_at(1, TAM_PURPOSE_TEST, 0, 0);
    static uint8_t from[105 * 105 * 3], to[105 * 105 * 3];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int *s = sizes[i];
        tam_resizer *resizer = tam_resizer_create(ctx, s[2], s[3]);
        assert_non_null(resizer);
        for (int channels = 1; channels <= 3; channels += 2) {
            tam_image_info info = {s[0], s[1], channels};
            for (size_t k = 0; k < sizeof from; k++) {
                from[k] = (uint8_t)tam_random_bits(&random);
            }
            tam_resize(resizer, &info, from, to);
            for (int at = 0; at < s[2] * s[3] * channels; at++) {
                int x = at / channels % s[2], y = at / channels / s[2];
                double expected = reference(&info, from, x, y, at % channels, s[2], s[3]);
                assert_true(fabs(to[at] - expected) <= 0.501);
            }
        }
        tam_resizer_free(resizer);
    }
    test_ctx_free(ctx);
}

static void flat_images_stay_flat(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_resizer *resizer = tam_resizer_create(ctx, 28, 40);
    static const int sizes[][2] = {{105, 105}, {31, 3}, {29, 41}, {4096, 1}};
    for (int i = 0; i < 4; i++) {
        uint8_t from[4096 * 4], to[28 * 40];
        tam_image_info info = {sizes[i][0], sizes[i][1], 1};
        memset(from, 255, sizeof from);
        if (sizes[i][0] * sizes[i][1] > (int)sizeof from) {
            continue;
        }
        tam_resize(resizer, &info, from, to);
        for (size_t k = 0; k < sizeof to; k++) {
            assert_int_equal(to[k], 255);
        }
    }
    tam_resizer_free(resizer);
    test_ctx_free(ctx);
}

static void grey_and_colour_become_each_other(void **state) {
    (void)state;
    uint8_t rgb[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 200, 200}, grey[12];
    tam_grey_from_rgb(rgb, 4, grey);
    static const uint8_t expected[4] = {76, 150, 29, 200};
    assert_memory_equal(grey, expected, 4);
    tam_rgb_from_grey(grey, 4, grey);
    static const uint8_t back[12] = {76, 76, 76, 150, 150, 150, 29, 29, 29, 200, 200, 200};
    assert_memory_equal(grey, back, 12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_the_definition),
        cmocka_unit_test(flat_images_stay_flat),
        cmocka_unit_test(grey_and_colour_become_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
