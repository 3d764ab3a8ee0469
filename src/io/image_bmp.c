/* BMP with Windows' headers (BITMAPINFOHEADER to V5): 1, 4 and 8 bits with a palette, 24 and 32 bits; rows from below
 * or from above. 32 bits may name the byte of each colour (BI_BITFIELDS). */
#include <string.h>

#include "base/bytes.h"
#include "io/image_format.h"

enum { FILE_HEADER = 14, INFO_HEADER = 40, MOST_HEADER = 256, MOST_COLOURS = 256, COLOURS = 4 };
enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3 };

typedef struct bmp_header {
    tam_image_info info;
    bool from_below;
    unsigned bits;
    size_t pixels; /* where they begin */
    const uint8_t *palette;
    uint32_t colours;    /* in the palette */
    int places[COLOURS]; /* of red, green, blue and alpha in a pixel's bytes; alpha -1: none */
} bmp_header;

static bool recognise(const uint8_t *data, size_t size) {
    return size >= FILE_HEADER + 4 && data[0] == 'B' && data[1] == 'M' && data[14] >= 12 && data[15] == 0 &&
           data[16] == 0 && data[17] == 0;
}

static tam_status cut_short(tam_ctx *ctx, const char *name, const tam_bytes *bytes) {
    return tam_fail(ctx, TAM_INPUT, "%s: cut short BMP: its header ends at byte %zu", name, bytes->size);
}

/* Which byte a mask names; -1: none, -2: it is not of one byte. */
static int place_of(uint32_t mask) {
    for (int byte = 0; byte < 4; byte++) {
        if (mask == (uint32_t)0xFF << 8 * byte) {
            return byte;
        }
    }
    return mask == 0 ? -1 : -2;
}

/* Masks stand behind the 40 bytes that all headers have in common; that for alpha only in longer headers. */
static tam_status read_masks(tam_ctx *ctx, const char *name, tam_bytes *bytes, uint32_t header_size,
                             bmp_header *header) {
    uint32_t mask;
    header->places[3] = -1;
    for (int i = 0; i < (header_size >= 56 ? 4 : 3); i++) {
        if (!tam_bytes_u32_little(bytes, &mask)) {
            return cut_short(ctx, name, bytes);
        }
        header->places[i] = place_of(mask);
        if (header->places[i] < (i < 3 ? 0 : -1)) {
            return tam_fail(ctx, TAM_INPUT, "%s: BMP whose mask %d is 0x%08x: only masks of one byte are read", name, i,
                            mask);
        }
    }
    return TAM_OK;
}

static tam_status check_kind(tam_ctx *ctx, const char *name, uint32_t header_size, unsigned bits,
                             uint32_t compression) {
    if (header_size < INFO_HEADER) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP with a header of OS/2 (%u bytes), which is not read", name,
                        header_size);
    }
    if (compression == RLE8 || compression == RLE4) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP compressed by run lengths (RLE), which is not read", name);
    }
    if (bits != 1 && bits != 4 && bits != 8 && bits != 24 && bits != 32) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP of %u bits (1, 4, 8, 24 and 32 are read)", name, bits);
    }
    if (compression != PLAIN && (compression != BITFIELDS || bits != 32)) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP of compression %u with %u bits, which is not read", name, compression,
                        bits);
    }
    return TAM_OK;
}

static tam_status read_palette(tam_ctx *ctx, const char *name, tam_bytes *bytes, uint32_t used, bmp_header *header) {
    uint32_t most = (uint32_t)1 << header->bits;
    header->colours = used == 0 ? most : used;
    if (header->colours > MOST_COLOURS) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP with a palette of %u colours", name, used);
    }
    header->palette = tam_bytes_take(bytes, (size_t)4 * header->colours);
    return header->palette == NULL ? cut_short(ctx, name, bytes) : TAM_OK;
}

static bool is_grey(const bmp_header *header) {
    for (uint32_t i = 0; i < header->colours; i++) {
        const uint8_t *colour = header->palette + (size_t)4 * i;
        if (colour[0] != colour[1] || colour[0] != colour[2]) {
            return false;
        }
    }
    return header->palette != NULL;
}

