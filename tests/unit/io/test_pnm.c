#include "image_support.h"

static const uint8_t ramp[6] = {0, 10, 20, 30, 40, 255};

static void every_kind_gives_the_same_pixels(void **state) {
    tam_ctx *ctx = *state;
    static const char p5[] = "P5\n3 2\n255\n\0\x0A\x14\x1E\x28\xFF";
    static const char p6[] = "P6 1 2 255 \0\x0A\x14\x1E\x28\xFF";
    static const char p2[] = "P2\n# a comment\n3 2 # another\n255\n0 10 20\n30 40 255\n";
    static const char p3[] = "P3 1\t2\r\n255 0 10 20 30 40 255";
    expect_image(ctx, (const uint8_t *)p5, sizeof p5 - 1, 3, 2, 1, ramp);
    expect_image(ctx, (const uint8_t *)p6, sizeof p6 - 1, 1, 2, 3, ramp);
    expect_image(ctx, (const uint8_t *)p2, sizeof p2 - 1, 3, 2, 1, ramp);
    expect_image(ctx, (const uint8_t *)p3, sizeof p3 - 1, 1, 2, 3, ramp);
}

static void other_maxima_are_scaled(void **state) {
    tam_ctx *ctx = *state;
    static const char bits[] = "P5 3 1 1 \0\1\0";
    expect_image(ctx, (const uint8_t *)bits, sizeof bits - 1, 3, 1, 1, (const uint8_t[]){0, 255, 0});
    static const char two_bytes[] = "P5 3 1 65535 \0\0\x80\x80\xFF\xFF";
    expect_image(ctx, (const uint8_t *)two_bytes, sizeof two_bytes - 1, 3, 1, 1, (const uint8_t[]){0, 128, 255});
    static const char hundred[] = "P2 3 1 100 0 50 100";
    expect_image(ctx, (const uint8_t *)hundred, sizeof hundred - 1, 3, 1, 1, (const uint8_t[]){0, 128, 255});
}

static void a_file_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    static const char p5[] = "P5\n3 2\n255\n\0\x0A\x14\x1E\x28\xFF";
    static const char p3[] = "P3 1 2 255 0 10 20 30 40 5";
    expect_every_cut_fails(ctx, (const uint8_t *)p5, sizeof p5 - 1);
    expect_every_cut_fails(ctx, (const uint8_t *)p3, sizeof p3 - 1);
}

static void nonsense_is_refused(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "the file is empty"},
        {"P4 3 3 ", "neither PNG, JPEG, WebP, BMP nor PGM/PPM"},
        {"P7 3 3 ", "neither PNG, JPEG, WebP, BMP nor PGM/PPM"},
        {"P5 3 3 0 123456789", "bad PGM/PPM header"},
        {"P5 3 3 65536 123456789123456789", "bad PGM/PPM header"},
        {"P5 3 x 255 123456789", "bad PGM/PPM header at byte 6"},
        {"P5 -3 3 255 123456789", "bad PGM/PPM header"},
        {"P5 4294967299 1 255 123", "bad PGM/PPM header"},
        {"P5 0 3 255 123456789", "an image of 0 x 3 pixels"},
        {"P5 999999999 999999999 255 1", "more than the 64 Mpixel"},
        {"P5 8000 8000 255 1", "cut short PGM/PPM: 1 bytes of pixels, 8000 x 8000 take at least 64000000"},
        {"P2 3 1 9 1 2 10", "bad sample number 2"},
        {"P2 3 1 9 1 a2345", "bad sample number 1"},
        {"P5 1 1 100 e", "bad sample number 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_refused(ctx, cases[i].text, strlen(cases[i].text), cases[i].sentence);
    }
}

static void names_of_images(void **state) {
    (void)state;
    static const char *const images[] = {"a.png", "b.JPG", "c.x.jpeg", "d.Pgm", ".ppm", "e.pnm", "f.webp", "g.BMP"};
    static const char *const others[] = {"a", "png", "a.pn", "a.pngg", "a.", "", "a.gif", "a.jpg.txt"};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        assert_true(tam_image_named(images[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(tam_image_named(others[i]));
    }
}

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
        cmocka_unit_test_setup_teardown(every_kind_gives_the_same_pixels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_maxima_are_scaled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, set_up, tear_down),
        cmocka_unit_test(names_of_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
