/* Radix sort of 32-bit keys: linear, in place of the caller's two buffers, the same on every machine. */
#ifndef EVAL_RADIX_H
#define EVAL_RADIX_H

#include <stdint.h>
#include <string.h>

/* Sorts keys[0..count) in rising order; equal keys keep their order. order, when not NULL, is moved along. The spare
 * arrays have the same sizes (spare_order may be NULL with order). */
void tam_radix_sort(uint32_t *keys, uint32_t *spare, uint32_t *order, uint32_t *spare_order, int64_t count);

/* Keys whose unsigned order is the numbers' order. */
static inline uint32_t tam_key_of_float(float value) {
    uint32_t bits;
    value += 0.0f; /* -0 and 0 are equal */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}

static inline float tam_float_of_key(uint32_t key) {
    uint32_t bits = key >> 31 != 0 ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t tam_key_of_label(int32_t label) {
    return (uint32_t)label ^ 0x80000000u;
}

#endif
