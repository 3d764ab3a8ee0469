/* Checked reading of hostile bytes: a cursor that cannot leave its buffer. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct tam_bytes {
    const uint8_t *data;
    size_t size;
    size_t at; /* always <= size: the offset to name in an error */
} tam_bytes;

static inline size_t tam_bytes_left(const tam_bytes *bytes) {
    return bytes->size - bytes->at;
}

/* The next `count` bytes, or NULL (cursor unmoved) when fewer are left. */
static inline const uint8_t *tam_bytes_take(tam_bytes *bytes, size_t count) {
    if (count > tam_bytes_left(bytes)) {
        return NULL;
    }
    const uint8_t *start = bytes->data + bytes->at;
    bytes->at += count;
    return start;
}

static inline bool tam_bytes_u8(tam_bytes *bytes, uint8_t *value) {
    const uint8_t *p = tam_bytes_take(bytes, 1);
    if (p != NULL) {
        *value = *p;
    }
    return p != NULL;
}

static inline bool tam_bytes_u32_big(tam_bytes *bytes, uint32_t *value) {
    const uint8_t *p = tam_bytes_take(bytes, 4);
    if (p != NULL) {
        *value = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    return p != NULL;
}

static inline bool tam_bytes_u32_little(tam_bytes *bytes, uint32_t *value) {
    const uint8_t *p = tam_bytes_take(bytes, 4);
    if (p != NULL) {
        *value = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    }
    return p != NULL;
}

static inline bool tam_bytes_u64_little(tam_bytes *bytes, uint64_t *value) {
    uint32_t low = 0, high = 0;
    if (tam_bytes_left(bytes) < 8) {
        return false;
    }
    (void)tam_bytes_u32_little(bytes, &low);
    (void)tam_bytes_u32_little(bytes, &high);
    *value = (uint64_t)high << 32 | low;
    return true;
}

#endif
