/* y = tanh(x);  y' = 1 - y^2 */
#include "backend/ref/ref_pointwise.h"

static double value(double x) {
    return tanh(x);
}

static double slope(double x) {
    double y = tanh(x);
    return 1 - y * y;
}

TAM_REF_POINTWISE(tanh);
