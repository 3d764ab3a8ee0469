/* Curves for numbers that are stored in bf16, where 2e-3 of a result are lost anyway: to 3e-4 of a result (of a slope:
 * and 5e-5 more), without division and without the last bits of exponentials. A NaN stays one. Included by
 * cpu_sweep_curve.h; tests/unit/backend/test_sweep_curves.c holds them to the exact curves. */
#ifndef BACKEND_CPU_CPU_SWEEP_SHORT_H
#define BACKEND_CPU_CPU_SWEEP_SHORT_H

PART vec size_of(vec z) {
    return (vec)((words)z & 0x7fffffffu);
}

/* c[0] + c[1] x + ... + c[degree] x^degree */
PART vec polynomial(const int degree, const float *c, vec x) {
    vec y = all(c[degree]);
    UNROLL
    for (int i = degree - 1; i >= 0; i--) {
        y = FMA(y, x, all(c[i]));
    }
    return y;
}

PART vec eighth_power(vec x) {
    vec square = x * x, fourth = square * square;
    return fourth * fourth;
}

/* From here on the normal distribution has nothing left that a number in bf16 beside it shows. */
#define NORMAL_END 5.5f

/* x P(x) = max(x, 0) - |x| P(-|x|), and the eighth root of P is a polynomial. */
PART vec short_gelu(vec z) {
    static const float root[] = {0x1.d58490p-1f, -0x1.786806p-4f,  -0x1.f3a10ep-6f, -0x1.4689a2p-9f,
                                 0x1.5bb088p-9f, -0x1.7b4a84p-12f, 0x1.02908ap-16f};
    vec size = size_of(z), end = all(NORMAL_END), inside = IF_REACHED(size, end, end, size);
    vec share = eighth_power(polynomial(6, root, inside));
    share = IF_REACHED(size, end, all(0), share);
    return FMA(-inside, share, IF_POSITIVE(z, z, all(0)));
}

/* At -|x| the slope is (1 - |x| / 5.5)^8 times a polynomial. */
PART vec short_gelu_slope(vec z) {
    static const float factor[] = {0x1.00052ap-1f,  -0x1.27cfe6p-4f, -0x1.1d27e2p-1f, -0x1.526c48p-2f,
                                   -0x1.f76412p-6f, 0x1.7e3420p-4f,  -0x1.2623b6p-6f};
    vec size = size_of(z), end = all(NORMAL_END), inside = IF_REACHED(size, end, end, size);
    vec low = eighth_power(FMA(inside, all(-1 / NORMAL_END), all(1))) * polynomial(6, factor, inside);
    return IF_POSITIVE(z, 1 - low, low);
}

/* e^-|x| and 1 / (1 + e^-|x|): this by a square polynomial and one step of Newton's. */
typedef struct short_logistic_parts {
    vec e, large;
} short_logistic_parts;

PART short_logistic_parts short_logistic(vec z) {
    static const float power[] = {0x1.fff692p-1f, 0x1.62f31cp-1f, 0x1.f0de26p-3f, 0x1.c3f6c4p-5f};
    static const float guess[] = {0x1.fad37cp-1f, -0x1.9dbb48p-1f, 0x1.4afc16p-2f};
    const float shift = 0x1.8p23f + 127.0f; /* as in tam_exp2_softmax */
    vec size = size_of(z), end = all(87.3f), inside = IF_REACHED(size, end, end, size);
    vec x = inside * all(-0x1.715476p0f), shifted = x + all(shift);
    vec e = polynomial(3, power, x - (shifted - all(shift))) * (vec)((words)shifted << 23);
    e = IF_REACHED(size, end, all(0), e);
    vec about = polynomial(2, guess, e);
    return (short_logistic_parts){e, FMA(about, FMA(-about, e, 1 - about), about)};
}

PART vec short_sigmoid(vec z) {
    short_logistic_parts parts = short_logistic(z);
    return IF_POSITIVE(z, parts.large, parts.e * parts.large);
}

PART vec short_sigmoid_slope(vec z) {
    short_logistic_parts parts = short_logistic(z);
    return parts.e * (parts.large * parts.large);
}

PART vec short_swish(vec z) {
    return z * short_sigmoid(z);
}

PART vec short_swish_slope(vec z) {
    short_logistic_parts parts = short_logistic(z);
    vec small = parts.e * parts.large, share = IF_POSITIVE(z, parts.large, small);
    return FMA(z * small, parts.large, share);
}

#define EACH_SHORT_CURVE(X)       \
    X(TAM_CURVE_SIGMOID, sigmoid) \
    X(TAM_CURVE_SWISH, swish)     \
    X(TAM_CURVE_GELU, gelu)

/* z = f(z); false where the curve has no short form. */
CURVE_ROW bool short_values(tam_sweep_curve curve, vec *z) {
    switch (curve) {
#define X(number, name)                     \
    case number:                            \
        UNROLL                              \
        for (int i = 0; i < VECTORS; i++) { \
            z[i] = short_##name(z[i]);      \
        }                                   \
        return true;
        EACH_SHORT_CURVE(X)
#undef X
    default:
        return false;
    }
}

/* dz = f'(z) dz */
CURVE_ROW bool short_slopes(tam_sweep_curve curve, const vec *z, vec *dz) {
    switch (curve) {
#define X(number, name)                          \
    case number:                                 \
        UNROLL                                   \
        for (int i = 0; i < VECTORS; i++) {      \
            dz[i] *= short_##name##_slope(z[i]); \
        }                                        \
        return true;
        EACH_SHORT_CURVE(X)
#undef X
    default:
        return false;
    }
}

#endif
