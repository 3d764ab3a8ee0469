/* WebP through libwebp; a build without it knows such files and says so. */
#include <string.h>

#include "io/image_format.h"

static bool recognise(const uint8_t *data, size_t size) {
    return size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

#ifdef TAM_HAS_WEBP
#include <webp/decode.h>

static tam_status read_features(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                WebPBitstreamFeatures *features, tam_image_info *info) {
    VP8StatusCode code = WebPGetFeatures(data, size, features);
    if (code == VP8_STATUS_NOT_ENOUGH_DATA) {
        return tam_fail(ctx, TAM_INPUT, "%s: cut short WebP: no header in its %zu bytes", name, size);
    }
    if (code != VP8_STATUS_OK) {
        return tam_fail(ctx, TAM_INPUT, "%s: corrupt WebP: its header is none", name);
    }
    if (features->has_animation) {
        return tam_fail(ctx, TAM_INPUT, "%s: an animated WebP, which is no image", name);
    }
    return tam_image_measure(ctx, name, (uint64_t)features->width, (uint64_t)features->height, 3, info);
}

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    WebPBitstreamFeatures features;
    return read_features(ctx, name, data, size, &features, info);
}

/* RGBA in place to RGB: a pixel's result never lies beyond its source. */
static void composite_on_black(uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned alpha = pixels[4 * i + 3];
        for (size_t k = 0; k < 3; k++) {
            pixels[3 * i + k] = (uint8_t)((pixels[4 * i + k] * alpha + 127) / 255);
        }
    }
}

/* Bytes that the file's first chunk says it has: the decoder does not tell a cut file from a corrupt one. */
static size_t said_size(const uint8_t *data) {
    return 8 + ((size_t)data[4] | (size_t)data[5] << 8 | (size_t)data[6] << 16 | (size_t)data[7] << 24);
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    WebPBitstreamFeatures features;
    tam_image_info info;
    TAM_TRY(read_features(ctx, name, data, size, &features, &info));
    if (said_size(data) > size) {
        return tam_fail(ctx, TAM_INPUT, "%s: cut short WebP: %zu bytes of %zu", name, size, said_size(data));
    }
    int channels = features.has_alpha ? 4 : 3, stride = info.width * channels;
    size_t count = (size_t)info.width * (size_t)info.height, bytes = count * (size_t)channels;
    TAM_TRY(tam_image_room(ctx, image, &info, channels));
    const uint8_t *decoded = features.has_alpha ? WebPDecodeRGBAInto(data, size, image->pixels, bytes, stride)
                                                : WebPDecodeRGBInto(data, size, image->pixels, bytes, stride);
    if (decoded == NULL) {
        return tam_fail(ctx, TAM_INPUT, "%s: corrupt WebP", name);
    }
    if (features.has_alpha) {
        composite_on_black(image->pixels, count);
    }
    return TAM_OK;
}

#else

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    (void)data;
    (void)size;
    (void)info;
    return tam_fail(ctx, TAM_INPUT, "%s: WebP, which this build does not read: it was made without libwebp", name);
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    return look(ctx, name, data, size, &image->info);
}

#endif

const tam_image_format tam_image_format_webp = {recognise, look, decode};
