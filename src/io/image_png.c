/* PNG through libspng. */
#include <spng.h>
#include <string.h>

#include "base/memory.h"
#include "io/image_format.h"

/* Text and colour profiles that a file may make the decoder keep. */
#define MOST_ANCILLARY_BYTES ((size_t)16 << 20)

/* Deflate makes at most 1032 bytes of one: a file too short for its header is refused before allocating. */
#define MOST_INFLATION 1032

static bool recognise(const uint8_t *data, size_t size) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    return size >= sizeof signature && memcmp(data, signature, sizeof signature) == 0;
}

/* The decoder is content when the last chunk has begun; a file cut after that lacks its checksum. */
static bool has_end(const uint8_t *data, size_t size) {
    static const uint8_t end[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
    return memmem(data, size, end, sizeof end) != NULL;
}

static tam_status fail_png(tam_ctx *ctx, const char *name, int error) {
    tam_status status = error == SPNG_EMEM ? TAM_RESOURCES : TAM_INPUT;
    return tam_fail(ctx, status, "%s: corrupt or cut short PNG: %s", name, spng_strerror(error));
}

static bool grey_palette(const struct spng_plte *palette) {
    for (uint32_t i = 0; i < palette->n_entries; i++) {
        const struct spng_plte_entry *entry = &palette->entries[i];
        if (entry->red != entry->green || entry->red != entry->blue) {
            return false;
        }
    }
    return true;
}

static tam_status open_png(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, spng_ctx **png,
                           struct spng_ihdr *header, tam_image_info *info) {
    struct spng_plte palette;
    int error = SPNG_EMEM;
    *png = spng_ctx_new(0);
    if (*png == NULL || (error = spng_set_png_buffer(*png, data, size)) != 0 ||
        (error = spng_set_chunk_limits(*png, MOST_ANCILLARY_BYTES, MOST_ANCILLARY_BYTES)) != 0 ||
        (error = spng_get_ihdr(*png, header)) != 0) {
        return fail_png(ctx, name, error);
    }
    bool colour = (header->color_type & SPNG_COLOR_TYPE_TRUECOLOR) != 0;
    if (header->color_type == SPNG_COLOR_TYPE_INDEXED) {
        error = spng_get_plte(*png, &palette);
        if (error != 0) {
            return fail_png(ctx, name, error);
        }
        colour = !grey_palette(&palette);
    }
    return tam_image_measure(ctx, name, header->width, header->height, colour ? 3 : 1, info);
}

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    spng_ctx *png = NULL;
    struct spng_ihdr header;
    tam_status status = open_png(ctx, name, data, size, &png, &header, info);
    spng_ctx_free(png);
    return status;
}

/* RGBA in place to `channels` without alpha: a pixel's result never lies beyond its source. */
static void composite_on_black(uint8_t *pixels, size_t count, int channels) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = pixels + 4 * i;
        uint8_t *to = pixels + (size_t)channels * i;
        unsigned alpha = from[3];
        uint8_t rgb[3];
        for (int k = 0; k < 3; k++) {
            rgb[k] = (uint8_t)((from[k] * alpha + 127) / 255);
        }
        memcpy(to, rgb, (size_t)channels);
    }
}

static tam_status decode_opened(tam_ctx *ctx, const char *name, spng_ctx *png, const struct spng_ihdr *header,
                                const tam_image_info *info, tam_image *image) {
    struct spng_trns transparency;
    bool alpha = (header->color_type & 4) != 0 || spng_get_trns(png, &transparency) == 0;
    bool plain_grey = header->color_type == SPNG_COLOR_TYPE_GRAYSCALE && header->bit_depth <= 8 && !alpha;
    bool plain_colour = info->channels == 3 && !alpha;
    int format = plain_grey ? SPNG_FMT_G8 : plain_colour ? SPNG_FMT_RGB8 : SPNG_FMT_RGBA8;
    int bytes_per_pixel = plain_grey ? 1 : plain_colour ? 3 : 4;
    size_t count = (size_t)info->width * (size_t)info->height;

    TAM_TRY(tam_image_room(ctx, image, info, bytes_per_pixel));
    int error =
        spng_decode_image(png, image->pixels, count * (size_t)bytes_per_pixel, format, alpha ? SPNG_DECODE_TRNS : 0);
    if (error == 0) {
        error = spng_decode_chunks(png); /* what follows the pixels must be whole too */
    }
    if (error != 0) {
        return fail_png(ctx, name, error);
    }
    if (bytes_per_pixel == 4) {
        composite_on_black(image->pixels, count, info->channels);
    }
    return TAM_OK;
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    static const int samples[7] = {1, 0, 3, 1, 2, 0, 4};
    spng_ctx *png = NULL;
    struct spng_ihdr header;
    tam_image_info info;
    tam_status status = open_png(ctx, name, data, size, &png, &header, &info);
    if (status == TAM_OK && !has_end(data, size)) {
        status = tam_fail(ctx, TAM_INPUT, "%s: cut short PNG: it has no end", name);
    } else if (status == TAM_OK) {
        uint64_t bits =
            (uint64_t)header.width * header.height * header.bit_depth * (unsigned)samples[header.color_type];
        if (bits / 8 / MOST_INFLATION > size) {
            status = tam_fail(ctx, TAM_INPUT, "%s: %zu bytes cannot hold %d x %d pixels", name, size, info.width,
                              info.height);
        } else {
            status = decode_opened(ctx, name, png, &header, &info, image);
        }
    }
    spng_ctx_free(png);
    return status;
}

const tam_image_format tam_image_format_png = {recognise, look, decode};

tam_status tam_png_encode(tam_ctx *ctx, int width, int height, int channels, const uint8_t *pixels, uint8_t **data,
                          size_t *size) {
    struct spng_ihdr header = {
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .bit_depth = 8,
        .color_type = channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR,
    };
    size_t bytes = (size_t)width * (size_t)height * (size_t)channels;
    void *encoded = NULL;
    int error = SPNG_EMEM;
    *data = NULL;
    *size = 0;
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    if (png != NULL && (error = spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1)) == 0 &&
        (error = spng_set_ihdr(png, &header)) == 0 &&
        (error = spng_encode_image(png, pixels, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE)) == 0) {
        encoded = spng_get_png_buffer(png, size, &error);
    }
    spng_ctx_free(png);
    if (encoded == NULL) {
        return tam_fail(ctx, TAM_RESOURCES, "cannot encode a PNG of %d x %d: %s", width, height, spng_strerror(error));
    }
    *data = tam_allocate(ctx, *size, 1, "a PNG");
    if (*data != NULL) {
        memcpy(*data, encoded, *size);
    }
    free(encoded);
    return *data == NULL ? TAM_RESOURCES : TAM_OK;
}
