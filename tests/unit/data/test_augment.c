#include "support.h"

#include <math.h>

#include "data/augment.h"

enum { H = 9, W = 13, AREA = H * W };

static float scratch[(H + 2) * (W + 2)];
static uint8_t picture[AREA * 3];

/* A bright blot off the middle on a ground of 50, 60, 70. */
static int set_up(void **state) {
    *state = test_ctx(1);
    for (int i = 0; i < AREA * 3; i++) {
        int x = i / 3 % W, y = i / 3 / W, k = i % 3;
        picture[i] = (uint8_t)(x >= 3 && x < 8 && y >= 2 && y < 6 ? 120 + 9 * x + 5 * y + k : 50 + 10 * k);
    }
    return 0;
}

static int tear_down(void **state) {
    test_ctx_free(*state);
    return 0;
}

static float at(const uint8_t *pixels, int channels, int x, int y, int k) {
    return ((float)pixels[(y * W + x) * channels + k] - 127.5f) / 127.5f;
}

static tam_augment parse(tam_ctx *ctx, const char *text) {
    tam_augment augment;
    test_ok(ctx, tam_augment_read(ctx, text, &augment));
    return augment;
}

static void specifications(void **state) {
    tam_ctx *ctx = *state;
    tam_augment a = parse(ctx, "affine"), b = parse(ctx, "shift=0.1,rotate=15,scale=0.15");
    assert_memory_equal(&a, &b, sizeof a);
    a = parse(ctx, "flip");
    b = parse(ctx, "flip=0.5");
    assert_memory_equal(&a, &b, sizeof a);
    a = parse(ctx, NULL);
    b = parse(ctx, "none");
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.flip == 0 && a.shift == 0 && a.rotate == 0 && a.scale == 0 && a.shear == 0 && a.erase == 0);
    test_fails(ctx, tam_augment_read(ctx, "flip,erase=0.5", &a), TAM_CONFIG, "'flip' is not key=value");
    test_fails(ctx, tam_augment_read(ctx, "rotate=181", &a), TAM_CONFIG, "outside its range [0, 180]");
}

static void zero_strength_changes_nothing(void **state) {
    tam_ctx *ctx = *state;
    tam_augment none = parse(ctx, "none"), still = parse(ctx, "scale=1e-30");
    for (int channels = 1; channels <= 3; channels += 2) {
        float image[AREA * 3], warped[AREA * 3];
        tam_augment_run(&none, 1, 2, 3, channels, H, W, picture, scratch, image);
        tam_augment_run(&still, 1, 2, 3, channels, H, W, picture, scratch, warped); /* goes through the warp */
        for (int i = 0; i < AREA * channels; i++) {
            assert_float_equal(image[i], at(picture, channels, i % AREA % W, i % AREA / W, i / AREA), 1e-6);
            assert_float_equal(warped[i], image[i], 1e-5);
        }
    }
}

static void what_is_drawn_depends_on_seed_epoch_and_image_alone(void **state) {
    tam_ctx *ctx = *state;
    tam_augment a = parse(ctx, "flip=0.5,shift=0.2,rotate=30,scale=0.3,shear=0.2,erase=0.5");
    static const int64_t keys[5][3] = {{1, 2, 3}, {1, 2, 3}, {9, 2, 3}, {1, 9, 3}, {1, 2, 9}};
    float images[5][AREA * 3];
    for (int i = 0; i < 5; i++) {
        memset(scratch, i, sizeof scratch);
        tam_augment_run(&a, (uint64_t)keys[i][0], keys[i][1], keys[i][2], 3, H, W, picture, scratch, images[i]);
    }
    assert_memory_equal(images[0], images[1], sizeof images[0]);
    for (int i = 2; i < 5; i++) {
        assert_memory_not_equal(images[0], images[i], sizeof images[0]);
    }
}

