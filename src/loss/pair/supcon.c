/* Supervised contrastive loss, the form with the sum over positives outside the logarithm, for each anchor i that has
 * positives P(i):
 *     -1/|P(i)| sum_{p in P(i)} log( e^(c_ip / t) / sum_{j != i} e^(c_ij / t) ). */
#include "loss/pair/pair.h"

enum { TEMPERATURE };
static const tam_key keys[] = {
    TAM_NUMBER("temperature", 0.07, 1e-3, 1e3, "cosines are divided by it"),
};

static double anchor_loss(double temperature, const tam_pair_batch *batch, int a, int positives, double *g) {
    tam_log_sum total = {-INFINITY, 0.0};
    double own = 0.0;
    for (int j = 0; j < batch->n; j++) {
        if (j != a) {
            double z = tam_pair_cosine(batch, a, j) / temperature;
            tam_log_sum_add(&total, z);
            own += tam_pair_positive(batch, a, j) ? z / positives : 0.0;
        }
    }
    double lse = tam_log_sum_value(&total);
    for (int j = 0; j < batch->n; j++) {
        if (j != a) {
            double p = exp(tam_pair_cosine(batch, a, j) / temperature - lse);
            g[j] = (p - (tam_pair_positive(batch, a, j) ? 1.0 / positives : 0.0)) / temperature;
        }
    }
    return lse - own;
}

static double pairs(const double *key, const tam_pair_batch *batch, double *g) {
    double loss = 0.0;
    int64_t anchors = 0;
    for (int a = 0; a < batch->n; a++) {
        int positives = tam_pair_positives(batch, a);
        if (positives > 0) {
            loss += anchor_loss(key[TEMPERATURE], batch, a, positives, g + (int64_t)a * batch->n);
            anchors++;
        }
    }
    return tam_pair_mean(batch, loss, anchors, g);
}

const tam_batch_term tam_pair_loss_supcon = {
    .name = "supcon",
    .formula = "-mean over positives p of log(e^(c_p/t) / sum_j e^(c_j/t))",
    .source = "Khosla et al., Supervised contrastive learning, NeurIPS 2020, arXiv 2004.11362, eq. 2",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .pairs = pairs,
};
