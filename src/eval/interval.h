/* Confidence intervals of shares. */
#ifndef EVAL_INTERVAL_H
#define EVAL_INTERVAL_H

#include <stdint.h>

/* The regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1]; relative error below 1e-9. */
double tam_incomplete_beta(double a, double b, double x);

/* The exact (Clopper-Pearson, Biometrika 1934) 95% interval of a share of which `hits` of `count` were seen; NaN when
 * count is 0. */
void tam_clopper_pearson(int64_t hits, int64_t count, double *low, double *high);

#endif