static void a_flip_mirrors_exactly(void **state) {
    tam_ctx *ctx = *state;
    tam_augment always = parse(ctx, "flip=1"), half = parse(ctx, "flip=0.5");
    float image[AREA * 3];
    int flipped = 0;
    tam_augment_run(&always, 0, 0, 0, 3, H, W, picture, scratch, image);
    for (int i = 0; i < AREA * 3; i++) {
        assert_float_equal(image[i], at(picture, 3, W - 1 - i % AREA % W, i % AREA / W, i / AREA), 1e-6);
    }
    for (int i = 0; i < 1000; i++) {
        tam_augment_run(&half, 0, 0, i, 3, H, W, picture, scratch, image);
        flipped += image[2 * W + 3] != at(picture, 3, 3, 2, 0);
    }
    assert_in_range(flipped, 440, 560);
}

/* The bright blot's centre and second moments, by the first channel over its ground. */
static void measure(const float *image, double *x, double *y, double *xx, double *xy, double *yy) {
    double mass = 0;
    *x = *y = *xx = *xy = *yy = 0;
    for (int i = 0; i < AREA; i++) {
        double m = (double)image[i] - (50 - 127.5) / 127.5;
        mass += m;
        *x += m * (i % W);
        *y += m * (i / W);
    }
    *x /= mass;
    *y /= mass;
    for (int i = 0; i < AREA; i++) {
        double m = ((double)image[i] - (50 - 127.5) / 127.5) / mass;
        *xx += m * (i % W - *x) * (i % W - *x);
        *xy += m * (i % W - *x) * (i / W - *y);
        *yy += m * (i / W - *y) * (i / W - *y);
    }
}

/* Largest changes over many draws stay within, and come near, what the key says. */
static void strengths_mean_what_they_say(void **state) {
    tam_ctx *ctx = *state;
    float image[AREA];
    uint8_t grey[AREA];
    double x0, y0, xx0, xy0, yy0, x, y, xx, xy, yy;
    for (int i = 0; i < AREA; i++) {
        int u = i % W, v = i / W;
        grey[i] = u >= 4 && u <= 8 && v >= 3 && v <= 5 ? 250 : 50; /* 5 x 3 about the middle (6, 4) */
    }
    tam_augment a = parse(ctx, "none");
    tam_augment_run(&a, 0, 0, 0, 1, H, W, grey, scratch, image);
    measure(image, &x0, &y0, &xx0, &xy0, &yy0);
    double most_x = 0, most_y = 0, most_scale = 0, least_scale = 9, most_angle = 0, most_shear = 0;
    for (int i = 0; i < 400; i++) {
        a = parse(ctx, "shift=0.2");
        tam_augment_run(&a, 0, 0, i, 1, H, W, grey, scratch, image);
        measure(image, &x, &y, &xx, &xy, &yy);
        most_x = fmax(most_x, fabs(x - x0));
        most_y = fmax(most_y, fabs(y - y0));
        a = parse(ctx, "scale=0.3");
        tam_augment_run(&a, 0, 0, i, 1, H, W, grey, scratch, image);
        measure(image, &x, &y, &xx, &xy, &yy);
        assert_true(fabs(x - x0) < 0.02 && fabs(y - y0) < 0.02);
        most_scale = fmax(most_scale, sqrt(xx / xx0));
        least_scale = fmin(least_scale, sqrt(xx / xx0));
        a = parse(ctx, "rotate=40");
        tam_augment_run(&a, 0, 0, i, 1, H, W, grey, scratch, image);
        measure(image, &x, &y, &xx, &xy, &yy);
        assert_true(fabs(x - x0) < 0.02 && fabs(y - y0) < 0.02);
        most_angle = fmax(most_angle, fabs(0.5 * atan2(2 * xy, xx - yy)));
        a = parse(ctx, "shear=0.3");
        tam_augment_run(&a, 0, 0, i, 1, H, W, grey, scratch, image);
        measure(image, &x, &y, &xx, &xy, &yy);
        most_shear = fmax(most_shear, fabs(xy / yy));
    }
    assert_true(most_x > 0.19 * W && most_x < 0.201 * W);
    assert_true(most_y > 0.19 * H && most_y < 0.201 * H);
    assert_true(most_scale > 1.25 && most_scale < 1.40);
    assert_true(least_scale > 0.70 && least_scale < 0.84);
    assert_true(most_angle > 0.60 && most_angle < 0.80); /* 40 degrees are 0.698; pixels are coarse */
    assert_true(most_shear > 0.22 && most_shear < 0.31);
}

