/* JPEG files: the header's size must be the decoded one's, nothing may be read or written outside, and no pixel may be
 * what the memory held before: our own walk over the markers tells the size, and the decoder must agree. */
#include "fuzz_image.h"

enum { MOST_BYTES = 1 << 18 };

static void expect_all_written(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_image_info info;
    uint8_t *pixels[2];
    bool good[2];
    if (!tam_image_look_start("fuzz", data, size, &info)) {
        return;
    }
    size_t bytes = (size_t)info.width * (size_t)info.height * (size_t)info.channels;
    if (bytes > MOST_BYTES) {
        return;
    }
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    for (int k = 0; k < 2; k++) {
        pixels[k] = malloc(bytes);
        if (pixels[k] == NULL) {
            abort();
        }
        memset(pixels[k], k == 0 ? 0x5A : 0xA5, bytes);
        tam_image image = {.lent = pixels[k], .lent_room = bytes};
        good[k] = tam_image_decode(ctx, "fuzz", data, size, &image) == TAM_OK;
        if (good[k]) {
            memmove(pixels[k], image.pixels, bytes);
        }
        tam_image_free(ctx, &image);
    }
    if (good[0] != good[1] || (good[0] && memcmp(pixels[0], pixels[1], bytes) != 0)) {
        abort();
    }
    free(pixels[0]);
    free(pixels[1]);
    tam_ctx_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_image(data, size);
    expect_all_written(data, size);
    return 0;
}
