#include "eval/interval.h"

#include <math.h>
#include <stdbool.h>

/* lgamma writes a global; its _r form does not. */
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* The even and odd terms of the continued fraction of I_x(a, b) (Abramowitz and Stegun 26.5.8), summed by Lentz's
 * method; converges in O(sqrt(max(a, b))) terms for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 1000000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double change = 1;
        for (int half = 0; half < 2; half++) {
            double term = half == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = c * d;
            value *= change;
        }
        if (fabs(change - 1) < 1e-15) {
            break;
        }
    }
    return value;
}

double tam_incomplete_beta(double a, double b, double x) {
    if (x <= 0) {
        return 0;
    }
    if (x >= 1) {
        return 1;
    }
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) {
        return front * beta_fraction(a, b, x) / a;
    }
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* x with I_x(a, b) = share. */
static double beta_quantile(double a, double b, double share) {
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        bool below = tam_incomplete_beta(a, b, middle) < share;
        low = below ? middle : low;
        high = below ? high : middle;
    }
    return (low + high) / 2;
}

void tam_clopper_pearson(int64_t hits, int64_t count, double *low, double *high) {
    double k = (double)hits, n = (double)count;
    if (count <= 0) {
        *low = *high = NAN;
        return;
    }
    *low = hits <= 0 ? 0 : beta_quantile(k, n - k + 1, 0.025);
    *high = hits >= count ? 1 : beta_quantile(k + 1, n - k, 0.975);
}
