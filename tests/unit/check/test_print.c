/* Prints of images: what they keep of an image, and what changes nothing. */
#include "support.h"

#include "base/memory.h"
#include "check/print.h"
#include "io/image.h"

enum { SIDE = 64, LUMPS = 12 };

/* Soft lumps of light, drawn by a fixed sequence. */
static void draw(unsigned seed, int side, int channels, uint8_t *pixels) {
    double at[LUMPS][4];
    for (int l = 0; l < LUMPS; l++) {
        for (int k = 0; k < 4; k++) {
            seed = seed * 1103515245u + 12345u;
            at[l][k] = (double)(seed >> 16 & 1023) / 1023;
        }
    }
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            double light = 30;
            for (int l = 0; l < LUMPS; l++) {
                double dx = (x + 0.5) / side - at[l][0], dy = (y + 0.5) / side - at[l][1];
                light += 120 * at[l][2] / (1 + (dx * dx + dy * dy) * 80 * (0.2 + at[l][3]));
            }
            for (int c = 0; c < channels; c++) {
                pixels[(y * side + x) * channels + c] = (uint8_t)(light > 255 ? 255 : light);
            }
        }
    }
}

typedef struct fixture {
    tam_ctx *ctx;
    tam_printer *printer;
    uint8_t pixels[SIDE * SIDE * 3], other[SIDE * SIDE * 3];
    uint8_t small[TAM_PRINT_PIXELS], other_small[TAM_PRINT_PIXELS];
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->ctx = test_ctx(1);
    f->printer = tam_printer_create(f->ctx);
    assert_non_null(f->printer);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    tam_printer_free(f->printer);
    test_ctx_free(f->ctx);
    free(f);
    return 0;
}

static tam_print print_of(fixture *f, int side, int channels, const uint8_t *pixels, uint8_t *small) {
    tam_print print;
    tam_print_make(f->printer, &(tam_image_info){side, side, channels}, pixels, &print, small);
    return print;
}

static int bits_between(uint64_t a, uint64_t b) {
    return __builtin_popcountll(a ^ b);
}

static void every_pixel_counts(void **state) {
    fixture *f = *state;
    for (int side = 1; side <= 9; side++) {
        for (int channels = 1; channels <= 3; channels += 2) {
            draw(7, side, channels, f->pixels);
            tam_print first = print_of(f, side, channels, f->pixels, f->small);
            tam_print again = print_of(f, side, channels, f->pixels, f->small);
            assert_memory_equal(first.pixels, again.pixels, sizeof first.pixels);
            for (int i = 0; i < side * side * channels; i++) {
                f->pixels[i] ^= 1;
                again = print_of(f, side, channels, f->pixels, f->small);
                assert_true(first.pixels[0] != again.pixels[0] && first.pixels[1] != again.pixels[1]);
                f->pixels[i] ^= 1;
            }
        }
    }
    /* The same bytes in another shape are another image. */
    memset(f->pixels, 9, 16);
    tam_print wide, high;
    tam_print_make(f->printer, &(tam_image_info){8, 2, 1}, f->pixels, &wide, f->small);
    tam_print_make(f->printer, &(tam_image_info){2, 8, 1}, f->pixels, &high, f->small);
    assert_true(wide.pixels[0] != high.pixels[0] && wide.pixels[1] != high.pixels[1]);
}

