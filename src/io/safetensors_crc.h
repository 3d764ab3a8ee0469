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

static inline uint32_t tam_crc_bytes(const void *data, size_t bytes) {
    return (uint32_t)crc32_z(tam_crc_begin(), data, bytes);
}

/* Goes on with a key and its value, each with its closing zero. */
static inline uint32_t tam_crc_pair(uint32_t crc, const char *key, const char *value) {
    crc = (uint32_t)crc32_z(crc, (const unsigned char *)key, strlen(key) + 1);
    return (uint32_t)crc32_z(crc, (const unsigned char *)value, strlen(value) + 1);
}

static inline void tam_crc_text(uint32_t crc, char text[TAM_CRC_ROOM]) {
    snprintf(text, TAM_CRC_ROOM, "%08" PRIx32, crc);
}

#endif