static tam_status read_header(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, bmp_header *header) {
    tam_bytes bytes = {data, size, 10};
    uint32_t begin, header_size, width, height, planes_bits, compression, used;
    *header = (bmp_header){.places = {2, 1, 0, -1}};
    if (!tam_bytes_u32_little(&bytes, &begin) || !tam_bytes_u32_little(&bytes, &header_size)) {
        return cut_short(ctx, name, &bytes);
    }
    if (header_size < INFO_HEADER) {
        return check_kind(ctx, name, header_size, 0, 0);
    }
    if (!tam_bytes_u32_little(&bytes, &width) || !tam_bytes_u32_little(&bytes, &height) ||
        !tam_bytes_u32_little(&bytes, &planes_bits) || !tam_bytes_u32_little(&bytes, &compression) ||
        tam_bytes_take(&bytes, 12) == NULL || !tam_bytes_u32_little(&bytes, &used) ||
        tam_bytes_take(&bytes, 4) == NULL) {
        return cut_short(ctx, name, &bytes);
    }
    header->bits = planes_bits >> 16;
    header->pixels = begin;
    header->from_below = height <= INT32_MAX;
    TAM_TRY(check_kind(ctx, name, header_size, header->bits, compression));
    if (compression == BITFIELDS) {
        TAM_TRY(read_masks(ctx, name, &bytes, header_size, header));
    }
    size_t end = FILE_HEADER + (size_t)header_size;
    if (end > bytes.at && tam_bytes_take(&bytes, end - bytes.at) == NULL) {
        return cut_short(ctx, name, &bytes);
    }
    if (header->bits <= 8) {
        TAM_TRY(read_palette(ctx, name, &bytes, used, header));
    }
    if (begin < bytes.at) {
        return tam_fail(ctx, TAM_INPUT, "%s: BMP whose pixels begin at byte %u, within its header", name, begin);
    }
    int64_t rows = (int32_t)height;
    return tam_image_measure(ctx, name, width <= INT32_MAX ? width : 0, (uint64_t)(rows < 0 ? -rows : rows),
                             is_grey(header) ? 1 : 3, &header->info);
}

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    bmp_header header;
    TAM_TRY(read_header(ctx, name, data, size, &header));
    *info = header.info;
    return TAM_OK;
}

/* Pixels of 1, 4 or 8 bits lie in their bytes from the upper bits down. False for a colour that is not there. */
static bool read_indices(const bmp_header *header, const uint8_t *row, uint8_t *to) {
    for (int x = 0; x < header->info.width; x++) {
        size_t bit = (size_t)x * header->bits;
        unsigned byte = row[bit / 8], index = byte >> (8 - header->bits - bit % 8) & ((1u << header->bits) - 1);
        if (index >= header->colours) {
            return false;
        }
        const uint8_t *colour = header->palette + (size_t)4 * index;
        *to++ = colour[2];
        if (header->info.channels == 3) {
            *to++ = colour[1];
            *to++ = colour[0];
        }
    }
    return true;
}

static void read_colours(const bmp_header *header, const uint8_t *row, uint8_t *to) {
    size_t step = header->bits / 8;
    const int *places = header->places;
    for (int x = 0; x < header->info.width; x++, row += step, to += 3) {
        unsigned alpha = places[3] < 0 ? 255 : row[places[3]];
        for (int k = 0; k < 3; k++) {
            to[k] = (uint8_t)((row[places[k]] * alpha + 127) / 255);
        }
    }
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    bmp_header header;
    TAM_TRY(read_header(ctx, name, data, size, &header));
    size_t width = (size_t)header.info.width, height = (size_t)header.info.height;
    size_t stride = (width * header.bits + 31) / 32 * 4, channels = (size_t)header.info.channels;
    if (header.pixels > size || stride * height > size - header.pixels) {
        return tam_fail(ctx, TAM_INPUT, "%s: cut short BMP: %zu bytes, %zu x %zu pixels from byte %zu on take %zu more",
                        name, size, width, height, header.pixels, stride * height);
    }
    TAM_TRY(tam_image_room(ctx, image, &header.info, header.info.channels));
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = data + header.pixels + (header.from_below ? height - 1 - y : y) * stride;
        uint8_t *to = image->pixels + y * width * channels;
        if (header.bits > 8) {
            read_colours(&header, row, to);
        } else if (!read_indices(&header, row, to)) {
            return tam_fail(ctx, TAM_INPUT, "%s: BMP with a colour beyond its palette of %u in row %zu", name,
                            header.colours, y);
        }
    }
    return TAM_OK;
}

const tam_image_format tam_image_format_bmp = {recognise, look, decode};
