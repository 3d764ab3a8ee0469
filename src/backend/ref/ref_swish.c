/* y = x s(x), s = 1 / (1 + exp(-x));  y' = s + x s (1 - s) */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return x / (1 + exp(-x));
}

static double slope(double x) {
    double s = 1 / (1 + exp(-x));
    return s + x * s * (1 - s);
}

TAM_REF_POINTWISE(swish);
