/* JPEG through libturbojpeg. */
#include <string.h>
#include <turbojpeg.h>

#include "base/memory.h"
#include "io/image_format.h"
#include "io/jpeg_header.h"
#include "io/jpeg_sampling.h"

/* A block of 8 x 8 takes at least one bit in Huffman coding: a file too short for its header is refused before
 * allocating. */
#define MOST_PIXELS_PER_BYTE 512

enum { FIRST_ARITHMETIC_FRAME = 9 };

static bool recognise(const uint8_t *data, size_t size) {
    return size >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF;
}

static tam_status read_header(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_jpeg_header *header,
                              tam_image_info *stored) {
    if (!tam_jpeg_header_read(data, size, header)) {
        return tam_fail(ctx, TAM_INPUT, "%s: corrupt or cut short JPEG: no complete header", name);
    }
    if (header->components != 1 && header->components != 3 && header->components != 4) {
        return tam_fail(ctx, TAM_INPUT, "%s: a JPEG of %d components", name, header->components);
    }
    return tam_image_measure(ctx, name, (uint64_t)header->width, (uint64_t)header->height,
                             header->components == 1 ? 1 : 3, stored);
}

/* The image's size as it is to be seen. */
static tam_image_info turned(const tam_image_info *stored, int orientation) {
    tam_image_info info = *stored;
    if (orientation >= 5) {
        info.width = stored->height;
        info.height = stored->width;
    }
    return info;
}

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    tam_jpeg_header header;
    tam_image_info stored;
    TAM_TRY(read_header(ctx, name, data, size, &header, &stored));
    *info = turned(&stored, header.orientation);
    return TAM_OK;
}

/* Inverted inks in place to RGB: a pixel's result never lies beyond its source. */
static void inks_to_rgb(uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *cmyk = pixels + 4 * i;
        unsigned c = cmyk[0], m = cmyk[1], y = cmyk[2], k = cmyk[3];
        pixels[3 * i] = (uint8_t)((c * k + 127) / 255);
        pixels[3 * i + 1] = (uint8_t)((m * k + 127) / 255);
        pixels[3 * i + 2] = (uint8_t)((y * k + 127) / 255);
    }
}

/* Copies `from` so that it is upright. Where the upright image's pixel (x, y) lies in the stored one is linear. */
static void turn(const uint8_t *from, const tam_image_info *stored, int orientation, uint8_t *to) {
    ptrdiff_t w = stored->width, h = stored->height, last = w * h - 1;
    const struct {
        ptrdiff_t start, right, down;
    } steps[9] = {
        {0, 1, w},
        {0, 1, w},
        {w - 1, -1, w},
        {last, -1, -w},
        {(h - 1) * w, 1, -w},
        {0, w, 1},
        {(h - 1) * w, -w, 1},
        {last, -w, -1},
        {w - 1, w, -1},
    };
    tam_image_info upright = turned(stored, orientation);
    size_t channels = (size_t)stored->channels;
    for (ptrdiff_t y = 0; y < upright.height; y++) {
        for (ptrdiff_t x = 0; x < upright.width; x++) {
            ptrdiff_t at = steps[orientation].start + x * steps[orientation].right + y * steps[orientation].down;
            memcpy(to, from + (size_t)at * channels, channels);
            to += channels;
        }
    }
}

/* With a decoder of its own, so that the tables of another image never complete a broken one: it costs 0.2%. */
static tam_status decode_stored(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, int components,
                                tam_image *image) {
    tam_status status = TAM_OK;
    int w = image->info.width, h = image->info.height;
    int format = components == 1 ? TJPF_GRAY : components == 3 ? TJPF_RGB : TJPF_CMYK;
    tjhandle jpeg = tjInitDecompress();
    if (jpeg == NULL) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot start the JPEG decoder", name);
    }
    if (tjDecompress2(jpeg, data, size, image->pixels, w, 0, h, format, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) !=
        0) {
        status = tam_fail(ctx, TAM_INPUT, "%s: corrupt or cut short JPEG: %s", name, tjGetErrorStr2(jpeg));
    } else if (components == 4) {
        inks_to_rgb(image->pixels, (size_t)w * (size_t)h);
    }
    tjDestroy(jpeg);
    return status;
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    tam_jpeg_header header;
    tam_image_info stored;
    tam_image sideways = {0};
    TAM_TRY(read_header(ctx, name, data, size, &header, &stored));
    size_t pixels = (size_t)stored.width * (size_t)stored.height;
    if (header.frame < FIRST_ARITHMETIC_FRAME && pixels / MOST_PIXELS_PER_BYTE > size) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu bytes cannot hold %d x %d pixels", name, size, stored.width,
                        stored.height);
    }
    bool upright = header.orientation == 1;
    tam_image *target = upright ? image : &sideways;
    tam_status status = tam_image_room(ctx, target, &stored, header.components == 4 ? 4 : stored.channels);
    if (status == TAM_OK) {
        status = decode_stored(ctx, name, data, size, header.components, target);
    }
    if (status == TAM_OK && !upright) {
        tam_image_info info = turned(&stored, header.orientation);
        status = tam_image_room(ctx, image, &info, info.channels);
        if (status == TAM_OK) {
            turn(sideways.pixels, &stored, header.orientation, image->pixels);
        }
    }
    tam_image_free(ctx, &sideways);
    return status;
}

const tam_image_format tam_image_format_jpeg = {recognise, look, decode};

tam_status tam_jpeg_encode(tam_ctx *ctx, int width, int height, int channels, const uint8_t *pixels, int quality,
                           uint8_t **data, size_t *size) {
    unsigned char *encoded = NULL;
    unsigned long bytes = 0;
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    int sampling = tam_jpeg_sampling(channels, quality);
    tam_status status = TAM_RESOURCES;
    *data = NULL;
    *size = 0;
    tjhandle jpeg = tjInitCompress();
    if (jpeg == NULL || tjCompress2(jpeg, pixels, width, 0, height, format, &encoded, &bytes, sampling, quality,
                                    TJFLAG_ACCURATEDCT) != 0) {
        status =
            tam_fail(ctx, TAM_RESOURCES, "cannot encode a JPEG of %d x %d: %s", width, height, tjGetErrorStr2(jpeg));
    } else {
        *data = tam_allocate(ctx, bytes, 1, "a JPEG");
    }
    if (*data != NULL) {
        memcpy(*data, encoded, bytes);
        *size = bytes;
        status = TAM_OK;
    }
    tjFree(encoded);
    if (jpeg != NULL) {
        tjDestroy(jpeg);
    }
    return status;
}
