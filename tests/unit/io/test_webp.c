/* WebP by PIL (tests/oracle/image_oracle.py). */
#include "image_support.h"

#include "base/file.h"

enum { WIDTH = 7, HEIGHT = 5, AREA = WIDTH * HEIGHT };

static void read_golden(tam_ctx *ctx, const char *name, uint8_t **data, size_t *size) {
    char path[512];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/images/%s", source != NULL ? source : ".", name);
    test_ok(ctx, tam_file_read(ctx, path, 0, data, size));
}

#ifdef TAM_HAS_WEBP

static uint8_t value(int i, int c) {
    return (uint8_t)(37 * (i % WIDTH) + 53 * (i / WIDTH) + 71 * c);
}

static void lossless_pictures_are_exact(void **state) {
    tam_ctx *ctx = *state;
    uint8_t expected[AREA * 3], *data;
    size_t size;
    for (int alpha = 0; alpha < 2; alpha++) {
        for (int i = 0; i < AREA * 3; i++) {
            int share = alpha ? value(i / 3, 3) : 255;
            expected[i] = (uint8_t)((value(i / 3, i % 3) * share + 127) / 255);
        }
        read_golden(ctx, alpha ? "alpha.webp" : "lossless.webp", &data, &size);
        expect_image(ctx, data, size, WIDTH, HEIGHT, 3, expected);
        expect_every_cut_fails(ctx, data, size);
        tam_release(ctx, data);
    }
}

static void lossy_pictures_are_near(void **state) {
    tam_ctx *ctx = *state;
    tam_image image = {0};
    uint8_t *data;
    size_t size;
    read_golden(ctx, "lossy.webp", &data, &size);
    expect_every_cut_fails(ctx, data, size);
    test_ok(ctx, tam_image_decode(ctx, "picture", data, size, &image));
    assert_int_equal(image.info.width, WIDTH);
    assert_int_equal(image.info.channels, 3);
    for (int i = 0; i < AREA * 3; i++) {
        int x = i / 3 % WIDTH, y = i / 3 / WIDTH, off = image.pixels[i] - (100 + 8 * x + 6 * y + 10 * (i % 3));
        if (off < -6 || off > 6) {
            fail_msg("value %d is off by %d", i, off);
        }
    }
    tam_image_free(ctx, &image);
    tam_release(ctx, data);
}

static void others_are_refused(void **state) {
    tam_ctx *ctx = *state;
    uint8_t *data;
    size_t size;
    read_golden(ctx, "animated.webp", &data, &size);
    expect_refused(ctx, data, size, "bad: an animated WebP");
    tam_release(ctx, data);
    read_golden(ctx, "lossless.webp", &data, &size);
    expect_refused(ctx, data, size - 1, "bad: cut short WebP: 51 bytes of 52");
    data[20] ^= 0xFF; /* the signature of the lossless stream */
    expect_refused(ctx, data, size, "bad: corrupt WebP");
    tam_release(ctx, data);
    /* A lossless header of 16384 x 16384 pixels in 30 bytes. */
    static const uint8_t large[30] = {'R', 'I', 'F', 'F', 22, 0,    0,    0,    'W',  'E',  'B', 'P', 'V', 'P', '8',
                                      'L', 10,  0,   0,   0,  0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0,   0,   0,   0,   0};
    size_t before = tam_ctx_memory(ctx).peak_bytes;
    expect_refused(ctx, large, sizeof large, "bad: 16384 x 16384 pixels, more than the 64 Mpixel allowed");
    assert_int_equal(tam_ctx_memory(ctx).peak_bytes, before);
}

#else

static void a_build_without_webp_says_so(void **state) {
    tam_ctx *ctx = *state;
    uint8_t *data;
    size_t size;
    read_golden(ctx, "lossless.webp", &data, &size);
    expect_refused(ctx, data, size, "bad: WebP, which this build does not read");
    tam_release(ctx, data);
}

#endif

static int set_up(void **state) {
    *state = test_ctx(1);
    return 0;
}

static int tear_down(void **state) {
    test_ctx_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
#ifdef TAM_HAS_WEBP
        cmocka_unit_test_setup_teardown(lossless_pictures_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lossy_pictures_are_near, set_up, tear_down),
        cmocka_unit_test_setup_teardown(others_are_refused, set_up, tear_down),
#else
        cmocka_unit_test_setup_teardown(a_build_without_webp_says_so, set_up, tear_down),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
