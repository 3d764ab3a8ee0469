#include "loss/vectors.h"

#include "base/kernel.h"

TAM_KERNEL double tam_vector_dot(int64_t n, const double *u, const double *v) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < n; d++) {
        sum += u[d] * v[d];
    }
    return sum;
}

TAM_KERNEL double tam_vector_squared_distance(int64_t n, const double *u, const double *v) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < n; d++) {
        double apart = u[d] - v[d];
        sum += apart * apart;
    }
    return sum;
}

TAM_KERNEL void tam_vector_add(int64_t n, double a, const double *restrict x, double *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += a * x[d];
    }
}

TAM_KERNEL void tam_vector_add_difference(int64_t n, double a, const double *restrict u, const double *restrict v,
                                          double *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += a * (u[d] - v[d]);
    }
}
