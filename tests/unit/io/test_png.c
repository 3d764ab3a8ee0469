#include <zlib.h>

#include "image_support.h"

/* PNG files of every kind are put together here, chunk by chunk. */
typedef struct builder {
    uint8_t bytes[4096];
    size_t size;
} builder;

static void put_u32(builder *b, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        b->bytes[b->size++] = (uint8_t)(value >> shift);
    }
}

static void put_chunk(builder *b, const char *type, const void *data, size_t size) {
    put_u32(b, (uint32_t)size);
    size_t begin = b->size;
    memcpy(b->bytes + b->size, type, 4);
    b->size += 4;
    if (size > 0) {
        memcpy(b->bytes + b->size, data, size);
        b->size += size;
    }
    put_u32(b, (uint32_t)crc32(0, b->bytes + begin, (uInt)(b->size - begin)));
}

static void put_header(builder *b, uint32_t width, uint32_t height, int depth, int colour) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    builder header = {0};
    memcpy(b->bytes, signature, 8);
    b->size = 8;
    put_u32(&header, width);
    put_u32(&header, height);
    const uint8_t rest[5] = {(uint8_t)depth, (uint8_t)colour, 0, 0, 0};
    memcpy(header.bytes + 8, rest, 5);
    put_chunk(b, "IHDR", header.bytes, 13);
}

/* rows: with the filter byte before each. */
static void put_rows(builder *b, const void *rows, size_t size) {
    uint8_t packed[1024];
    uLongf length = sizeof packed;
    assert_int_equal(compress(packed, &length, rows, size), Z_OK);
    put_chunk(b, "IDAT", packed, length);
    put_chunk(b, "IEND", NULL, 0);
}

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 };

static void grey_and_colour(void **state) {
    tam_ctx *ctx = *state;
    static const int sides[][2] = {{1, 1}, {7, 3}, {28, 28}};
    for (int i = 0; i < 3; i++) {
        for (int channels = 1; channels <= 3; channels += 2) {
            uint8_t pixels[28 * 28 * 3], *data;
            size_t size;
            for (int k = 0; k < 28 * 28 * 3; k++) {
                pixels[k] = (uint8_t)(k * 37);
            }
            test_ok(ctx, tam_png_encode(ctx, sides[i][0], sides[i][1], channels, pixels, &data, &size));
            expect_image(ctx, data, size, sides[i][0], sides[i][1], channels, pixels);
            tam_release(ctx, data);
        }
    }
}

