/* The head's loops over whole rows: vector code. c_j = product_j / |w_j| throughout. */
#ifndef HEAD_ROW_KERNELS_H
#define HEAD_ROW_KERNELS_H

#include <stdint.h>

/* x . y in f64. */
double tam_dot(int64_t n, const float *x, const float *y);

/* y = scale x. */
void tam_scale_row(int64_t n, double scale, const float *x, float *y);

/* Logits in base 2, z2_j = log2(e) z_j, as exponentials need them. In place too; each returns the largest, NaN passed
 * over, -infinity for n = 0. Here z2_j = scale2 (p_j inverse_w_j). */
float tam_row_scaled_logits(int64_t n, const float *p, const float *inverse_w, float scale2, float *z2);
/* z2_j = scale2 (p_j inverse_w_j) + log2(e) bias_j. */
float tam_row_biased_logits(int64_t n, const float *p, const float *inverse_w, const float *bias, float scale2,
                            float *z2);
/* z_j log2(e) in place of z_j. */
float tam_row_to_base_2(int64_t n, float *z);

/* e_j = 2^(z2_j - reference), for differences up to 61; 0 below 2^-126, NaN for NaN. t_j = slope e_j, in place of z2
 * too; returns sum_j e_j (relative error below 1e-6 for n up to 2048). */
double tam_row_shares_of_scale(int64_t n, const float *z2, float reference, float slope, float *t);
/* The same with a slope for each class: t_j = slope_j e_j; t may be z2 or slope. */
double tam_row_shares_of_slopes(int64_t n, const float *z2, float reference, const float *slope, float *t);
/* The sum alone. */
double tam_row_share_sum(int64_t n, const float *z2, float reference);

/* c_j from the products; returns the largest. */
float tam_row_cosines(int64_t n, const float *products, const float *inverse_w, float *c);

/* c_j = the largest cosine among the K = subs rows of class j, and which that is; returns the largest of all. */
float tam_row_nearest(int64_t n, int subs, const float *products, const float *inverse_w, float *c, uint8_t *nearest);

/* z_j = scale c_j with its slope. */
void tam_row_scaled(int64_t n, const float *c, float scale, float *z, float *slope);

/* Classes with c_j > limit get z_j = removed and slope 0. */
void tam_row_filter(int64_t n, const float *c, float limit, float removed, float *z, float *slope);

/* sum_j z_j. */
float tam_row_sum(int64_t n, const float *z);

/* sum_j += e^z_j. */
void tam_row_add_exponentials(int64_t n, const float *z, float *sum);

/* slope_j *= e^z_j / (1 + sum_j). */
void tam_row_shares(int64_t n, float *slope, const float *z, const float *sum);

/* sum_j log(1 + sum_j), in f64. */
double tam_row_log_sums(int64_t n, const float *sum);

/* y += a x. */
void tam_add_scaled_row(int64_t n, float a, const float *x, float *y);

/* y += a u + b v. */
void tam_add_two_rows(int64_t n, float a, const float *u, float b, const float *v, float *y);

#endif
