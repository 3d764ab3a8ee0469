/* Each augmentation against what it says, one at a time. */
#include "support.h"

#include <math.h>

#include "base/memory.h"
#include "data/augment.h"
#include "data/augment_bytes.h"

enum { H = 24, W = 40, AREA = H * W, DRAWS = 400 };

static uint8_t picture[AREA * 3];
static float plain[AREA * 3];

typedef struct fixture {
    tam_ctx *ctx;
    float *scratch;
} fixture;

/* Smooth colours with a few edges. */
static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(1);
    f.scratch = tam_allocate(f.ctx, tam_augment_scratch(H, W), sizeof(float), "scratch");
    assert_non_null(f.scratch);
    for (int i = 0; i < AREA; i++) {
        int x = i % W, y = i / W, inside = x > 10 && x < 25 && y > 5 && y < 17;
        picture[3 * i] = (uint8_t)(60 + 2 * x + (inside ? 60 : 0));
        picture[3 * i + 1] = (uint8_t)(40 + 5 * y + (inside ? 20 : 0));
        picture[3 * i + 2] = (uint8_t)(150 - x - y - (inside ? 50 : 0));
    }
    tam_planes_of_bytes(picture, 3, H, W, false, plain);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    tam_release(f->ctx, f->scratch);
    test_ctx_free(f->ctx);
    return 0;
}

static void augment(fixture *f, const char *text, int64_t index, int channels, const uint8_t *pixels, float *image) {
    tam_augment a;
    test_ok(f->ctx, tam_augment_read(f->ctx, text, &a));
    test_ok(f->ctx, tam_augment_run(&a, 5, 2, index, channels, H, W, pixels, f->scratch, image));
}

static double luma(const float *image, int i) {
    return 0.299 * (double)image[i] + 0.587 * (double)image[AREA + i] + 0.114 * (double)image[2 * AREA + i];
}

static double mean_luma(const float *image) {
    double sum = 0;
    for (int i = 0; i < AREA; i++) {
        sum += luma(image, i);
    }
    return sum / AREA;
}

static double largest_difference(const float *a, const float *b, int count) {
    double most = 0;
    for (int i = 0; i < count; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    }
    return most;
}

/* A ramp shows which pixels the part holds: it stays a ramp, within the image, with a slope below 1. */
static void a_crop_is_a_part_of_the_image(void **state) {
    fixture *f = *state;
    static uint8_t ramp[AREA * 3];
    static float image[AREA * 3];
    double least_area = 1, most_area = 0, least_aspect = 9, most_aspect = 0;
    for (int i = 0; i < AREA; i++) {
        ramp[3 * i] = (uint8_t)(5 * (i % W));
        ramp[3 * i + 1] = (uint8_t)(10 * (i / W));
        ramp[3 * i + 2] = 9;
    }
    for (int i = 0; i < DRAWS; i++) {
        augment(f, "crop=1,crop-area=0.4,crop-aspect=1.5", i, 3, ramp, image);
        double left = (double)(image[0] + 1) * 127.5 / 5, right = (double)(image[W - 1] + 1) * 127.5 / 5;
        double top = (double)(image[AREA] + 1) * 12.75, bottom = (double)(image[2 * AREA - 1] + 1) * 12.75;
        assert_true(left > -1e-3 && right < W - 1 + 1e-3 && top > -1e-3 && bottom < H - 1 + 1e-3);
        double wide = (right - left) / (W - 1), high = (bottom - top) / (H - 1);
        least_area = fmin(least_area, wide * high);
        most_area = fmax(most_area, wide * high);
        least_aspect = fmin(least_aspect, wide / high);
        most_aspect = fmax(most_aspect, wide / high);
        for (int x = 1; x < W; x++) { /* straight */
            double expected = left + (right - left) * x / (W - 1);
            assert_true(fabs((double)(image[7 * W + x] + 1) * 25.5 - expected) < 1e-3);
            assert_true(fabsf(image[2 * AREA + 7 * W + x] - tam_normalise(9)) < 1e-5f);
        }
    }
    assert_true(least_area > 0.35 && least_area < 0.45 && most_area > 0.95 && most_area < 1.001);
    assert_true(least_aspect > 1 / 1.51 && least_aspect < 0.75 && most_aspect < 1.51 && most_aspect > 1.35);
}

