#include <turbojpeg.h>

#include "image_support.h"

enum { W = 24, H = 16, ROOM = 16384 };

/* Four flat blocks of 12 x 8, so that compression hardly changes them: their greys, row by row. */
static const uint8_t greys[4] = {30, 220, 130, 80};

static uint8_t grey_at(int x, int y) {
    return greys[(y >= H / 2) * 2 + (x >= W / 2)];
}

typedef struct jpeg {
    uint8_t bytes[ROOM];
    size_t size;
} jpeg;

/* Encodes W x H pixels; `format` is TurboJPEG's. */
static void encode(jpeg *out, int format, int sampling, int flags) {
    uint8_t pixels[W * H * 4];
    int channels = tjPixelSize[format];
    for (int i = 0; i < W * H; i++) {
        for (int k = 0; k < channels; k++) {
            pixels[i * channels + k] = k == 3 ? 255 : grey_at(i % W, i / W);
        }
    }
    unsigned char *data = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, pixels, W, 0, H, format, &data, &size, sampling, 98, flags), 0);
    assert_true(size < ROOM - 64);
    memcpy(out->bytes, data, size);
    out->size = size;
    tjFree(data);
    tjDestroy(handle);
}

static void expect_near(tam_ctx *ctx, const jpeg *file, int width, int height, int channels, int orientation) {
    tam_image image = {0};
    test_ok(ctx, tam_image_decode(ctx, "picture", file->bytes, file->size, &image));
    expect_image(ctx, file->bytes, file->size, width, height, channels, NULL);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            /* Where the upright pixel lies in the stored image, by the words of the EXIF standard. */
            int u = x, v = y;
            switch (orientation) {
            case 2: /* row 0 is the top, column 0 the right side */
                u = W - 1 - x;
                break;
            case 3: /* bottom, right */
                u = W - 1 - x;
                v = H - 1 - y;
                break;
            case 4: /* bottom, left */
                v = H - 1 - y;
                break;
            case 5: /* row 0 is the left side, column 0 the top */
                u = y;
                v = x;
                break;
            case 6: /* right side, top */
                u = y;
                v = H - 1 - x;
                break;
            case 7: /* right side, bottom */
                u = W - 1 - y;
                v = H - 1 - x;
                break;
            case 8: /* left side, bottom */
                u = W - 1 - y;
                v = x;
                break;
            default:
                break;
            }
            for (int k = 0; k < channels; k++) {
                assert_in_range(image.pixels[(y * width + x) * channels + k] + 6, grey_at(u, v), grey_at(u, v) + 12);
            }
        }
    }
    tam_image_free(ctx, &image);
}

/* Puts an APP1 segment with nothing but the orientation behind the start marker. */
static void add_orientation(jpeg *file, int orientation, int little) {
    uint8_t segment[36] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
    static const uint8_t big_tiff[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1};
    static const uint8_t little_tiff[26] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0};
    memcpy(segment + 10, little ? little_tiff : big_tiff, 26);
    segment[10 + 18 + (little ? 0 : 1)] = (uint8_t)orientation;
    memmove(file->bytes + 2 + sizeof segment, file->bytes + 2, file->size - 2);
    memcpy(file->bytes + 2, segment, sizeof segment);
    file->size += sizeof segment;
}

static void grey_and_colour(void **state) {
    tam_ctx *ctx = *state;
    jpeg file;
    encode(&file, TJPF_GRAY, TJSAMP_GRAY, 0);
    expect_near(ctx, &file, W, H, 1, 1);
    encode(&file, TJPF_RGB, TJSAMP_444, 0);
    expect_near(ctx, &file, W, H, 3, 1);
    encode(&file, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    expect_near(ctx, &file, W, H, 3, 1);
}

/* The fourth channel, 255, is Adobe's inverted "no black": the colours remain. */
static void inks_become_colours(void **state) {
    tam_ctx *ctx = *state;
    jpeg file;
    encode(&file, TJPF_CMYK, TJSAMP_444, 0);
    expect_near(ctx, &file, W, H, 3, 1);
}

static void images_are_turned_upright(void **state) {
    tam_ctx *ctx = *state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        for (int little = 0; little < 2; little++) {
            jpeg file;
            encode(&file, little ? TJPF_RGB : TJPF_GRAY, little ? TJSAMP_444 : TJSAMP_GRAY, 0);
            add_orientation(&file, orientation, little);
            int swap = orientation >= 5;
            expect_near(ctx, &file, swap ? H : W, swap ? W : H, little ? 3 : 1, orientation);
        }
    }
}

