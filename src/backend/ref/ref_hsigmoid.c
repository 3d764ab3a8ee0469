/* y = (x + 3) / 6 between 0 and 1. */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6;
}

static double slope(double x) {
    return x > -3 && x < 3 ? 1.0 / 6 : 0;
}

TAM_REF_POINTWISE(hsigmoid);
