/* The curves that networks use as activations, and their slopes, in f32: vector forms as in vector_math.h, without
 * branches. f32 results within the bounds that tests/unit/base/test_vector_curves.c holds them to over all floats. A
 * NaN stays one.
 *
 *     sigmoid(x) = 1 / (1 + e^-x)         swish(x) = x sigmoid(x)
 *     hsigmoid(x) = (x + 3) / 6, cut at 0 and 1      hswish(x) = x hsigmoid(x)
 *     gelu(x) = x P(x), P the share of the normal distribution below x */
#ifndef BASE_VECTOR_CURVES_H
#define BASE_VECTOR_CURVES_H

#include "base/vector_math.h"

/* sigmoid(x) and 1 - sigmoid(x), both to the last bits. */
typedef struct tam_two_shares {
    float below, above;
} tam_two_shares;

static inline tam_two_shares tam_logistic_shares(float x) {
    float e = tam_exp(-fabsf(x)), large = 1.0f / (1.0f + e), small = e * large;
    return (tam_two_shares){x < 0.0f ? small : large, x < 0.0f ? large : small};
}

static inline float tam_sigmoid(float x) {
    return tam_logistic_shares(x).below;
}

static inline float tam_sigmoid_slope(float x) {
    tam_two_shares s = tam_logistic_shares(x);
    return s.below * s.above;
}

static inline float tam_swish(float x) {
    return x * tam_logistic_shares(x).below;
}

static inline float tam_swish_slope(float x) {
    tam_two_shares s = tam_logistic_shares(x);
    return s.below + x * s.below * s.above;
}

static inline float tam_hsigmoid(float x) {
    float y = x * (1.0f / 6.0f) + 0.5f;
    y = x <= -3.0f ? 0.0f : y;
    return x >= 3.0f ? 1.0f : y;
}

static inline float tam_hsigmoid_slope(float x) {
    float inside = x >= 3.0f ? 0.0f : 1.0f / 6.0f;
    return x <= -3.0f ? 0.0f : inside;
}

static inline float tam_hswish(float x) {
    float y = x * ((x + 3.0f) * (1.0f / 6.0f));
    y = x <= -3.0f ? 0.0f : y;
    return x >= 3.0f ? x : y;
}

static inline float tam_hswish_slope(float x) {
    float y = x * (1.0f / 3.0f) + 0.5f;
    y = x <= -3.0f ? 0.0f : y;
    return x >= 3.0f ? 1.0f : y;
}

/* Near 0 a polynomial, for there 1 - 2 / (e^2x + 1) has no bits left. */
static inline float tam_tanh(float x) {
    float size = fabsf(x), e = tam_exp(-2.0f * size), far = (1.0f - e) / (1.0f + e);
    float t = x * x, p = -0x1.75e1d4p-8f;
    p = p * t + 0x1.52269cp-6f;
    p = p * t - 0x1.b83c5ap-5f;
    p = p * t + 0x1.110726p-3f;
    p = p * t - 0x1.555532p-2f;
    float near = x + x * (t * p);
    return size < 0.625f ? near : x < 0.0f ? -far : far;
}

static inline float tam_tanh_slope(float x) {
    tam_two_shares s = tam_logistic_shares(x + x);
    return 4.0f * (s.below * s.above);
}

/* The normal distribution's share below x, and e^(-x^2 / 2). Above |x| the share is e^(-x^2 / 2) W(|x|), with Mills'
 * ratio W smooth: (|x| + 2.5) W is a polynomial in (|x| - 2.5) / (|x| + 2.5). */
typedef struct tam_normal_parts {
    float share, bell;
} tam_normal_parts;

static inline tam_normal_parts tam_normal_split(float x) {
    float size = fabsf(x);
    size = size > 16.0f ? 16.0f : size;
    float bell = tam_exp(-0.5f * (size * size)), r = 1.0f / (size + 2.5f), u = (size - 2.5f) * r;
    float p = -0x1.4b9966p-13f;
    p = p * u - 0x1.487e1ap-12f;
    p = p * u + 0x1.665b68p-11f;
    p = p * u + 0x1.4b0698p-9f;
    p = p * u - 0x1.a35942p-10f;
    p = p * u - 0x1.0c7aaap-6f;
    p = p * u + 0x1.2ea14ep-7f;
    p = p * u + 0x1.0e4f36p-3f;
    p = p * u - 0x1.bc19cp-2f;
    p = p * u + 0x1.69cee6p-1f;
    float beyond = bell * (p * r);
    return (tam_normal_parts){x < 0.0f ? beyond : 1.0f - beyond, bell};
}

static inline float tam_gelu(float x) {
    return x * tam_normal_split(x).share;
}

static inline float tam_gelu_slope(float x) {
    tam_normal_parts parts = tam_normal_split(x);
    return parts.share + x * (0x1.988454p-2f * parts.bell); /* the bell over sqrt(2 pi) is the density */
}

#endif
