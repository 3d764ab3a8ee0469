/* BMP by PIL and OpenCV (tests/oracle/image_oracle.py), and headers that are made here. */
#include "image_support.h"

#include "base/file.h"

enum { WIDTH = 7, HEIGHT = 5, AREA = WIDTH * HEIGHT, BMP_ROOM = 2048 };

static uint8_t value(int x, int y, int c) {
    return (uint8_t)(37 * x + 53 * y + 71 * c);
}

static void fill(uint8_t *pixels, int channels) {
    for (int i = 0; i < AREA * channels; i++) {
        pixels[i] = value(i / channels % WIDTH, i / channels / WIDTH, i % channels);
    }
}

static void read_golden(tam_ctx *ctx, const char *name, uint8_t **data, size_t *size) {
    char path[512];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/images/%s", source != NULL ? source : ".", name);
    test_ok(ctx, tam_file_read(ctx, path, 0, data, size));
}

static void files_of_others_are_read(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *name;
        int channels;
    } cases[] = {{"grey.bmp", 1}, {"rgb.bmp", 3}, {"palette.bmp", 3}, {"bgrx.bmp", 3}};
    uint8_t expected[AREA * 3], *data;
    size_t size;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_golden(ctx, cases[i].name, &data, &size);
        fill(expected, cases[i].channels);
        expect_image(ctx, data, size, WIDTH, HEIGHT, cases[i].channels, expected);
        expect_every_cut_fails(ctx, data, size);
        tam_release(ctx, data);
    }
    read_golden(ctx, "bits.bmp", &data, &size);
    for (int i = 0; i < AREA; i++) {
        expected[i] = value(i % WIDTH, i / WIDTH, 0) >= 128 ? 255 : 0;
    }
    expect_image(ctx, data, size, WIDTH, HEIGHT, 1, expected);
    expect_every_cut_fails(ctx, data, size);
    tam_release(ctx, data);
}

static uint8_t *put(uint8_t *at, uint32_t number, int bytes) {
    for (int k = 0; k < bytes; k++) {
        *at++ = (uint8_t)(number >> 8 * k);
    }
    return at;
}

/* A file of 2 pixels side by side in `rows` rows; returns its size. Behind the header come `extra` bytes. */
static size_t make(uint8_t *bmp, uint32_t header, int bits, uint32_t compression, int32_t rows, uint32_t used,
                   const void *extra, size_t extra_size, const void *pixels, size_t pixels_size) {
    uint8_t *at = bmp;
    memset(bmp, 0, BMP_ROOM);
    at = put(put(at, 'B', 1), 'M', 1);
    at = put(put(at, 0, 4), 0, 4);
    at = put(at, (uint32_t)(14 + header + extra_size), 4);
    at = put(put(put(at, header, 4), 2, 4), (uint32_t)rows, 4);
    at = put(put(put(at, 1, 2), (uint32_t)bits, 2), compression, 4);
    at = put(at + 12, used, 4);
    at = bmp + 14 + header;
    memcpy(at, extra, extra_size);
    memcpy(at + extra_size, pixels, pixels_size);
    return 14 + header + extra_size + pixels_size;
}

static void rows_come_from_below_or_from_above(void **state) {
    tam_ctx *ctx = *state;
    static const uint8_t pixels[16] = {1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0};
    static const uint8_t above[12] = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
    static const uint8_t below[12] = {9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4};
    uint8_t bmp[BMP_ROOM];
    size_t size = make(bmp, 40, 24, 0, -2, 0, "", 0, pixels, sizeof pixels);
    expect_image(ctx, bmp, size, 2, 2, 3, above);
    size = make(bmp, 40, 24, 0, 2, 0, "", 0, pixels, sizeof pixels);
    expect_image(ctx, bmp, size, 2, 2, 3, below);
}

static void masks_name_the_bytes(void **state) {
    tam_ctx *ctx = *state;
    static const uint8_t pixels[8] = {10, 20, 30, 255, 40, 50, 60, 51};
    static const uint8_t usual[16] = {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255};
    static const uint8_t turned[12] = {255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0};
    static const uint8_t bgr[6] = {30, 20, 10, 60, 50, 40}, rgb[6] = {10, 20, 30, 40, 50, 60};
    static const uint8_t composited[6] = {30, 20, 10, 12, 10, 8};
    uint8_t bmp[BMP_ROOM];
    size_t size = make(bmp, 40, 32, 0, 1, 0, "", 0, pixels, sizeof pixels);
    expect_image(ctx, bmp, size, 2, 1, 3, bgr); /* the fourth byte means nothing */
    size = make(bmp, 40, 32, 3, 1, 0, turned, sizeof turned, pixels, sizeof pixels);
    expect_image(ctx, bmp, size, 2, 1, 3, rgb);
    static const uint32_t headers[3] = {56, 108, 124};
    for (int i = 0; i < 3; i++) {
        size = make(bmp, headers[i], 32, 3, 1, 0, "", 0, pixels, sizeof pixels);
        memcpy(bmp + 54, usual, sizeof usual);
        expect_image(ctx, bmp, size, 2, 1, 3, composited);
        memset(bmp + 66, 0, 4);
        expect_image(ctx, bmp, size, 2, 1, 3, bgr);
    }
    static const uint8_t wide[12] = {0, 0xF8, 0, 0, 0xE0, 7, 0, 0, 0x1F, 0, 0, 0};
    size = make(bmp, 40, 32, 3, 1, 0, wide, sizeof wide, pixels, sizeof pixels);
    expect_refused(ctx, bmp, size, "bad: BMP whose mask 0 is 0x0000f800");
    size = make(bmp, 40, 32, 3, 1, 0, "\0\0\0\0\0\0\0\0\0\0\0", 12, pixels, sizeof pixels);
    expect_refused(ctx, bmp, size, "bad: BMP whose mask 0 is 0x00000000");
}