static void few_bits_are_stretched(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    put_header(&b, 10, 2, 1, GREY);
    put_rows(&b, "\0\xA5\x40\0\xFF\x80", 6);
    static const uint8_t one[20] = {255, 0,   255, 0,   0,   255, 0,   255, 0,   255,
                                    255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
    expect_image(ctx, b.bytes, b.size, 10, 2, 1, one);

    put_header(&b, 4, 1, 2, GREY);
    put_rows(&b, "\0\x1B", 2);
    static const uint8_t two[4] = {0, 85, 170, 255};
    expect_image(ctx, b.bytes, b.size, 4, 1, 1, two);

    put_header(&b, 3, 1, 4, GREY);
    put_rows(&b, "\0\x1F\x70", 3);
    static const uint8_t four[3] = {17, 255, 119};
    expect_image(ctx, b.bytes, b.size, 3, 1, 1, four);
}

static void of_sixteen_bits_the_upper_are_kept(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    put_header(&b, 2, 1, 16, GREY);
    put_rows(&b, "\0\x12\xFF\xFE\x01", 5);
    expect_image(ctx, b.bytes, b.size, 2, 1, 1, (const uint8_t *)"\x12\xFE");
    put_header(&b, 1, 1, 16, RGB);
    put_rows(&b, "\0\x11\xFF\x22\xFF\x33\x00", 7);
    expect_image(ctx, b.bytes, b.size, 1, 1, 3, (const uint8_t *)"\x11\x22\x33");
}

static void alpha_is_composited_on_black(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    put_header(&b, 3, 1, 8, GREY_ALPHA);
    put_rows(&b, "\0\xC8\xFF\xC8\x00\xC8\x80", 7);
    expect_image(ctx, b.bytes, b.size, 3, 1, 1, (const uint8_t[]){200, 0, 100});

    put_header(&b, 2, 1, 8, RGBA);
    put_rows(&b, "\0\x64\x32\xC8\x80\x01\x02\x03\xFF", 9);
    expect_image(ctx, b.bytes, b.size, 2, 1, 3, (const uint8_t[]){50, 25, 100, 1, 2, 3});

    put_header(&b, 2, 1, 8, GREY); /* the grey value 7 is transparent */
    put_chunk(&b, "tRNS", "\0\x07", 2);
    put_rows(&b, "\0\x07\x09", 3);
    expect_image(ctx, b.bytes, b.size, 2, 1, 1, (const uint8_t[]){0, 9});
}

static void palettes(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    put_header(&b, 3, 1, 8, PALETTE);
    put_chunk(&b, "PLTE", "\x01\x02\x03\xFF\x00\x80\x0A\x0B\x0C", 9);
    put_rows(&b, "\0\x02\x00\x01", 4);
    expect_image(ctx, b.bytes, b.size, 3, 1, 3, (const uint8_t[]){10, 11, 12, 1, 2, 3, 255, 0, 128});

    put_header(&b, 3, 1, 2, PALETTE); /* nothing but greys */
    put_chunk(&b, "PLTE", "\x00\x00\x00\x50\x50\x50\xFF\xFF\xFF", 9);
    put_rows(&b, "\0\x18", 2);
    expect_image(ctx, b.bytes, b.size, 3, 1, 1, (const uint8_t[]){0, 80, 255});

    put_header(&b, 2, 1, 8, PALETTE);
    put_chunk(&b, "PLTE", "\x64\x32\xC8\x01\x02\x03", 6);
    put_chunk(&b, "tRNS", "\x80", 1);
    put_rows(&b, "\0\x00\x01", 3);
    expect_image(ctx, b.bytes, b.size, 2, 1, 3, (const uint8_t[]){50, 25, 100, 1, 2, 3});

    put_header(&b, 1, 1, 8, PALETTE);
    put_rows(&b, "\0\x00", 2);
    expect_refused(ctx, b.bytes, b.size, "bad: corrupt or cut short PNG");
}

static void a_file_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    uint8_t pixels[9 * 5 * 3], *data;
    size_t size;
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i * i);
    }
    test_ok(ctx, tam_png_encode(ctx, 9, 5, 3, pixels, &data, &size));
    expect_every_cut_fails(ctx, data, size);
    tam_release(ctx, data);
    put_header(&b, 10, 2, 1, GREY);
    put_rows(&b, "\0\xA5\x40\0\xFF\x80", 6);
    expect_every_cut_fails(ctx, b.bytes, b.size);
}

static void changed_bytes_are_noticed(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    put_header(&b, 10, 2, 1, GREY);
    put_rows(&b, "\0\xA5\x40\0\xFF\x80", 6);
    for (size_t i = 0; i < b.size; i++) {
        b.bytes[i] ^= 0x10;
        expect_refused(ctx, b.bytes, b.size, "bad: ");
        b.bytes[i] ^= 0x10;
    }
}

static void headers_that_promise_too_much_allocate_nothing(void **state) {
    tam_ctx *ctx = *state;
    builder b;
    size_t before = tam_ctx_memory(ctx).peak_bytes;
    put_header(&b, 65500, 65500, 8, RGB);
    put_rows(&b, "\0\0\0\0", 4);
    expect_refused(ctx, b.bytes, b.size, "65500 x 65500 pixels, more than the 64 Mpixel");
    put_header(&b, 8000, 8000, 8, RGB);
    put_rows(&b, "\0\0\0\0", 4);
    expect_refused(ctx, b.bytes, b.size, "cannot hold 8000 x 8000");
    put_header(&b, 0, 5, 8, RGB);
    put_rows(&b, "\0\0\0\0", 4);
    expect_refused(ctx, b.bytes, b.size, "bad: ");
    assert_int_equal(tam_ctx_memory(ctx).peak_bytes, before);
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
        cmocka_unit_test_setup_teardown(few_bits_are_stretched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_sixteen_bits_the_upper_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alpha_is_composited_on_black, set_up, tear_down),
        cmocka_unit_test_setup_teardown(palettes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changed_bytes_are_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_that_promise_too_much_allocate_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
