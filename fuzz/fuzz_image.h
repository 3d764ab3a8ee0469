/* What the image fuzzers share. */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "io/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_image(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_image image = {0};
    tam_image_info info;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    tam_status looked = tam_image_look(ctx, "fuzz", data, size, &info);
    tam_status decoded = tam_image_decode(ctx, "fuzz", data, size, &image);
    if (decoded == TAM_OK) {
        volatile unsigned sum = 0;
        size_t count = (size_t)info.width * (size_t)info.height * (size_t)info.channels;
        if (looked != TAM_OK || memcmp(&info, &image.info, sizeof info) != 0) {
            abort();
        }
        for (size_t i = 0; i < count; i++) {
            sum = sum + image.pixels[i];
        }
    } else if (*tam_ctx_message(ctx) == '\0') {
        abort();
    }
    tam_image_free(ctx, &image);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
}

#endif