static void palettes_give_colours(void **state) {
    tam_ctx *ctx = *state;
    static const uint8_t palette[12] = {1, 2, 3, 0, 4, 5, 6, 0, 7, 7, 7, 0};
    static const uint8_t colours[6] = {6, 5, 4, 3, 2, 1};
    uint8_t bmp[BMP_ROOM];
    size_t size = make(bmp, 40, 4, 0, 1, 3, palette, 12, "\x10\0\0", 4);
    expect_image(ctx, bmp, size, 2, 1, 3, colours);
    size = make(bmp, 40, 8, 0, 1, 3, palette, 12, "\1\0\0", 4);
    expect_image(ctx, bmp, size, 2, 1, 3, colours);
    size = make(bmp, 40, 1, 0, 1, 0, palette, 8, "\x80\0\0", 4);
    expect_image(ctx, bmp, size, 2, 1, 3, colours);
    size = make(bmp, 40, 8, 0, 1, 1, palette + 8, 4, "\0\0\0", 4);
    expect_image(ctx, bmp, size, 2, 1, 1, (const uint8_t *)"\7\7");
    size = make(bmp, 40, 8, 0, 1, 3, palette, 12, "\1\3\0", 4);
    expect_refused(ctx, bmp, size, "bad: BMP with a colour beyond its palette of 3 in row 0");
    size = make(bmp, 40, 8, 0, 1, 257, palette, 12, "\1\3\0", 4);
    expect_refused(ctx, bmp, size, "bad: BMP with a palette of 257 colours");
}

static void other_kinds_are_refused_by_name(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        uint32_t header;
        int bits;
        uint32_t compression;
        int32_t rows;
        const char *sentence;
    } cases[] = {
        {12, 24, 0, 1, "bad: BMP with a header of OS/2 (12 bytes)"},
        {40, 8, 1, 1, "bad: BMP compressed by run lengths (RLE)"},
        {40, 4, 2, 1, "bad: BMP compressed by run lengths (RLE)"},
        {40, 16, 0, 1, "bad: BMP of 16 bits"},
        {40, 0, 4, 1, "bad: BMP of 0 bits"},
        {40, 24, 3, 1, "bad: BMP of compression 3 with 24 bits"},
        {40, 32, 6, 1, "bad: BMP of compression 6 with 32 bits"},
        {40, 24, 0, 0, "bad: an image of 2 x 0 pixels"},
        {40, 24, 0, INT32_MIN, "bad: 2 x 2147483648 pixels, more than the 64 Mpixel"},
        {40, 24, 0, 1 << 20, "bad: cut short BMP: 1078 bytes, 2 x 1048576 pixels from byte 54"},
    };
    uint8_t bmp[BMP_ROOM], zeros[1024] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = make(bmp, cases[i].header, cases[i].bits, cases[i].compression, cases[i].rows, 0, "", 0, zeros,
                           sizeof zeros);
        size_t before = tam_ctx_memory(ctx).peak_bytes;
        expect_refused(ctx, bmp, size, cases[i].sentence);
        assert_int_equal(tam_ctx_memory(ctx).peak_bytes, before);
    }
    size_t size = make(bmp, 40, 24, 0, 1, 0, "", 0, zeros, 8);
    put(bmp + 18, UINT32_MAX, 4); /* a width of -1 */
    expect_refused(ctx, bmp, size, "bad: an image of 0 x 1 pixels");
    size = make(bmp, 40, 24, 0, 1, 0, "", 0, zeros, 8);
    put(bmp + 10, 53, 4);
    expect_refused(ctx, bmp, size, "bad: BMP whose pixels begin at byte 53, within its header");
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
        cmocka_unit_test_setup_teardown(files_of_others_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_come_from_below_or_from_above, set_up, tear_down),
        cmocka_unit_test_setup_teardown(masks_name_the_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(palettes_give_colours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_kinds_are_refused_by_name, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
