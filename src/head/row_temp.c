#include "head/row_temp.h"
#include "base/kernel.h"
#include "base/random.h"
#include "base/vector_math.h"
#include "head/row_kernels.h"
#include <math.h>
TAM_KERNEL float tam_row_scaled_logits(int64_t n, const float *restrict p, const float *restrict inverse_w,
                                       float scale2, float *restrict z2) {
    float l = -INFINITY;
    for (int64_t j = 0; j < n; j++) {
        z2[j] = scale2 * (p[j] * inverse_w[j]);
        l = z2[j] > l ? z2[j] : l;
    }
    return l;
}
TAM_KERNEL float tam_row_biased_logits(int64_t n, const float *restrict p, const float *restrict inverse_w,
                                       const float *bias, float scale2, float *restrict z2) {
    float l = -INFINITY;
    for (int64_t j = 0; j < n; j++) {
        z2[j] = scale2 * (p[j] * inverse_w[j]) + 1.44269504f * bias[j];
        l = z2[j] > l ? z2[j] : l;
    }
    return l;
}
TAM_KERNEL float tam_row_to_base_2(int64_t n, float *z) {
    float l = -INFINITY;
    for (int64_t j = 0; j < n; j++) {
        z[j] *= 1.44269504f;
        l = z[j] > l ? z[j] : l;
    }
    return l;
}
static float e2(float x) {
    return x < -126.f ? 0.f : (float)exp2((double)x);
}
double tam_row_shares_of_scale(int64_t n, const float *z2, float m, float slope, float *t) {
    double s = 0;
    for (int64_t j = 0; j < n; j++) {
        float e = e2(z2[j] - m);
        s += (double)e;
        t[j] = slope * e;
    }
    return s;
}
double tam_row_shares_of_slopes(int64_t n, const float *z2, float m, const float *slope, float *t) {
    double s = 0;
    for (int64_t j = 0; j < n; j++) {
        float e = e2(z2[j] - m);
        s += (double)e;
        t[j] = slope[j] * e;
    }
    return s;
}
double tam_row_share_sum(int64_t n, const float *z2, float m) {
    double s = 0;
    for (int64_t j = 0; j < n; j++)
        s += (double)e2(z2[j] - m);
    return s;
}
void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *v) {
    tam_random r = tam_random_at(seed, purpose, a, b);
    for (int64_t i = 0; i < n; i++)
        v[i] = deviation * tam_random_normal(&r);
}