static void probabilities_mean_what_they_say(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    static const char *const specs[] = {"crop=0.3",  "colour=0.3,brightness=0.5", "grey=0.3", "blur=0.3", "jpeg=0.3",
                                        "lowres=0.3"};
    for (size_t k = 0; k < sizeof specs / sizeof *specs; k++) {
        int changed = 0;
        for (int i = 0; i < DRAWS; i++) {
            augment(f, specs[k], i, 3, picture, image);
            changed += memcmp(image, plain, sizeof image) != 0;
        }
        if (changed < 80 || changed > 160) { /* 120 are expected, with a deviation of 9 */
            fail_msg("%s changed %d of %d", specs[k], changed, DRAWS);
        }
    }
}

static void brightness_scales_and_contrast_keeps_the_mean(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    double mean = mean_luma(plain), least = 9, most = 0;
    for (int i = 0; i < DRAWS; i++) {
        augment(f, "brightness=0.3", i, 3, picture, image);
        double factor = (double)(image[0] + 1) / (double)(plain[0] + 1);
        least = fmin(least, factor);
        most = fmax(most, factor);
        for (int k = 0; k < 3 * AREA; k++) {
            double expected = fmin(factor * ((double)plain[k] + 1) - 1, 1);
            assert_true(fabs((double)image[k] - expected) < 1e-5);
        }
        augment(f, "contrast=0.2", i, 3, picture, image);
        assert_true(fabs(mean_luma(image) - mean) < 1e-5);
        factor = ((double)image[100] - mean) / ((double)plain[100] - mean);
        for (int k = 0; k < 3 * AREA; k++) {
            assert_true(fabs((double)image[k] - mean - factor * ((double)plain[k] - mean)) < 1e-5);
        }
    }
    assert_true(least > 0.7 && least < 0.71 && most < 1.3 && most > 1.29);
}

static void saturation_and_hue_keep_the_luma(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    double most_turn = 0;
    for (int i = 0; i < DRAWS; i++) {
        augment(f, "saturation=0.5", i, 3, picture, image);
        double factor = ((double)image[50] - luma(image, 50)) / ((double)plain[50] - luma(plain, 50));
        assert_true(factor > 0.5 && factor < 1.5);
        for (int k = 0; k < 3 * AREA; k++) {
            assert_true(fabs(luma(image, k % AREA) - luma(plain, k % AREA)) < 1e-5);
            double grey = luma(plain, k % AREA);
            assert_true(fabs((double)image[k] - grey - factor * ((double)plain[k] - grey)) < 1e-5);
        }
        augment(f, "hue=20", i, 3, picture, image);
        for (int k = 0; k < AREA; k++) {
            double before = luma(plain, k), after = luma(image, k);
            double cb = ((double)plain[2 * AREA + k] - before) / 1.772, cr = ((double)plain[k] - before) / 1.402;
            double nb = ((double)image[2 * AREA + k] - after) / 1.772, nr = ((double)image[k] - after) / 1.402;
            assert_true(fabs(after - before) < 1e-5);
            assert_true(fabs(hypot(nb, nr) - hypot(cb, cr)) < 1e-5);
            double turn = atan2(nr, nb) - atan2(cr, cb);
            most_turn = hypot(cb, cr) > 0.05 ? fmax(most_turn, fabs(remainder(turn, 6.283185307))) : most_turn;
        }
    }
    assert_true(most_turn > 0.34 && most_turn < 0.3492); /* 20 degrees are 0.34907 */
}

static void grey_is_the_luma_three_times(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    augment(f, "grey=1", 0, 3, picture, image);
    for (int i = 0; i < AREA; i++) {
        assert_true(fabs((double)image[i] - luma(plain, i)) < 1e-6);
    }
    assert_memory_equal(image, image + AREA, AREA * sizeof(float));
    assert_memory_equal(image, image + 2 * AREA, AREA * sizeof(float));
}

/* A point spreads into the weights' outer product: their sum is 1 and their variance the Gaussian's, but for what 3
 * sigma cut off. The same as a plain sum over all pixels. */
