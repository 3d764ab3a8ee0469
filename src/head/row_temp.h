#include "base/random.h"
float tam_row_scaled_logits(int64_t n, const float *restrict p, const float *restrict inverse_w, float scale2,
                            float *restrict z2);
float tam_row_biased_logits(int64_t n, const float *restrict p, const float *restrict inverse_w, const float *bias,
                            float scale2, float *restrict z2);
float tam_row_to_base_2(int64_t n, float *z);
double tam_row_shares_of_scale(int64_t n, const float *z2, float m, float slope, float *t);
double tam_row_shares_of_slopes(int64_t n, const float *z2, float m, const float *slope, float *t);
double tam_row_share_sum(int64_t n, const float *z2, float m);
void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *v);
