#include "loss/centre/centres.h"

/* c_j - alpha dc_j = (1 - alpha n_j / (1 + n_j)) c_j + alpha / (1 + n_j) sum_i x_i: no room for the sums is needed. */
void tam_centres_move(double alpha, const tam_term_batch *batch) {
    int dim = batch->dim;
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] >= 0) {
            batch->in_batch[batch->y[i]]++;
        }
    }
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] < 0) {
            continue;
        }
        int32_t *n = &batch->in_batch[batch->y[i]];
        bool first = *n > 0;
        double count = first ? *n : -*n;
        float pull = (float)(alpha / (1.0 + count));
        float keep = first ? (float)(1.0 - alpha * count / (1.0 + count)) : 1.0f;
        const float *x = batch->x + (int64_t)i * dim;
        float *c = batch->centres + (int64_t)batch->y[i] * dim;
        for (int d = 0; d < dim; d++) {
            c[d] = keep * c[d] + pull * x[d];
        }
        *n = (int32_t)-count; /* seen */
    }
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] >= 0) {
            batch->in_batch[batch->y[i]] = 0;
        }
    }
}
