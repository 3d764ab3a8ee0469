/* Files of records, byte by byte, for the tests of RecordIO. */
#ifndef TESTS_RECORD_SUPPORT_H
#define TESTS_RECORD_SUPPORT_H

#include "support.h"

#include "io/recordio.h"

enum { RECORD_ROOM = 1 << 16, MOST_RECORDS = 256 };

typedef struct record_file {
    uint8_t bytes[RECORD_ROOM];
    size_t size;
    uint64_t at[MOST_RECORDS]; /* where the records begin */
    int count;
} record_file;

static inline void put_bytes(record_file *file, const void *data, size_t size) {
    assert_true(file->size + size <= RECORD_ROOM);
    if (size > 0) {
        memcpy(file->bytes + file->size, data, size);
        file->size += size;
    }
}

static inline void put_u32(record_file *file, uint32_t value) {
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put_bytes(file, bytes, 4);
}

static inline void put_f32(record_file *file, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    put_u32(file, bits);
}

/* One part: flag 0 whole, 1 first, 2 middle, 3 last. */
static inline void put_part(record_file *file, uint32_t flag, const void *data, size_t size) {
    if (flag < 2) {
        assert_true(file->count < MOST_RECORDS);
        file->at[file->count++] = file->size;
    }
    put_u32(file, TAM_RECORDIO_MAGIC);
    put_u32(file, flag << 29 | (uint32_t)size);
    put_bytes(file, data, size);
    put_bytes(file, "\0\0\0", (4 - size % 4) % 4);
}

/* A whole record: header, `further` labels (0: label alone), image. */
static inline void put_labels(record_file *file, uint64_t id, float label, int further, const float *labels,
                              const void *image, size_t size) {
    static record_file payload;
    payload.size = 0;
    put_u32(&payload, (uint32_t)further);
    put_f32(&payload, label);
    put_u32(&payload, (uint32_t)id);
    put_u32(&payload, (uint32_t)(id >> 32));
    put_u32(&payload, 0);
    put_u32(&payload, 0);
    for (int i = 0; i < further; i++) {
        put_f32(&payload, labels[i]);
    }
    put_bytes(&payload, image, size);
    put_part(file, 0, payload.bytes, payload.size);
}

static inline void put_image(record_file *file, uint64_t id, float label, const void *image, size_t size) {
    put_labels(file, id, label, 0, NULL, image, size);
}

static inline void put_range(record_file *file, uint64_t id, float begin, float end) {
    const float labels[2] = {begin, end};
    put_labels(file, id, 0, 2, labels, NULL, 0);
}

#endif