/* Whatever an EXIF segment holds, reading it stays inside and leaves the image as it is. */
static void a_broken_exif_segment_is_passed_over(void **state) {
    tam_ctx *ctx = *state;
    for (size_t at = 4; at < 38; at++) {
        for (int value = 0; value < 256; value += 51) {
            jpeg file;
            tam_image image = {0};
            encode(&file, TJPF_GRAY, TJSAMP_GRAY, 0);
            add_orientation(&file, 6, 1);
            file.bytes[at] = (uint8_t)value;
            tam_status status = tam_image_decode(ctx, "exif", file.bytes, file.size, &image);
            assert_true(status == TAM_OK || (at < 6 && status == TAM_INPUT));
            tam_image_free(ctx, &image);
        }
    }
    jpeg file;
    encode(&file, TJPF_GRAY, TJSAMP_GRAY, 0);
    add_orientation(&file, 9, 0);
    expect_near(ctx, &file, W, H, 1, 1);
}

static void a_file_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    jpeg file;
    encode(&file, TJPF_GRAY, TJSAMP_GRAY, 0);
    expect_every_cut_fails(ctx, file.bytes, file.size);
    encode(&file, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE);
    add_orientation(&file, 6, 0);
    expect_every_cut_fails(ctx, file.bytes, file.size);
}

/* The position of the frame header's height. */
static size_t find_height(const jpeg *file) {
    for (size_t i = 2; i + 9 < file->size; i++) {
        if (file->bytes[i] == 0xFF && file->bytes[i + 1] == 0xC0) {
            return i + 5;
        }
    }
    fail_msg("no frame header");
    return 0;
}

static void headers_that_promise_too_much_allocate_nothing(void **state) {
    tam_ctx *ctx = *state;
    jpeg file;
    encode(&file, TJPF_GRAY, TJSAMP_GRAY, 0);
    size_t at = find_height(&file), before = tam_ctx_memory(ctx).peak_bytes;
    memcpy(file.bytes + at, "\xFF\xDC\xFF\xDC", 4);
    expect_refused(ctx, file.bytes, file.size, "65500 x 65500 pixels, more than the 64 Mpixel");
    memcpy(file.bytes + at, "\x1F\x40\x1F\x40", 4);
    expect_refused(ctx, file.bytes, file.size, "cannot hold 8000 x 8000");
    memcpy(file.bytes + at, "\0\0\0\5", 4);
    expect_refused(ctx, file.bytes, file.size, "an image of 5 x 0 pixels");
    memcpy(file.bytes + at, "\0\20\0\30\2", 5);
    expect_refused(ctx, file.bytes, file.size, "a JPEG of 2 components");
    assert_int_equal(tam_ctx_memory(ctx).peak_bytes, before);
}

static void damage_in_the_picture_is_noticed(void **state) {
    tam_ctx *ctx = *state;
    jpeg file;
    encode(&file, TJPF_RGB, TJSAMP_444, 0);
    memset(file.bytes + file.size - 12, 0xFF, 10); /* a warning to the decoder, an error to us */
    expect_refused(ctx, file.bytes, file.size, "bad: corrupt or cut short JPEG");
    expect_refused(ctx, "\xFF\xD8\xFF", 3, "bad: corrupt or cut short JPEG: no complete header");
}

