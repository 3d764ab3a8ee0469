/* What the pair losses share. */
#ifndef LOSS_PAIR_PAIR_H
#define LOSS_PAIR_PAIR_H

#include <math.h>

#include "loss/batch_term.h"

static inline bool tam_pair_positive(const tam_pair_batch *batch, int a, int j) {
    return j != a && batch->y[j] == batch->y[a];
}

static inline bool tam_pair_negative(const tam_pair_batch *batch, int a, int j) {
    return batch->y[j] != batch->y[a];
}

static inline double tam_pair_cosine(const tam_pair_batch *batch, int a, int j) {
    return batch->cosine[(int64_t)a * batch->n + j];
}

static inline int tam_pair_positives(const tam_pair_batch *batch, int a) {
    int count = 0;
    for (int j = 0; j < batch->n; j++) {
        count += tam_pair_positive(batch, a, j);
    }
    return count;
}

/* From a sum to a mean over `count`, in the loss (returned) and in g; 0 for a count of 0. */
static inline double tam_pair_mean(const tam_pair_batch *batch, double loss, int64_t count, double *g) {
    double weight = count > 0 ? 1.0 / (double)count : 0.0;
    for (int64_t k = 0; k < (int64_t)batch->n * batch->n; k++) {
        g[k] *= weight;
    }
    return weight * loss;
}

/* A running log sum_k e^z_k; starts as {-INFINITY, 0}. */
typedef struct tam_log_sum {
    double max, sum;
} tam_log_sum;

static inline void tam_log_sum_add(tam_log_sum *total, double z) {
    if (z > total->max) {
        total->sum *= exp(total->max - z);
        total->max = z;
    }
    total->sum += exp(z - total->max);
}

/* -INFINITY for no terms. */
static inline double tam_log_sum_value(const tam_log_sum *total) {
    return total->sum > 0.0 ? total->max + log(total->sum) : -INFINITY;
}

/* log(1 + e^z), without overflow. */
static inline double tam_softplus(double z) {
    return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

#endif
