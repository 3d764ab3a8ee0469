/* y = x between 0 and 6, else the nearer of them; a NaN stays one. */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return x <= 0 ? 0 : x >= 6 ? 6 : x;
}

static double slope(double x) {
    return x > 0 && x < 6 ? 1 : 0;
}

TAM_REF_POINTWISE(relu6);
