/* Loops over whole rows in f64: vector code. */
#ifndef LOSS_VECTORS_H
#define LOSS_VECTORS_H

#include <stdint.h>

/* u . v */
double tam_vector_dot(int64_t n, const double *u, const double *v);

/* |u - v|^2 */
double tam_vector_squared_distance(int64_t n, const double *u, const double *v);

/* y += a x */
void tam_vector_add(int64_t n, double a, const double *x, double *y);

/* y += a (u - v) */
void tam_vector_add_difference(int64_t n, double a, const double *u, const double *v, double *y);

#endif
