/* Vector exp, 2^x and acos in f32. The inline forms have no branches, so that a loop over them becomes vector code
 * inside any function marked TAM_KERNEL; the array forms are such loops.
 *
 * Errors, in units in the last place of the correctly rounded result, swept over the whole domain by
 * tests/unit/base/test_vector_math.c: tam_exp 1.1 ulp, denormal results included; tam_exp2_softmax 1.1 ulp;
 * tam_acos 1.4 ulp. */
#ifndef BASE_VECTOR_MATH_H
#define BASE_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t tam_bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float tam_float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^n for n in [-126, 127]. */
static inline float tam_power_of_two(int32_t n) {
    return tam_float_of(((uint32_t)n + 127u) << 23);
}

/* e^x = 2^n e^r with n whole and |r| <= ln(2)/2. */
typedef struct tam_exp_parts {
    int32_t n;
    float e_r;
} tam_exp_parts;

/* x in [-104, 89]; for NaN e_r is NaN and n anything. */
static inline tam_exp_parts tam_exp_split(float x) {
    const float round = 0x1.8p23f; /* adding it leaves the nearest whole number in the low bits of the mantissa */
    float shifted = x * 0x1.715476p0f + round;
    float n = shifted - round;
    float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln 2 in two parts: the first product is exact */
    float q = 0x1.6d11fep-10f;
    q = q * r + 0x1.120c62p-7f;
    q = q * r + 0x1.555518p-5f;
    q = q * r + 0x1.5554dcp-3f;
    q = q * r + 0.5f;
    return (tam_exp_parts){(int32_t)(tam_bits_of(shifted) - tam_bits_of(round)), q * (r * r) + r + 1.0f};
}

/* e^x over all floats: +inf above 88.73, denormals down to e^-103.97, 0 below, NaN for NaN. */
static inline float tam_exp(float x) {
    float inside = x > 89.0f ? 89.0f : x;
    inside = inside < -104.0f ? -104.0f : inside;
    tam_exp_parts parts = tam_exp_split(inside);
    int32_t half = parts.n >> 1; /* two factors reach beyond the range of one exponent */
    return parts.e_r * tam_power_of_two(half) * tam_power_of_two(parts.n - half);
}

/* 2^x for x <= 127, as a softmax in base 2 needs it: 0 where the result would be denormal (x < -126); NaN for NaN. */
static inline float tam_exp2_softmax(float x) {
    const float round = 0x1.8p23f + 127.0f; /* leaves the nearest whole number n, and with it 2^n's exponent */
    float shifted = x + round;
    float r = x - (shifted - round);
    float q = 0x1.4bdff2p-13f;
    q = q * r + 0x1.5fbcb0p-10f;
    q = q * r + 0x1.3b21cap-7f;
    q = q * r + 0x1.c6ada8p-5f;
    q = q * r + 0x1.ebfbe6p-3f;
    q = q * r + 0x1.62e432p-1f;
    q = q * r + 1.0f;
    float y = q * tam_float_of(tam_bits_of(shifted) << 23);
    return x < -126.0f ? 0.0f : y;
}

/* arccos in [0, pi]. Outside [-1, 1], where rounding puts cosines, the nearest end counts; NaN for NaN. */
static inline float tam_acos(float c) {
    float size = fabsf(c);
    size = size > 1.0f ? 1.0f : size;
    int big = size > 0.5f; /* there arccos(c) = 2 arcsin(sqrt((1 - c) / 2)) keeps its precision */
    float t = big ? (1.0f - size) * 0.5f : size * size;
    float s = big ? sqrtf(t) : size;
    float p = 0x1.37fe16p-5f;
    p = p * t + 0x1.b311d2p-6f;
    p = p * t + 0x1.70a6bcp-5f;
    p = p * t + 0x1.332732p-4f;
    p = p * t + 0x1.55555ep-3f;
    float arcsin = s + s * (t * p);
    float twice = arcsin + arcsin;
    const float pi_low = -0x1.777a5cp-24f; /* pi - (float)pi */
    float far = c < 0.0f ? 0x1.921fb6p1f - (twice - pi_low) : twice;
    float near = 0x1.921fb6p0f - ((c < 0.0f ? -arcsin : arcsin) - 0.5f * pi_low);
    float y = big ? far : near;
    return c != c ? c : y;
}

/* y[i] = e^x[i] and y[i] = arccos(x[i]) for i in [0, n); y may be x. */
void tam_exp_array(int64_t n, const float *x, float *y);
void tam_acos_array(int64_t n, const float *x, float *y);

#endif
