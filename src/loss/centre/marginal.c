/* Marginal loss: over all pairs of the batch, with d^2 between normalised embeddings,
 *     max(0, xi - t (theta - d^2)),  t = 1 for a class's own pairs and -1 for others, the mean over the pairs. */
#include <math.h>

#include "loss/centre/gathered.h"
#include "loss/vectors.h"

enum { LAMBDA, THETA, XI };
static const tam_key keys[] = {
    TAM_NUMBER("lambda", 1.0, 0.0, 1e3, "weight beside the class loss"),
    TAM_NUMBER("theta", 1.2, 0.0, 4.0, "squared distance between same and different"),
    TAM_NUMBER("xi", 0.3, 0.0, 4.0, "margin on both sides of theta"),
};

static double loss(const double *key, const tam_term_batch *batch, float *dx) {
    char *at = batch->room;
    tam_gathered all = tam_gather(batch, &at);
    double sum = 0.0, weight = all.n > 1 ? key[LAMBDA] * 2.0 / ((double)all.n * (all.n - 1.0)) : 0.0;
    tam_gathered_normalise(&all);
    for (int i = 0; i < all.n; i++) {
        const double *x = tam_gathered_x(&all, i);
        for (int j = i + 1; j < all.n; j++) {
            const double *other = tam_gathered_x(&all, j);
            double same = batch->y[all.row[i]] == batch->y[all.row[j]] ? 1.0 : -1.0;
            double unmet = key[XI] - same * (key[THETA] - tam_vector_squared_distance(all.dim, x, other));
            if (unmet > 0.0) {
                sum += unmet;
                tam_vector_add_difference(all.dim, 2.0 * same, x, other, tam_gathered_dx(&all, i));
                tam_vector_add_difference(all.dim, 2.0 * same, other, x, tam_gathered_dx(&all, j));
            }
        }
    }
    tam_gathered_project(&all);
    tam_gathered_add(&all, weight, dx);
    return weight * sum;
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    (void)key, (void)classes;
    return tam_gathered_bytes(n, dim);
}

const tam_batch_term tam_centre_term_marginal = {
    .name = "marginal",
    .formula = "lambda max(0, xi - t (theta - |x^_i - x^_j|^2)), t = 1 if y_i = y_j, else -1",
    .source = "Deng, Zhou, Zafeiriou, Marginal loss, CVPR workshops 2017",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .loss = loss,
};
