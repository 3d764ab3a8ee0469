/* Bytes [H, W, C] and normalised planes [C, H, W]. */
#ifndef DATA_AUGMENT_BYTES_H
#define DATA_AUGMENT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The float nearest to (value - 127.5) / 127.5, without a division: that is k / 255 with k = 2 value - 255, and k times
 * the upper 9 bits of 1/255 is exact. What the lower bits add is rounded, but far below half a unit in the last place
 * of the sum, and no k / 255 lies so near to the middle of two floats. */
#define TAM_NORMALISE_UPPER 0x1.01p-8f
#define TAM_NORMALISE_LOWER 0x1.010102p-24f
static inline float tam_normalise(uint8_t value) {
    float k = (float)(2 * (int)value - 255);
    return k * TAM_NORMALISE_UPPER + k * TAM_NORMALISE_LOWER;
}

/* pixels [height, width, channels], 1 channel or 3 -> planes [channels, height, width]. */
void tam_planes_of_bytes(const uint8_t *pixels, int channels, int height, int width, bool mirrored, float *planes);
/* The same, into memory that is not read soon: large images are written past the caches. */
void tam_planes_past_cache(const uint8_t *pixels, int channels, int height, int width, bool mirrored, float *planes);
/* The nearest bytes of planes [channels, area], beyond -1 and 1 those of -1 and 1. */
void tam_bytes_of_planes(const float *planes, int channels, size_t area, uint8_t *pixels);

#endif
