/* Center loss: L_c = lambda/2 |x_i - c_y|^2, the mean over the batch as for the class loss. Centres start at zero and
 * move by their own rule, not by the gradient of L_c:
 *     dc_j = sum_i 1[y_i = j] (c_j - x_i) / (1 + n_j),  n_j = sum_i 1[y_i = j],  c_j <- c_j - alpha dc_j. */
#include "loss/centre/centres.h"

enum { LAMBDA, ALPHA };
static const tam_key keys[] = {
    TAM_NUMBER("lambda", 0.003, 0.0, 1e3, "weight beside the class loss"),
    TAM_NUMBER("alpha", 0.5, 0.0, 1.0, "speed of the centres"),
};

static double loss(const double *key, const tam_term_batch *batch, float *dx) {
    int dim = batch->dim;
    double weight = key[LAMBDA] / batch->counted, squares = 0.0;
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] < 0) {
            continue;
        }
        const float *x = batch->x + (int64_t)i * dim, *c = batch->centres + (int64_t)batch->y[i] * dim;
        float *out = dx + (int64_t)i * dim;
        for (int d = 0; d < dim; d++) {
            double apart = (double)x[d] - (double)c[d];
            squares += apart * apart;
            out[d] += (float)(weight * apart);
        }
    }
    return 0.5 * weight * squares;
}

static void move(const double *key, const tam_term_batch *batch) {
    tam_centres_move(key[ALPHA], batch);
}

const tam_batch_term tam_centre_term_center = {
    .name = "center",
    .formula = "lambda/2 |x - c_y|^2",
    .source = "Wen et al., center loss, ECCV 2016, eq. 2 and 4",
    .traits = TAM_TERM_CENTRES,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .loss = loss,
    .move = move,
};
