/* Records as dmlc-core writes them. */
#include <string.h>

#include "io/recordio.h"

enum { WHOLE, FIRST, MIDDLE, LAST };

static void put_number(uint8_t bytes[4], uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static tam_status write_part(tam_stream *stream, uint32_t flag, const uint8_t *data, size_t size) {
    uint8_t header[8];
    put_number(header, TAM_RECORDIO_MAGIC);
    put_number(header + 4, flag << 29 | (uint32_t)size);
    TAM_TRY(tam_stream_write(stream, header, sizeof header));
    return tam_stream_write(stream, data, size);
}

tam_status tam_recordio_write(tam_stream *stream, const uint8_t *payload, size_t size) {
    static const uint8_t zeros[4];
    uint8_t magic[4];
    size_t begin = 0;
    put_number(magic, TAM_RECORDIO_MAGIC);
    for (size_t at = 0; at + sizeof magic <= size; at += sizeof magic) {
        if (memcmp(payload + at, magic, sizeof magic) == 0) { /* left out: the reader puts it back */
            TAM_TRY(write_part(stream, begin == 0 ? FIRST : MIDDLE, payload + begin, at - begin));
            begin = at + sizeof magic;
        }
    }
    TAM_TRY(write_part(stream, begin == 0 ? WHOLE : LAST, payload + begin, size - begin));
    return tam_stream_write(stream, zeros, (4 - size % 4) % 4);
}

size_t tam_recordio_put_header(uint8_t *bytes, float label, uint64_t id, uint32_t n, const float *further) {
    uint32_t bits;
    memset(bytes, 0, TAM_RECORDIO_HEADER);
    put_number(bytes, n);
    memcpy(&bits, &label, sizeof bits);
    put_number(bytes + 4, bits);
    put_number(bytes + 8, (uint32_t)id);
    put_number(bytes + 12, (uint32_t)(id >> 32));
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&bits, &further[i], sizeof bits);
        put_number(bytes + TAM_RECORDIO_HEADER + 4 * i, bits);
    }
    return TAM_RECORDIO_HEADER + 4 * (size_t)n;
}
