#include "io/jpeg_header.h"

#include "base/bytes.h"

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, SOF0 = 0xC0, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, APP1 = 0xE1, TEM = 0x01 };
enum { EXIF_ORIENTATION = 0x0112, EXIF_SHORT = 3 };

static bool take_u16(tam_bytes *bytes, bool little, uint32_t *value) {
    const uint8_t *p = tam_bytes_take(bytes, 2);
    if (p != NULL) {
        *value = little ? (uint32_t)p[1] << 8 | p[0] : (uint32_t)p[0] << 8 | p[1];
    }
    return p != NULL;
}

static bool take_u32(tam_bytes *bytes, bool little, uint32_t *value) {
    return little ? tam_bytes_u32_little(bytes, value) : tam_bytes_u32_big(bytes, value);
}

/* The orientation in an APP1 segment, or 1: what is malformed there is as if it were absent. */
static int exif_orientation(const uint8_t *segment, size_t size) {
    static const uint8_t mark[6] = {'E', 'x', 'i', 'f', 0, 0};
    if (size < sizeof mark + 8 || memcmp(segment, mark, sizeof mark) != 0) {
        return 1;
    }
    tam_bytes tiff = {segment + sizeof mark, size - sizeof mark, 0};
    bool little = tiff.data[0] == 'I';
    uint32_t magic, directory, entries;
    tiff.at = 2;
    if (!take_u16(&tiff, little, &magic) || magic != 42 || !take_u32(&tiff, little, &directory) ||
        directory > tiff.size) {
        return 1;
    }
    tiff.at = directory;
    if (!take_u16(&tiff, little, &entries)) {
        return 1;
    }
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t tag, type, count, value, padding;
        if (!take_u16(&tiff, little, &tag) || !take_u16(&tiff, little, &type) || !take_u32(&tiff, little, &count) ||
            !take_u16(&tiff, little, &value) || !take_u16(&tiff, little, &padding)) {
            return 1;
        }
        if (tag == EXIF_ORIENTATION) {
            return type == EXIF_SHORT && count == 1 && value >= 1 && value <= 8 ? (int)value : 1;
        }
    }
    return 1;
}

static bool is_frame(int marker) {
    return marker >= SOF0 && marker <= SOF0 + 15 && marker != DHT && marker != JPG && marker != DAC;
}

static bool read_frame(int marker, const uint8_t *segment, size_t size, tam_jpeg_header *header) {
    if (size < 6) {
        return false;
    }
    header->frame = marker - SOF0;
    header->height = segment[1] << 8 | segment[2];
    header->width = segment[3] << 8 | segment[4];
    header->components = segment[5];
    return true;
}

/* The next marker; any number of 0xFF may stand before it. */
static bool next_marker(tam_bytes *bytes, int *marker) {
    uint8_t byte;
    if (!tam_bytes_u8(bytes, &byte) || byte != 0xFF) {
        return false;
    }
    while (byte == 0xFF) {
        if (!tam_bytes_u8(bytes, &byte)) {
            return false;
        }
    }
    *marker = byte;
    return true;
}

bool tam_jpeg_header_read(const uint8_t *data, size_t size, tam_jpeg_header *header) {
    tam_bytes bytes = {data, size, 0};
    int marker;
    bool framed = false;
    *header = (tam_jpeg_header){.orientation = 1};
    if (!next_marker(&bytes, &marker) || marker != SOI) {
        return false;
    }
    while (next_marker(&bytes, &marker) && marker != EOI) {
        uint32_t length;
        if (marker == TEM || (marker >= 0xD0 && marker <= 0xD7)) {
            continue; /* these have no segment */
        }
        if (!take_u16(&bytes, false, &length) || length < 2) {
            return false;
        }
        const uint8_t *segment = tam_bytes_take(&bytes, length - 2);
        if (segment == NULL) {
            return false;
        }
        if (marker == SOS) {
            return framed;
        }
        if (marker == APP1 && header->orientation == 1) {
            header->orientation = exif_orientation(segment, length - 2);
        }
        if (is_frame(marker)) {
            if (framed || !read_frame(marker, segment, length - 2, header)) {
                return false;
            }
            framed = true;
        }
    }
    return false;
}