/* Turning and shearing keep the area, alone and together. */
static void turned_and_sheared_shapes_keep_their_area(void **state) {
    tam_ctx *ctx = *state;
    tam_augment a = parse(ctx, "rotate=45,shear=0.6");
    uint8_t grey[AREA];
    for (int i = 0; i < AREA; i++) {
        int u = i % W, v = i / W;
        grey[i] = u >= 5 && u <= 7 && v >= 3 && v <= 5 ? 250 : 50;
    }
    for (int i = 0; i < 200; i++) {
        float image[AREA];
        double mass = 0;
        tam_augment_run(&a, 0, 0, i, 1, H, W, grey, scratch, image);
        for (int k = 0; k < AREA; k++) {
            mass += (double)image[k] - (50 - 127.5) / 127.5;
        }
        assert_true(fabs(mass / (9 * 200 / 127.5) - 1) < 0.07);
    }
}

static void the_outside_is_the_borders_median(void **state) {
    tam_ctx *ctx = *state;
    tam_augment a = parse(ctx, "shift=1");
    for (int i = 0; i < 20; i++) {
        float image[AREA * 3];
        int corners = 0;
        tam_augment_run(&a, 0, 0, i, 3, H, W, picture, scratch, image);
        for (int k = 0; k < 3; k++) {
            float ground = ((float)(50 + 10 * k) - 127.5f) / 127.5f;
            static const int corner[4] = {0, W - 1, AREA - W, AREA - 1};
            for (int c = 0; c < 4; c++) {
                corners += fabsf(image[k * AREA + corner[c]] - ground) < 1e-6f;
            }
        }
        assert_true(corners >= 9);
    }
}

static void erasing_leaves_a_rectangle_of_the_ground(void **state) {
    tam_ctx *ctx = *state;
    tam_augment a = parse(ctx, "erase=1"), third = parse(ctx, "erase=0.3");
    uint8_t bright[AREA];
    int erased_images = 0;
    memset(bright, 200, sizeof bright);
    for (int x = 0; x < W; x++) { /* a dark frame: its median is the background */
        bright[x] = bright[AREA - W + x] = 20;
    }
    for (int y = 0; y < H; y++) {
        bright[y * W] = bright[y * W + W - 1] = 20;
    }
    for (int i = 0; i < 1000; i++) {
        float image[AREA];
        int count = 0, left = W, right = -1, top = H, bottom = -1;
        tam_augment_run(&a, 0, 0, i, 1, H, W, bright, scratch, image);
        for (int y = 1; y < H - 1; y++) {
            for (int x = 1; x < W - 1; x++) {
                if (image[y * W + x] < 0) {
                    count++;
                    left = x < left ? x : left;
                    right = x > right ? x : right;
                    top = y < top ? y : top;
                    bottom = y > bottom ? y : bottom;
                }
            }
        }
        assert_true(count == 0 || count == (right - left + 1) * (bottom - top + 1));
        assert_true(count <= 0.27 * AREA);
        tam_augment_run(&third, 0, 0, i, 1, H, W, bright, scratch, image);
        int dark = 0;
        for (int k = 0; k < AREA; k++) {
            dark += image[k] < 0;
        }
        erased_images += dark > 2 * (H + W) - 4;
    }
    assert_in_range(erased_images, 220, 340);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(specifications),
        TEST(zero_strength_changes_nothing),
        TEST(what_is_drawn_depends_on_seed_epoch_and_image_alone),
        TEST(a_flip_mirrors_exactly),
        TEST(strengths_mean_what_they_say),
        TEST(turned_and_sheared_shapes_keep_their_area),
        TEST(the_outside_is_the_borders_median),
        TEST(erasing_leaves_a_rectangle_of_the_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