static void another_size_quality_or_light_looks_the_same(void **state) {
    fixture *f = *state;
    uint8_t *jpeg;
    size_t size;
    tam_image decoded = {0};
    for (unsigned seed = 1; seed <= 20; seed++) {
        draw(seed, SIDE, 3, f->pixels);
        tam_print print = print_of(f, SIDE, 3, f->pixels, f->small);
        draw(seed, 40, 1, f->other);
        tam_print smaller = print_of(f, 40, 1, f->other, f->other_small);
        assert_in_range(bits_between(print.look, smaller.look), 0, 7);
        assert_true(tam_print_alike(f->small, f->other_small, false) > 0.995f);
        for (int i = 0; i < SIDE * SIDE * 3; i++) {
            f->other[i] = (uint8_t)(10 + f->pixels[i] * 3 / 4);
        }
        tam_print darker = print_of(f, SIDE, 3, f->other, f->other_small);
        assert_in_range(bits_between(print.look, darker.look), 0, 7);
        assert_true(tam_print_alike(f->small, f->other_small, false) > 0.995f);
        test_ok(f->ctx, tam_jpeg_encode(f->ctx, SIDE, SIDE, 3, f->pixels, 40, &jpeg, &size));
        test_ok(f->ctx, tam_image_decode(f->ctx, "jpeg", jpeg, size, &decoded));
        tam_print lossy = print_of(f, SIDE, 3, decoded.pixels, f->other_small);
        assert_in_range(bits_between(print.look, lossy.look), 0, 7);
        assert_true(tam_print_alike(f->small, f->other_small, false) > 0.995f);
        assert_true(lossy.pixels[0] != print.pixels[0]);
        tam_release(f->ctx, jpeg);
    }
    tam_image_free(f->ctx, &decoded);
}

static void other_images_look_different(void **state) {
    fixture *f = *state;
    int nearest = 64;
    for (unsigned seed = 1; seed <= 40; seed++) {
        draw(seed, SIDE, 1, f->pixels);
        tam_print print = print_of(f, SIDE, 1, f->pixels, f->small);
        for (unsigned other = seed + 1; other <= 40; other++) {
            draw(other, SIDE, 1, f->other);
            tam_print second = print_of(f, SIDE, 1, f->other, f->other_small);
            int bits = bits_between(print.look, second.look);
            nearest = bits < nearest ? bits : nearest;
            assert_true(tam_print_alike(f->small, f->other_small, false) < 0.99f);
        }
    }
    assert_true(nearest > 7);
}

static void a_mirror_image_is_known(void **state) {
    fixture *f = *state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        draw(seed, SIDE, 1, f->pixels);
        for (int i = 0; i < SIDE * SIDE; i++) {
            f->other[i] = f->pixels[i / SIDE * SIDE + SIDE - 1 - i % SIDE];
        }
        tam_print print = print_of(f, SIDE, 1, f->pixels, f->small);
        tam_print mirror = print_of(f, SIDE, 1, f->other, f->other_small);
        assert_in_range(bits_between(print.look ^ TAM_PRINT_MIRROR, mirror.look), 0, 2);
        assert_true(tam_print_alike(f->small, f->other_small, true) > 0.9999f);
        assert_true(tam_print_alike(f->small, f->other_small, false) < 0.99f);
    }
}

static void blank_and_plain_images_are_told(void **state) {
    fixture *f = *state;
    memset(f->pixels, 200, sizeof f->pixels);
    tam_print print = print_of(f, SIDE, 3, f->pixels, f->small);
    assert_true(print.blank && print.plain);
    for (int i = 0; i < SIDE * SIDE; i++) { /* one colour, but not one byte */
        memcpy(f->pixels + 3 * i, "abc", 3);
    }
    print = print_of(f, SIDE, 3, f->pixels, f->small);
    assert_true(print.blank && print.plain);
    f->pixels[1000] = 'x';
    print = print_of(f, SIDE, 3, f->pixels, f->small);
    assert_true(!print.blank && print.plain);
    draw(3, SIDE, 3, f->pixels);
    print = print_of(f, SIDE, 3, f->pixels, f->small);
    assert_true(!print.blank && !print.plain);
    f->pixels[0] = 17;
    print = print_of(f, 1, 1, f->pixels, f->small);
    assert_true(print.blank);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_pixel_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_size_quality_or_light_looks_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_images_look_different, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mirror_image_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blank_and_plain_images_are_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
