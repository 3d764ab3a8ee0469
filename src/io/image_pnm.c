/* PGM and PPM: P2, P3 (numbers as text), P5, P6 (bytes, or two bytes each above a maximum of 255). */
#include "base/bytes.h"
#include "base/memory.h"
#include "io/image_format.h"

typedef struct pnm_header {
    bool text;
    uint32_t most; /* the value of white */
    tam_image_info info;
} pnm_header;

static bool recognise(const uint8_t *data, size_t size) {
    return size >= 2 && data[0] == 'P' && (data[1] == '2' || data[1] == '3' || data[1] == '5' || data[1] == '6');
}

static bool is_space(uint8_t byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next decimal number after spaces and comments, and the one byte that ends it (a file's end ends it too). */
static bool take_number(tam_bytes *bytes, uint32_t *value) {
    uint8_t byte = 0;
    bool comment = false;
    do {
        if (!tam_bytes_u8(bytes, &byte)) {
            return false;
        }
        comment = comment ? byte != '\n' && byte != '\r' : byte == '#';
    } while (comment || is_space(byte));
    *value = 0;
    for (int digits = 0;; digits++) {
        if (byte < '0' || byte > '9') {
            return digits > 0 && is_space(byte);
        }
        if (digits == 9) {
            return false;
        }
        *value = *value * 10 + (uint32_t)(byte - '0');
        if (!tam_bytes_u8(bytes, &byte)) {
            return true;
        }
    }
}

static tam_status read_header(tam_ctx *ctx, const char *name, tam_bytes *bytes, pnm_header *header) {
    uint32_t width, height;
    uint8_t kind = bytes->data[1];
    bytes->at = 2;
    if (!take_number(bytes, &width) || !take_number(bytes, &height) || !take_number(bytes, &header->most) ||
        header->most < 1 || header->most > 65535) {
        return tam_fail(ctx, TAM_INPUT, "%s: bad PGM/PPM header at byte %zu", name, bytes->at);
    }
    header->text = kind == '2' || kind == '3';
    return tam_image_measure(ctx, name, width, height, kind == '3' || kind == '6' ? 3 : 1, &header->info);
}

static tam_status look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    tam_bytes bytes = {data, size, 0};
    pnm_header header;
    TAM_TRY(read_header(ctx, name, &bytes, &header));
    *info = header.info;
    return TAM_OK;
}

/* A 16-bit maximum keeps the upper bits' share: value * 255 / most, rounded. */
static uint8_t to_byte(uint32_t value, uint32_t most) {
    return (uint8_t)((value * 255 + most / 2) / most);
}

static tam_status read_samples(tam_ctx *ctx, const char *name, tam_bytes *bytes, const pnm_header *header, size_t count,
                               uint8_t *pixels) {
    for (size_t i = 0; i < count; i++) {
        uint32_t value = 0;
        uint8_t high = 0, low = 0;
        bool got;
        if (header->text) {
            got = take_number(bytes, &value);
        } else {
            got = (header->most <= 255 || tam_bytes_u8(bytes, &high)) && tam_bytes_u8(bytes, &low);
            value = (uint32_t)high << 8 | low;
        }
        if (!got || value > header->most) {
            return tam_fail(ctx, TAM_INPUT, "%s: bad sample number %zu at byte %zu", name, i, bytes->at);
        }
        pixels[i] = to_byte(value, header->most);
    }
    return TAM_OK;
}

static tam_status decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    tam_bytes bytes = {data, size, 0};
    pnm_header header;
    TAM_TRY(read_header(ctx, name, &bytes, &header));
    size_t count = (size_t)header.info.width * (size_t)header.info.height * (size_t)header.info.channels;
    /* A sample takes a digit and a space (the last one no space), a byte, or two. */
    size_t needed = header.text ? 2 * count - 1 : header.most > 255 ? 2 * count : count;
    if (tam_bytes_left(&bytes) < needed) {
        return tam_fail(ctx, TAM_INPUT, "%s: cut short PGM/PPM: %zu bytes of pixels, %d x %d take at least %zu", name,
                        tam_bytes_left(&bytes), header.info.width, header.info.height, needed);
    }
    TAM_TRY(tam_image_room(ctx, image, &header.info, header.info.channels));
    return read_samples(ctx, name, &bytes, &header, count, image->pixels);
}

const tam_image_format tam_image_format_pnm = {recognise, look, decode};
