/* Multi-similarity loss: for each anchor, over the pairs that are informative,
 *     1/alpha log(1 + sum_p e^(-alpha (c_p - base))) + 1/beta log(1 + sum_n e^(beta (c_n - base))).
 * A negative is informative above the least similar positive minus epsilon, a positive below the most similar negative
 * plus epsilon. The mean over all samples of the batch. */
#include "loss/pair/pair.h"

enum { ALPHA, BETA, BASE, EPSILON };
static const tam_key keys[] = {
    TAM_NUMBER("alpha", 2.0, 1e-3, 1e3, "sharpness for positives"),
    TAM_NUMBER("beta", 50.0, 1e-3, 1e3, "sharpness for negatives"),
    TAM_NUMBER("base", 0.5, -1.0, 1.0, "the cosine between similar and not"),
    TAM_NUMBER("epsilon", 0.1, 0.0, 2.0, "pairs that are right by more than it do not count"),
};

/* The pairs of an anchor that count. */
typedef struct limits {
    double least_positive, largest_negative; /* cosines, moved by epsilon */
} limits;

static limits limits_of(const double *key, const tam_pair_batch *batch, int a) {
    limits found = {INFINITY, -INFINITY};
    for (int j = 0; j < batch->n; j++) {
        double c = tam_pair_cosine(batch, a, j);
        if (tam_pair_positive(batch, a, j)) {
            found.least_positive = fmin(found.least_positive, c - key[EPSILON]);
        } else if (tam_pair_negative(batch, a, j)) {
            found.largest_negative = fmax(found.largest_negative, c + key[EPSILON]);
        }
    }
    return found;
}

/* One side of the loss: 1/|sharpness| log(1 + sum e^(sharpness (c - base))), where positives have a negative sharpness.
 */
static double side_loss(const double *key, const tam_pair_batch *batch, int a, bool positives, double *g) {
    limits limit = limits_of(key, batch, a);
    double sharpness = positives ? -key[ALPHA] : key[BETA];
    tam_log_sum total = {-INFINITY, 0.0};
    for (int pass = 0; pass < 2; pass++) {
        double log_total = tam_log_sum_value(&total), share = 1.0 / (1.0 + exp(-log_total));
        for (int j = 0; j < batch->n; j++) {
            double c = tam_pair_cosine(batch, a, j), z = sharpness * (c - key[BASE]);
            bool counts = positives ? tam_pair_positive(batch, a, j) && c < limit.largest_negative
                                    : tam_pair_negative(batch, a, j) && c > limit.least_positive;
            if (counts && pass == 0) {
                tam_log_sum_add(&total, z);
            } else if (counts) {
                g[j] = copysign(share * exp(z - log_total), sharpness);
            }
        }
    }
    return tam_softplus(tam_log_sum_value(&total)) / fabs(sharpness);
}

static double pairs(const double *key, const tam_pair_batch *batch, double *g) {
    double loss = 0.0;
    for (int a = 0; a < batch->n; a++) {
        double *row = g + (int64_t)a * batch->n;
        loss += side_loss(key, batch, a, true, row) + side_loss(key, batch, a, false, row);
    }
    return tam_pair_mean(batch, loss, batch->n, g);
}

const tam_batch_term tam_pair_loss_multi_similarity = {
    .name = "multi-similarity",
    .formula = "log(1 + sum_p e^(-alpha (c_p - base)))/alpha + log(1 + sum_n e^(beta (c_n - base)))/beta",
    .source = "Wang et al., Multi-similarity loss, CVPR 2019, arXiv 1904.06627, eq. 12 to 16",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .pairs = pairs,
};
