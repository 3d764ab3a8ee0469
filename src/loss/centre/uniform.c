/* Uniform loss (UniformFace): class centres repel one another like equal charges,
 *     lambda / (C (C - 1)) sum_{j != k} 1 / (|c_j - c_k| + 1)^2.
 * The centres are those of `center` and move by its rule, never by this gradient. An embedding feels the loss because
 * it takes its centre along: in c_j after the move, dc_j/dx_i = alpha / (1 + n_j), so the loss is that of the batch's
 * centres as they will be after the step.
 *
 * Up to `subset` classes the sum is exact. Beyond, it is over the b classes of the batch and r others, drawn anew in
 * each step; a pair with one drawn centre stands for (C - b) / r pairs, a pair with two for
 * (C - b)(C - b - 1) / (r (r - 1)). The expectation over the draws is the exact loss and its exact gradient. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "loss/centre/centres.h"
#include "loss/room.h"
#include "loss/vectors.h"

enum { LAMBDA, ALPHA, SUBSET };
static const tam_key keys[] = {
    TAM_NUMBER("lambda", 1.0, 0.0, 1e6, "weight beside the class loss"),
    TAM_NUMBER("alpha", 0.5, 0.0, 1.0, "speed of the centres"),
    TAM_WHOLE("subset", 256, 2, 65536, "centres in one step's sum; all where there are no more"),
};

/* The centres in the sum: those of the batch first, as they will be after the step. */
typedef struct charges {
    int dim, in_batch, count;
    int32_t *label; /* [count] their classes */
    int *samples;   /* [in_batch] of the batch */
    double *centre; /* [count, D] */
    double *g;      /* [in_batch, D] by the centres of the batch */
} charges;

static size_t most_charges(const double *key, int n) {
    return (size_t)n + (size_t)key[SUBSET];
}

static charges lay_out(const double *key, const tam_term_batch *batch) {
    size_t most = most_charges(key, batch->n), rows = (size_t)batch->n, dim = (size_t)batch->dim;
    char *at = batch->room;
    charges all = {.dim = batch->dim};
    all.label = tam_room_take(&at, most * sizeof(int32_t));
    all.samples = tam_room_take(&at, rows * sizeof(int));
    all.centre = tam_room_take(&at, most * dim * sizeof(double));
    all.g = tam_room_take(&at, rows * dim * sizeof(double));
    memset(all.samples, 0, rows * sizeof(int));
    memset(all.g, 0, rows * dim * sizeof(double));
    return all;
}

static void add_class(const tam_term_batch *batch, charges *all, int32_t label) {
    double *to = all->centre + (int64_t)all->count * all->dim;
    const float *from = batch->centres + (int64_t)label * all->dim;
    for (int d = 0; d < all->dim; d++) {
        to[d] = (double)from[d];
    }
    all->label[all->count++] = label;
    batch->in_batch[label] = all->count; /* its place + 1 */
}

/* c_j - alpha dc_j = c_j + alpha / (1 + n_j) sum_i (x_i - c_j) */
static void add_batch(const tam_term_batch *batch, double alpha, charges *all) {
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] >= 0 && batch->in_batch[batch->y[i]] == 0) {
            add_class(batch, all, batch->y[i]);
        }
        if (batch->y[i] >= 0) {
            all->samples[batch->in_batch[batch->y[i]] - 1]++;
        }
    }
    all->in_batch = all->count;
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] < 0) {
            continue;
        }
        int place = batch->in_batch[batch->y[i]] - 1;
        double pull = alpha / (1.0 + all->samples[place]), *c = all->centre + (int64_t)place * all->dim;
        const float *x = batch->x + (int64_t)i * all->dim;
        const float *before = batch->centres + (int64_t)batch->y[i] * all->dim;
        for (int d = 0; d < all->dim; d++) {
            c[d] += pull * ((double)x[d] - (double)before[d]);
        }
    }
}

