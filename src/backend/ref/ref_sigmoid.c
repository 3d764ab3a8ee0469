/* y = s(x) = 1 / (1 + exp(-x));  s' = s (1 - s) */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return 1 / (1 + exp(-x));
}

static double slope(double x) {
    double s = value(x);
    return s * (1 - s);
}

TAM_REF_POINTWISE(sigmoid);
