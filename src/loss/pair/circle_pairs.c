/* Circle loss of pairs, for each anchor that has a positive:
 *     log(1 + sum_n e^(gamma alpha_n (c_n - m)) sum_p e^(-gamma alpha_p (c_p - (1 - m)))),
 *     alpha_n = max(0, c_n + m),  alpha_p = max(0, 1 + m - c_p).
 * The alphas weigh a pair by how far it is from its optimum; no slope goes through them. */
#include "loss/pair/pair.h"

enum { GAMMA, MARGIN };
static const tam_key keys[] = {
    TAM_NUMBER("gamma", 80.0, 1e-3, 1e4, "scale of the similarities"),
    TAM_NUMBER("m", 0.4, 0.0, 1.0, "negatives should be below m, positives above 1 - m"),
};

typedef struct term {
    double z, slope;
} term;

static term term_of(const double *key, double c, bool positive) {
    double m = key[MARGIN];
    double held = positive ? fmax(0.0, 1.0 + m - c) : fmax(0.0, c + m);
    double slope = (positive ? -1.0 : 1.0) * key[GAMMA] * held;
    return (term){slope * (c - (positive ? 1.0 - m : m)), slope};
}

static double anchor_loss(const double *key, const tam_pair_batch *batch, int a, double *g) {
    tam_log_sum side[2] = {{-INFINITY, 0.0}, {-INFINITY, 0.0}}; /* negatives, positives */
    for (int j = 0; j < batch->n; j++) {
        if (j != a) {
            bool positive = tam_pair_positive(batch, a, j);
            tam_log_sum_add(&side[positive], term_of(key, tam_pair_cosine(batch, a, j), positive).z);
        }
    }
    double total = tam_log_sum_value(&side[0]) + tam_log_sum_value(&side[1]);
    double unmet = 1.0 / (1.0 + exp(-total)); /* 0 without negatives */
    for (int j = 0; j < batch->n && unmet > 0.0; j++) {
        if (j != a) {
            bool positive = tam_pair_positive(batch, a, j);
            term own = term_of(key, tam_pair_cosine(batch, a, j), positive);
            g[j] = unmet * exp(own.z - tam_log_sum_value(&side[positive])) * own.slope;
        }
    }
    return tam_softplus(total);
}

static double pairs(const double *key, const tam_pair_batch *batch, double *g) {
    double loss = 0.0;
    int64_t anchors = 0;
    for (int a = 0; a < batch->n; a++) {
        if (tam_pair_positives(batch, a) > 0) {
            loss += anchor_loss(key, batch, a, g + (int64_t)a * batch->n);
            anchors++;
        }
    }
    return tam_pair_mean(batch, loss, anchors, g);
}

const tam_batch_term tam_pair_loss_circle_pairs = {
    .name = "circle-pairs",
    .formula = "log(1 + sum_n e^(gamma alpha_n (c_n - m)) sum_p e^(-gamma alpha_p (c_p - 1 + m)))",
    .source = "Sun et al., Circle loss, CVPR 2020, arXiv 2002.10857, eq. 6 and 8",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .pairs = pairs,
};