static void what_is_encoded_is_nearly_what_is_decoded(void **state) {
    tam_ctx *ctx = *state;
    enum { WIDTH = 37, HEIGHT = 21 };
    uint8_t pixels[WIDTH * HEIGHT * 3], *data;
    size_t size;
    tam_image image = {0};
    char ending[TAM_IMAGE_ENDING_ROOM];
    for (int channels = 1; channels <= 3; channels += 2) {
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            for (int k = 0; k < channels; k++) {
                pixels[i * channels + k] = (uint8_t)(5 * (i % WIDTH) + 3 * (i / WIDTH) * k);
            }
        }
        test_ok(ctx, tam_jpeg_encode(ctx, WIDTH, HEIGHT, channels, pixels, 95, &data, &size));
        assert_true(tam_image_ending(data, size, ending));
        assert_string_equal(ending, ".jpg");
        test_ok(ctx, tam_image_decode(ctx, "encoded", data, size, &image));
        assert_int_equal(image.info.width, WIDTH);
        assert_int_equal(image.info.height, HEIGHT);
        assert_int_equal(image.info.channels, channels);
        for (int i = 0; i < WIDTH * HEIGHT * channels; i++) {
            assert_in_range(image.pixels[i] + 12 - pixels[i], 0, 24);
        }
        tam_release(ctx, data);
    }
    tam_image_free(ctx, &image);
}

/* Odd sizes in memory that somebody lent: all of it is written, whatever it held, and nothing beside it. Inks need room
 * for a fourth channel, so there is none for them in three. */
static void lent_memory_is_filled_and_nothing_beside_it(void **state) {
    tam_ctx *ctx = *state;
    enum { MOST = 35, BESIDE = 64 };
    static const int sampling[3] = {TJSAMP_420, TJSAMP_444, TJSAMP_422};
    static const int format[3] = {TJPF_GRAY, TJPF_RGB, TJPF_CMYK};
    for (int c = 0; c < 27; c++) {
        static uint8_t pixels[MOST * MOST * 4], memory[2][MOST * MOST * 3 + 2 * BESIDE];
        int w = 1 + 17 * (c % 3), h = 1 + 17 * (c / 3 % 3), k = c / 9, channels = k == 0 ? 1 : 3;
        size_t bytes = (size_t)(w * h * channels);
        unsigned char *file = NULL;
        unsigned long size = 0;
        for (int i = 0; i < w * h * tjPixelSize[format[k]]; i++) {
            pixels[i] = (uint8_t)(i * 7);
        }
        tjhandle encoder = tjInitCompress();
        assert_int_equal(tjCompress2(encoder, pixels, w, 0, h, format[k], &file, &size,
                                     k == 0 ? TJSAMP_GRAY : sampling[(w + h) % 3], 80, 0),
                         0);
        for (int fill = 0; fill < 2; fill++) {
            tam_image image = {.lent = memory[fill] + BESIDE, .lent_room = bytes};
            memset(memory[fill], fill == 0 ? 0x5A : 0xA5, sizeof memory[fill]);
            test_ok(ctx, tam_image_decode(ctx, "lent", file, size, &image));
            assert_true((image.pixels == image.lent) == (k < 2));
            memmove(memory[fill] + BESIDE, image.pixels, bytes);
            for (int b = 0; b < BESIDE; b++) {
                assert_int_equal(memory[fill][b], fill == 0 ? 0x5A : 0xA5);
                assert_int_equal(memory[fill][BESIDE + bytes + (size_t)b], fill == 0 ? 0x5A : 0xA5);
            }
            image.lent_room--; /* one byte less than it needs: memory of its own */
            test_ok(ctx, tam_image_decode(ctx, "lent", file, size, &image));
            assert_true(image.pixels != image.lent);
            assert_memory_equal(image.pixels, memory[fill] + BESIDE, bytes);
            tam_image_free(ctx, &image);
        }
        assert_memory_equal(memory[0] + BESIDE, memory[1] + BESIDE, bytes);
        tjFree(file);
        tjDestroy(encoder);
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
        cmocka_unit_test_setup_teardown(grey_and_colour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inks_become_colours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_are_turned_upright, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_exif_segment_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_that_promise_too_much_allocate_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_in_the_picture_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_encoded_is_nearly_what_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lent_memory_is_filled_and_nothing_beside_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
