/* The checksums that our safetensors files carry among their metadata. */
#ifndef IO_SAFETENSORS_CRC_H
#define IO_SAFETENSORS_CRC_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define TAM_CRC_KEY "crc32"
enum { TAM_CRC_ROOM = 9 };

static inline uint32_t tam_crc_begin(void) {
    return (uint32_t)crc32(0, NULL, 0);
}

static inline uint32_t tam_crc_bytes_on(uint32_t crc, const void *data, size_t bytes) {
    return (uint32_t)crc32_z(crc, data, bytes);
}

static inline uint32_t tam_crc_bytes(const void *data, size_t bytes) {
    return tam_crc_bytes_on(tam_crc_begin(), data, bytes);
}

/* Goes on with a string and its closing zero. */
static inline uint32_t tam_crc_text_on(uint32_t crc, const char *text) {
    return (uint32_t)crc32_z(crc, (const unsigned char *)text, strlen(text) + 1);
}

/* Goes on with a key and its value. */
static inline uint32_t tam_crc_pair(uint32_t crc, const char *key, const char *value) {
    return tam_crc_text_on(tam_crc_text_on(crc, key), value);
}

static inline void tam_crc_text(uint32_t crc, char text[TAM_CRC_ROOM]) {
    snprintf(text, TAM_CRC_ROOM, "%08" PRIx32, crc);
}

#endif
