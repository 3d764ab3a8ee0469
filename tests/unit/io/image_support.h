/* What the tests of image formats share. */
#ifndef TESTS_IMAGE_SUPPORT_H
#define TESTS_IMAGE_SUPPORT_H

#include "support.h"

#include "base/memory.h"
#include "io/image.h"

/* Decodes and compares with the expected pixels; looking at the header must tell the same size. */
static inline void expect_image(tam_ctx *ctx, const uint8_t *data, size_t size, int width, int height, int channels,
                                const uint8_t *expected) {
    tam_image image = {0};
    tam_image_info info;
    test_ok(ctx, tam_image_look(ctx, "picture", data, size, &info));
    test_ok(ctx, tam_image_decode(ctx, "picture", data, size, &image));
    assert_int_equal(info.width, width);
    assert_int_equal(info.height, height);
    assert_int_equal(info.channels, channels);
    assert_memory_equal(&info, &image.info, sizeof info);
    if (expected != NULL) {
        for (int i = 0; i < width * height * channels; i++) {
            if (image.pixels[i] != expected[i]) {
                fail_msg("value %d is %d, not %d", i, image.pixels[i], expected[i]);
            }
        }
    }
    tam_image_free(ctx, &image);
}

/* Every shorter beginning of the file must be refused with a sentence that names it. The copies have exactly their
 * size, so that a sanitiser sees one byte too many. */
static inline void expect_every_cut_fails(tam_ctx *ctx, const uint8_t *data, size_t size) {
    for (size_t cut = 0; cut < size; cut++) {
        tam_image image = {0};
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, data, cut);
        tam_status status = tam_image_decode(ctx, "cut", copy, cut, &image);
        if (status != TAM_INPUT || strstr(tam_ctx_message(ctx), "cut: ") == NULL) {
            fail_msg("cut at %zu of %zu: status %d, '%s'", cut, size, (int)status, tam_ctx_message(ctx));
        }
        tam_image_free(ctx, &image);
        free(copy);
    }
}

static inline void expect_refused(tam_ctx *ctx, const void *data, size_t size, const char *sentence) {
    tam_image image = {0};
    test_fails(ctx, tam_image_decode(ctx, "bad", data, size, &image), TAM_INPUT, sentence);
    tam_image_free(ctx, &image);
}

#endif