static void a_blur_is_gaussian(void **state) {
    fixture *f = *state;
    static uint8_t point[AREA];
    static float image[AREA];
    double least = 9, most = 0;
    memset(point, 0, sizeof point);
    point[12 * W + 20] = 255;
    for (int i = 0; i < DRAWS; i++) {
        double sum = 0, variance = 0;
        augment(f, "blur=1,blur-sigma=0.08", i, 1, point, image);
        for (int k = 0; k < AREA; k++) {
            double weight = ((double)image[k] + 1) / 2;
            sum += weight;
            variance += weight * (k % W - 20) * (k % W - 20);
        }
        assert_true(fabs(sum - 1) < 3e-4);
        least = fmin(least, sqrt(variance));
        most = fmax(most, sqrt(variance));
        double sigma = 0, centre = sqrt(((double)image[12 * W + 20] + 1) / 2);
        if (i < 40) { /* sigma from the ratio of two weights, then all of them */
            double beside = ((double)image[12 * W + 21] + 1) / 2 / centre;
            sigma = beside > 1e-4 ? sqrt(0.5 / log(centre / beside)) : 0;
            for (int k = 0; sigma > 0.4 && k < AREA; k++) {
                int dx = k % W - 20, dy = k / W - 12, radius = (int)ceil(3 * sigma - 1e-4);
                bool inside = abs(dx) <= radius && abs(dy) <= radius;
                double weight = inside ? centre * centre * exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma)) : 0;
                assert_true(fabs(((double)image[k] + 1) / 2 - weight) < 1e-4);
            }
        }
    }
    assert_true(least < 0.35 && most < 0.08 * H && most > 0.07 * H);
    uint8_t flat[AREA];
    memset(flat, 77, sizeof flat);
    augment(f, "blur=1,blur-sigma=0.1", 3, 1, flat, image); /* also at the border */
    for (int k = 0; k < AREA; k++) {
        assert_true(fabsf(image[k] - tam_normalise(77)) < 1e-5f);
    }
}

static void jpeg_loses_more_at_lower_quality(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    static const char *const specs[] = {"jpeg=1,jpeg-quality=100", "jpeg=1,jpeg-quality=95", "jpeg=1,jpeg-quality=1"};
    double worst[3] = {0}, all[3] = {0};
    for (int i = 0; i < 30; i++) {
        for (int k = 0; k < 3; k++) {
            augment(f, specs[k], i, 3, picture, image);
            worst[k] = fmax(worst[k], 127.5 * largest_difference(image, plain, 3 * AREA));
            for (int p = 0; p < 3 * AREA; p++) {
                all[k] += fabs((double)image[p] - (double)plain[p]) * 127.5 / (3 * AREA * 30);
                double byte = ((double)image[p] + 1) * 127.5;
                assert_true(fabs(byte - round(byte)) < 1e-3);
            }
        }
        static float grey[AREA];
        augment(f, specs[0], i, 1, picture, grey);
        for (int p = 0; p < AREA; p++) {
            assert_true(fabsf(grey[p] - tam_normalise(picture[p])) * 127.5f <= 2.001f);
        }
    }
    assert_true(worst[0] < 4 && all[0] < 0.6);
    assert_true(all[1] > all[0] && all[1] < 2);
    assert_true(all[2] > 2.5 && worst[2] > 25);
}

/* Against a plain f64 version: area averages, then linear between centres. */
static void axis(const double *from, int in, int out, ptrdiff_t from_step, ptrdiff_t to_step, double *to) {
    for (int i = 0; i < out; i++) {
        double sum = 0;
        if (in > out) {
            double begin = (double)i * in / out, end = (double)(i + 1) * in / out;
            for (int p = 0; p < in; p++) {
                sum += from[p * from_step] * fmax(0, fmin(end, p + 1) - fmax(begin, p)) * out / in;
            }
        } else {
            double at = fmin(fmax((i + 0.5) * in / out - 0.5, 0), in - 1);
            int first = (int)at < in - 1 ? (int)at : in - 1, next = first + 1 < in ? first + 1 : first;
            sum = from[first * from_step] + (at - first) * (from[next * from_step] - from[first * from_step]);
        }
        to[i * to_step] = sum;
    }
}