/* At least two, so that pairs of others have a share in the loss. */
static void add_others(const tam_term_batch *batch, int64_t subset, charges *all) {
    int64_t others = batch->classes - all->in_batch, wanted = subset - all->in_batch;
    wanted = wanted < 2 ? 2 : wanted;
    if (wanted >= others) {
        for (int32_t label = 0; label < batch->classes; label++) {
            if (batch->in_batch[label] == 0) {
                add_class(batch, all, label);
            }
        }
        return;
    }
    tam_random random = tam_random_at(batch->seed, TAM_PURPOSE_TERM, (uint32_t)batch->step, UINT32_MAX);
    while (all->count < all->in_batch + wanted) {
        int32_t label = (int32_t)tam_random_below(&random, (uint32_t)batch->classes);
        if (batch->in_batch[label] == 0) {
            add_class(batch, all, label);
        }
    }
}

/* 1 / (d + 1)^2, whose gradient by the first centre is -2 / (d + 1)^3 along the difference; none where they meet. */
static double repel(const charges *all, int j, int k, double weight) {
    const double *c_j = all->centre + (int64_t)j * all->dim, *c_k = all->centre + (int64_t)k * all->dim;
    double d = sqrt(tam_vector_squared_distance(all->dim, c_j, c_k)), near = 1.0 / (d + 1.0);
    double slope = d < 1e-32 ? 0.0 : -2.0 * weight * near * near * near / d;
    if (j < all->in_batch) {
        tam_vector_add_difference(all->dim, slope, c_j, c_k, all->g + (int64_t)j * all->dim);
    }
    if (k < all->in_batch) {
        tam_vector_add_difference(all->dim, slope, c_k, c_j, all->g + (int64_t)k * all->dim);
    }
    return weight * near * near;
}

static double energy(const charges *all, double classes) {
    double others = classes - all->in_batch, drawn = all->count - all->in_batch, sum = 0.0;
    double mixed = others / drawn, both = mixed * (others - 1.0) / (drawn - 1.0);
    for (int j = 0; j < all->count; j++) {
        for (int k = j + 1; k < all->count; k++) {
            sum += repel(all, j, k, k < all->in_batch ? 1.0 : j < all->in_batch ? mixed : both);
        }
    }
    return sum;
}

static double loss(const double *key, const tam_term_batch *batch, float *dx) {
    charges all = lay_out(key, batch);
    double classes = (double)batch->classes, weight = 2.0 * key[LAMBDA] / (classes * (classes - 1.0));
    add_batch(batch, key[ALPHA], &all);
    add_others(batch, (int64_t)key[SUBSET], &all);
    double sum = energy(&all, classes);
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] < 0) {
            continue;
        }
        int place = batch->in_batch[batch->y[i]] - 1;
        double pull = weight * key[ALPHA] / (1.0 + all.samples[place]);
        for (int d = 0; d < all.dim; d++) {
            dx[(int64_t)i * all.dim + d] += (float)(pull * all.g[(int64_t)place * all.dim + d]);
        }
    }
    for (int k = 0; k < all.count; k++) {
        batch->in_batch[all.label[k]] = 0;
    }
    return weight * sum;
}

static void move(const double *key, const tam_term_batch *batch) {
    tam_centres_move(key[ALPHA], batch);
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    size_t most = most_charges(key, n), rows = (size_t)n, columns = (size_t)dim;
    (void)classes;
    return tam_room_bytes(most * sizeof(int32_t)) + tam_room_bytes(rows * sizeof(int)) +
           tam_room_bytes(most * columns * sizeof(double)) + tam_room_bytes(rows * columns * sizeof(double));
}

const tam_batch_term tam_centre_term_uniform = {
    .name = "uniform",
    .formula = "lambda / (C (C - 1)) sum_{j != k} 1 / (|c_j - c_k| + 1)^2",
    .source = "Duan, Lu, Zhou, UniformFace, CVPR 2019",
    .traits = TAM_TERM_CENTRES,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .loss = loss,
    .move = move,
};
