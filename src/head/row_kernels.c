#include "head/row_kernels.h"

#include <string.h>

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

TAM_KERNEL float tam_row_logits(int64_t n, const float *restrict products, const float *restrict inverse_w,
                                const float *restrict bias, float scale, float *restrict z) {
    float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < n; j++) {
        z[j] = scale * (products[j] * inverse_w[j]) + bias[j];
        largest = z[j] > largest ? z[j] : largest;
    }
    return largest;
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

TAM_KERNEL float tam_row_largest(int64_t n, const float *z) {
    float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
    for (int64_t j = 0; j < n; j++) {
        largest = z[j] > largest ? z[j] : largest;
    }
    return largest;
}

TAM_KERNEL float tam_row_exp_sum(int64_t n, const float *z, float max) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        sum += tam_exp_softmax(z[j] - max);
    }
    return sum;
}

TAM_KERNEL float tam_row_sum(int64_t n, const float *z) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        sum += z[j];
    }
    return sum;
}

/* No probability is above 1: where z and lse are so large that their rounding shows, z - lse can come out positive. The
 * smaller of it and 0 is taken by arithmetic: a comparison here would keep the loop from becoming vector code. */
static inline float probability(float z, float lse) {
    float log_p = z - lse;
    return tam_exp_softmax(0.5f * (log_p - fabsf(log_p)));
}

TAM_KERNEL float tam_row_gradient(int64_t n, float *restrict g, const float *restrict inverse_w,
                                  const float *restrict bias, float scale, float lse, float weight,
                                  float *restrict column_gc, float *restrict column_g) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        float c = g[j] * inverse_w[j];
        float p = weight * probability(scale * c + bias[j], lse);
        float length = scale * p;
        g[j] = length * inverse_w[j];
        column_gc[j] += g[j] * c;
        column_g[j] += p;
        sum += length * c;
    }
    return sum;
}

TAM_KERNEL void tam_row_lengths(int64_t n, float *restrict slope, const float *restrict z, float lse) {
    for (int64_t j = 0; j < n; j++) {
        slope[j] *= probability(z[j], lse);
    }
}

TAM_KERNEL float tam_row_gradient_of_lengths(int64_t n, const float *restrict c, const float *restrict inverse_w,
                                             const float *restrict length, float weight, float *restrict g,
                                             float *restrict column_gc) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        float weighted = weight * length[j];
        g[j] = weighted * inverse_w[j];
        column_gc[j] += g[j] * c[j];
        sum += weighted * c[j];
    }
    return sum;
}

/* One row of K moves: zeros everywhere and single stores are faster than K strided sweeps. */
TAM_KERNEL float tam_row_gradient_of_nearest(int64_t n, int subs, const float *restrict c,
                                             const uint8_t *restrict nearest, const float *restrict inverse_w,
                                             const float *restrict length, float weight, float *restrict g,
                                             float *restrict column_gc) {
    float sum = 0.0f;
    memset(g, 0, (size_t)(n * subs) * sizeof *g);
    for (int64_t j = 0; j < n; j++) {
        int64_t row = j * subs + nearest[j];
        float share = weight * length[j] * inverse_w[row];
        g[row] = share;
        column_gc[row] += share * c[j];
    }
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++) {
        sum += weight * length[j] * c[j];
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

TAM_KERNEL void tam_add_row(int64_t n, const float *restrict x, float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += x[d];
    }
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

TAM_KERNEL void tam_subtract_unit_row(int64_t n, float g, float u, const float *restrict x, float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] -= g * (u * x[d]);
    }
}