static void down_and_up(int width, int height, double *whole) {
    static double rows[AREA], small[AREA], wide[AREA];
    for (int p = 0; p < AREA; p++) {
        whole[p] = (double)plain[p];
    }
    for (int y = 0; y < H; y++) {
        axis(whole + y * W, W, width, 1, 1, rows + y * width);
    }
    for (int x = 0; x < width; x++) {
        axis(rows + x, H, height, width, width, small + x);
    }
    for (int y = 0; y < height; y++) {
        axis(small + y * width, width, W, 1, 1, wide + y * W);
    }
    for (int x = 0; x < W; x++) {
        axis(wide + x, height, H, W, W, whole + x);
    }
}

static void low_resolution_is_down_and_up(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    static double whole[AREA];
    augment(f, "lowres=1,lowres-side=1", 0, 3, picture, image);
    assert_true(largest_difference(image, plain, 3 * AREA) < 1e-6);
    for (int i = 0; i < 60; i++) {
        double best = 9;
        int width = 0, height = 0;
        augment(f, "lowres=1,lowres-side=0.2", i, 3, picture, image);
        for (int permille = 200; permille <= 1000; permille++) { /* the drawn share is not known: one of these fits */
            int w = (int)(W * permille / 1000.0 + 0.5), h = (int)(H * permille / 1000.0 + 0.5);
            if (w == width && h == height) {
                continue;
            }
            width = w;
            height = h;
            down_and_up(w, h, whole);
            double most = 0;
            for (int p = 0; p < AREA; p++) {
                most = fmax(most, fabs(whole[p] - (double)image[p]));
            }
            best = fmin(best, most);
        }
        assert_true(best < 1e-5);
    }
}

/* One more key changes nothing that another draws: what both make together is one after the other. */
static void keys_do_not_disturb_one_another(void **state) {
    fixture *f = *state;
    static float both[AREA * 3], one[AREA * 3];
    for (int i = 0; i < 100; i++) {
        augment(f, "crop=0.5,shift=0.1", i, 3, picture, one);
        augment(f, "crop=0.5,shift=0.1,grey=1e-9,blur=1e-9,jpeg=1e-9,lowres=1e-9,erase=1e-9,mixup=1,colour=1e-9,hue=9",
                i, 3, picture, both);
        assert_memory_equal(one, both, sizeof one);
        augment(f, "flip=0.5,grey=1", i, 3, picture, one);
        augment(f, "flip=0.5,grey=1,crop=1e-9", i, 3, picture, both);
        assert_memory_equal(one, both, sizeof one);
        augment(f, "erase=0.5", i, 3, picture, one);
        augment(f, "erase=0.5,brightness=0.3", i, 3, picture, both);
        for (int p = 0; p < AREA; p++) { /* the hole lies where it did: its value is the background's in both */
            if (one[p] != plain[p]) {
                assert_true(both[p] == one[p]);
            }
        }
    }
}

static void partners_are_others_and_shares_small(void **state) {
    fixture *f = *state;
    tam_augment a;
    int64_t partner, again;
    float share, same;
    int mixed = 0, seen[7] = {0};
    double most = 0;
    test_ok(f->ctx, tam_augment_read(f->ctx, "mixup=0.5,mixup-share=0.3", &a));
    for (int i = 0; i < 2000; i++) {
        if (tam_augment_partner(&a, 1, i / 7, i % 7, 7, &partner, &share)) {
            mixed++;
            assert_true(partner >= 0 && partner < 7 && partner != i % 7 && share >= 0 && share < 0.3f);
            assert_true(tam_augment_partner(&a, 1, i / 7, i % 7, 7, &again, &same));
            assert_true(again == partner && same == share);
            seen[partner]++;
            most = fmax(most, (double)share);
        }
    }
    assert_in_range(mixed, 900, 1100);
    assert_true(most > 0.29);
    for (int i = 0; i < 7; i++) {
        assert_in_range(seen[i], 100, 200);
    }
    assert_false(tam_augment_partner(&a, 1, 0, 0, 1, &partner, &share));
    float image[3] = {1, 0, -1}, other[3] = {0, 1, 1};
    tam_augment_mix(0.25f, other, 3, image);
    assert_true(image[0] == 0.75f && image[1] == 0.25f && image[2] == -0.5f);
}

