/* Two independent normal numbers from 64 random bits: Box and Muller, "A note on the generation of random normal
 * deviates", 1958. They are the coordinates of a point whose squared distance from 0 is exponential and whose direction
 * is any alike. Inline forms without branches, so that loops over them become vector code; finite for all bits, with
 * errors below 3e-7 of the distance and of the direction. */
#ifndef BASE_BOX_MULLER_H
#define BASE_BOX_MULLER_H

#include <math.h>
#include <stdint.h>

#include "base/vector_math.h"

/* sqrt(-ln u) with u = (w / 2 + 1/2) 2^-31, whole w / 2: u is in [2^-32, 1]. */
static inline float tam_box_muller_radius(uint32_t w) {
    const uint32_t root_half = 0x3f3504f3u; /* of 1/2: u = 2^e (1 + f) with 1 + f from there to twice as much */
    float u = (float)(int32_t)(w >> 1) * 0x1p-31f + 0x1p-32f;
    uint32_t bits = tam_bits_of(u) + (0x3f800000u - root_half);
    float e = (float)((int32_t)(bits >> 23) - 127);
    float f = tam_float_of((bits & 0x7fffffu) + root_half) - 1.0f;
    float u_1 = (float)(int32_t)(w >> 1 | 0x80000000u) * 0x1p-31f + 0x1p-32f; /* u - 1, not rounded where it is small */
    f = e == 0.0f ? u_1 : f;
    float q = -0x1.73a43ep-4f;
    q = q * f + 0x1.45bb06p-3f;
    q = q * f - 0x1.64e6e6p-3f;
    q = q * f + 0x1.9869c0p-3f;
    q = q * f - 0x1.ff312ap-3f;
    q = q * f + 0x1.55566ap-2f;
    q = q * f - 0x1.0000a8p-1f;
    float log_1_f = q * f * f + f;
    return sqrtf(e * -0x1.62e430p-1f - log_1_f);
}

/* A point at random on the circle of radius sqrt(2): two bits choose the quarter, the others the angle in it, pi/4 + b
 * with b in [-pi/4, pi/4). */
static inline void tam_box_muller_direction(uint32_t w, float *x, float *y) {
    float b = (float)(int32_t)(w << 2) * 0x1.921fb6p-32f;
    float t = b * b;
    float sine = b + b * (t * ((-0x1.9956b6p-13f * t + 0x1.11077ep-7f) * t - 0x1.555546p-3f));
    float cosine = 1.0f + t * ((-0x1.647822p-10f * t + 0x1.553faap-5f) * t - 0x1.ffffbap-2f);
    *x = tam_float_of(tam_bits_of(cosine - sine) ^ (w & 0x80000000u));
    *y = tam_float_of(tam_bits_of(cosine + sine) ^ (w << 1 & 0x80000000u));
}

#endif
