#include "backend/ref/ref.h"

/* c[i][j] = alpha sum_l op(a)[i][l] op(b)[l][j] + beta c[i][j]; with beta = 0 the old c is not read. */
void tam_ref_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                     int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) {
                float left = transpose_a ? a[l * lda + i] : a[i * lda + l];
                float right = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
                sum += (double)left * right;
            }
            float old = beta == 0 ? 0 : beta * c[i * ldc + j];
            c[i * ldc + j] = (float)(alpha * sum) + old;
        }
    }
}