/* What a seed makes is part of every recipe: three numbers of each policy, made once. */
/* Sides of one pixel, and sides that differ much: every value is a pixel's, and nothing is written beside the image or
 * its scratch. */
static void images_of_any_shape_stay_within(void **state) {
    fixture *f = *state;
    static const int shapes[][2] = {{1, 1}, {1, 40}, {40, 1}, {2, 40}, {40, 3}, {5, 4}};
    static const char text[] = "flip=0.5,crop=1,crop-area=0.05,shift=0.5,rotate=90,scale=0.5,shear=0.5,colour=1,"
                               "brightness=0.5,contrast=0.5,saturation=0.5,hue=90,grey=0.3,blur=0.5,jpeg=0.5,"
                               "lowres=0.7,lowres-side=0.01,erase=1";
    const float beside = 12345.0f;
    tam_augment a;
    test_ok(f->ctx, tam_augment_read(f->ctx, text, &a));
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        int h = shapes[c][0], w = shapes[c][1];
        size_t scratch_floats = tam_augment_scratch(h, w);
        float *scratch = malloc((scratch_floats + 64) * sizeof *scratch);
        assert_non_null(scratch);
        for (int channels = 1; channels <= 3; channels += 2) {
            int count = h * w * channels;
            float *image = malloc((size_t)(count + 64) * sizeof *image);
            assert_non_null(image);
            for (int i = 0; i < 64; i++) {
                image[count + i] = scratch[scratch_floats + (size_t)i] = beside;
            }
            for (int64_t index = 0; index < 200; index++) {
                test_ok(f->ctx, tam_augment_run(&a, 5, 2, index, channels, h, w, picture, scratch, image));
                for (int i = 0; i < count; i++) {
                    assert_true(image[i] >= -1.01f && image[i] <= 1.01f);
                }
                for (int i = 0; i < 64; i++) {
                    assert_true(image[count + i] == beside && scratch[scratch_floats + (size_t)i] == beside);
                }
            }
            free(image);
        }
        free(scratch);
    }
}

static void policies_stay_what_they_are(void **state) {
    fixture *f = *state;
    static float image[AREA * 3];
    static const struct {
        const char *policy;
        double mean, square, moment;
    } golden[] = {
        {"flip", -0.162582, 0.082048, 0.02521},   {"affine", -0.159708, 0.070698, 0.64924},
        {"light", -0.165147, 0.079768, 0.07065},  {"face", -0.153234, 0.082902, 0.03028},
        {"strong", -0.172258, 0.094050, 0.18183},
    };
    for (size_t k = 0; k < sizeof golden / sizeof *golden; k++) {
        double mean = 0, square = 0, moment = 0;
        for (int i = 0; i < 50; i++) {
            augment(f, golden[k].policy, i, 3, picture, image);
            for (int p = 0; p < 3 * AREA; p++) {
                double v = (double)image[p] / (50 * 3 * AREA);
                mean += v;
                square += v * (double)image[p];
                moment += v * (p % W - 0.5 * W) * (1 + i % 3);
            }
        }
        if (fabs(mean - golden[k].mean) > 1e-5 || fabs(square - golden[k].square) > 1e-5 ||
            fabs(moment - golden[k].moment) > 1e-3) {
            fail_msg("%s: %.6f, %.6f, %.5f", golden[k].policy, mean, square, moment);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_crop_is_a_part_of_the_image),
        TEST(probabilities_mean_what_they_say),
        TEST(brightness_scales_and_contrast_keeps_the_mean),
        TEST(saturation_and_hue_keep_the_luma),
        TEST(grey_is_the_luma_three_times),
        TEST(a_blur_is_gaussian),
        TEST(jpeg_loses_more_at_lower_quality),
        TEST(low_resolution_is_down_and_up),
        TEST(keys_do_not_disturb_one_another),
        TEST(partners_are_others_and_shares_small),
        TEST(images_of_any_shape_stay_within),
        TEST(policies_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
