#include "head/row_kernels.h"

#include <math.h>

#include "base/kernel.h"
#include "base/vector_math.h"

TAM_KERNEL double tam_dot(int64_t n, const float *x, const float *y) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < n; d++) {
        sum += (double)x[d] * (double)y[d];
    }
    return sum;
}

TAM_KERNEL void tam_scale_row(int64_t n, double scale, const float *restrict x, float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] = (float)(scale * (double)x[d]);
    }
}

TAM_KERNEL float tam_row_cosines(int64_t n, const float *restrict products, const float *restrict inverse_w,
                                 float *restrict c) {
    float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < n; j++) {
        c[j] = products[j] * inverse_w[j];
        largest = c[j] > largest ? c[j] : largest;
    }
    return largest;
}

TAM_KERNEL_PART void nearest_of(int64_t n, int subs, const float *restrict products, const float *restrict inverse_w,
                                float *restrict c, uint8_t *restrict nearest) {
    for (int64_t j = 0; j < n; j++) {
        float best = products[j * subs] * inverse_w[j * subs];
        int32_t which = 0;
        for (int k = 1; k < subs; k++) {
            float candidate = products[j * subs + k] * inverse_w[j * subs + k];
            which = candidate > best ? k : which;
            best = candidate > best ? candidate : best;
        }
        c[j] = best;
        nearest[j] = (uint8_t)which;
    }
}

/* The usual numbers of sub-centres are constants to the compiler, which then makes vector code of the inner loop. */
TAM_KERNEL float tam_row_nearest(int64_t n, int subs, const float *restrict products, const float *restrict inverse_w,
                                 float *restrict c, uint8_t *restrict nearest) {
    float largest = -INFINITY;
    switch (subs) {
    case 2:
        nearest_of(n, 2, products, inverse_w, c, nearest);
        break;
    case 3:
        nearest_of(n, 3, products, inverse_w, c, nearest);
        break;
    case 4:
        nearest_of(n, 4, products, inverse_w, c, nearest);
        break;
    default:
        nearest_of(n, subs, products, inverse_w, c, nearest);
    }
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < n; j++) {
        largest = c[j] > largest ? c[j] : largest;
    }
    return largest;
}

TAM_KERNEL void tam_row_scaled(int64_t n, const float *restrict c, float scale, float *restrict z,
                               float *restrict slope) {
    for (int64_t j = 0; j < n; j++) {
        z[j] = scale * c[j];
        slope[j] = scale;
    }
}

TAM_KERNEL void tam_row_filter(int64_t n, const float *restrict c, float limit, float removed, float *restrict z,
                               float *restrict slope) {
    for (int64_t j = 0; j < n; j++) {
        z[j] = c[j] > limit ? removed : z[j];
        slope[j] = c[j] > limit ? 0.0f : slope[j];
    }
}

TAM_KERNEL float tam_row_sum(int64_t n, const float *z) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        sum += z[j];
    }
    return sum;
}

TAM_KERNEL void tam_row_add_exponentials(int64_t n, const float *restrict z, float *restrict sum) {
    for (int64_t j = 0; j < n; j++) {
        sum[j] += tam_exp(z[j]);
    }
}

TAM_KERNEL void tam_row_shares(int64_t n, float *restrict slope, const float *restrict z, const float *restrict sum) {
    for (int64_t j = 0; j < n; j++) {
        slope[j] *= tam_exp(z[j]) / (1.0f + sum[j]);
    }
}

double tam_row_log_sums(int64_t n, const float *sum) {
    double total = 0.0;
    for (int64_t j = 0; j < n; j++) {
        total += log1p((double)sum[j]);
    }
    return total;
}

TAM_KERNEL void tam_add_scaled_row(int64_t n, float a, const float *restrict x, float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += a * x[d];
    }
}

TAM_KERNEL void tam_add_two_rows(int64_t n, float a, const float *restrict u, float b, const float *restrict v,
                                 float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += a * u[d] + b * v[d];
    }
}
