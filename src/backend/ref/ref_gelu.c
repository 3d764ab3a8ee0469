/* y = x P(x), P the normal distribution's share below x;  y' = P + x p, p its density */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return x * 0.5 * (1 + erf(x * sqrt(0.5)));
}

static double slope(double x) {
    const double density_at_0 = 0.3989422804014327;
    return 0.5 * (1 + erf(x * sqrt(0.5))) + x * density_at_0 * exp(-0.5 * x * x);
}

TAM_REF_POINTWISE(gelu);
