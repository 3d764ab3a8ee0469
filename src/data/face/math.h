/* What the passes over a face's pixels are made of. All of it is exactly rounded arithmetic on floats and whole
 * numbers, without branches: loops become vector code, and (the files of this folder are compiled without contraction
 * of a product and a sum) every processor gives the same bits. */
#ifndef DATA_FACE_MATH_H
#define DATA_FACE_MATH_H

#include <math.h>
#include <stdint.h>

#include "base/kernel.h"
#include "base/random.h"

TAM_KERNEL_PART float face_least(float a, float b) {
    return a < b ? a : b;
}

TAM_KERNEL_PART float face_most(float a, float b) {
    return a > b ? a : b;
}

TAM_KERNEL_PART float face_share(float x) {
    return face_most(0.0f, face_least(1.0f, x));
}

TAM_KERNEL_PART float face_mix(float a, float b, float t) {
    return a + t * (b - a);
}

/* 0 up to `from`, 1 beyond `to` (or falling, where to < from), smooth between. */
TAM_KERNEL_PART float face_ramp(float from, float to, float x) {
    float t = face_share((x - from) * (1.0f / (to - from)));
    return t * t * (3.0f - 2.0f * t);
}

/* 1 in the middle, 0 outside of the ellipse with radii rx and ry, smooth at its edge. */
TAM_KERNEL_PART float face_bump(float dx, float dy, float rx, float ry) {
    float u = dx * (1.0f / rx), v = dy * (1.0f / ry); /* the divisions are outside of the loop */
    float t = face_most(0.0f, 1.0f - u * u - v * v);
    return t * t;
}

/* The share of a sample that lies inside an edge at signed distance `inside`; soft is the edge's width. */
TAM_KERNEL_PART float face_inside(float inside, float soft) {
    return face_share(0.5f + inside * (1.0f / soft));
}

/* Uniform in [0, 1) for a point of the whole-numbered grid. */
TAM_KERNEL_PART float face_hash(int32_t x, int32_t y, uint32_t salt) {
    uint32_t h = (uint32_t)x * 0x8da6b343u + (uint32_t)y * 0xd8163841u + salt;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    h ^= h >> 15;
    return (float)(int32_t)(h >> 8) * 0x1p-24f;
}

/* The whole number at or below x, for |x| < 4096. */
TAM_KERNEL_PART int32_t face_floor(float x) {
    return (int32_t)(x + 4096.0f) - 4096;
}

/* Smooth noise in [-1, 1] whose bumps are one unit wide. */
TAM_KERNEL_PART float face_noise(float x, float y, uint32_t salt) {
    int32_t ix = face_floor(x), iy = face_floor(y);
    float u = x - (float)ix, v = y - (float)iy;
    u = u * u * (3.0f - 2.0f * u);
    v = v * v * (3.0f - 2.0f * v);
    float top = face_mix(face_hash(ix, iy, salt), face_hash(ix + 1, iy, salt), u);
    float bottom = face_mix(face_hash(ix, iy + 1, salt), face_hash(ix + 1, iy + 1, salt), u);
    return 2.0f * face_mix(top, bottom, v) - 1.0f;
}

/* Mean 0 and deviation 1, within 3.5. */
static inline float face_bell(tam_random *random) {
    float sum = tam_random_uniform(random) + tam_random_uniform(random);
    sum += tam_random_uniform(random) + tam_random_uniform(random);
    return (sum - 2.0f) * 1.7320508f;
}

/* About `mean`, the deviation `spread`. */
static inline float face_about(tam_random *random, float mean, float spread) {
    return mean + spread * face_bell(random);
}

static inline int face_chance(tam_random *random, float probability) {
    return tam_random_uniform(random) < probability;
}

#endif
