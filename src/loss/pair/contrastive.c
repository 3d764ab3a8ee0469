/* Contrastive loss: d^2 for two samples of a class, max(0, m - d)^2 for two of different classes, where d is their
 * distance on the sphere. The mean over the pairs chosen: all of the batch, or each pair that is part of a triplet
 * which the miner chose, once. */
#include <string.h>

#include "loss/pair/miner.h"
#include "loss/pair/pair.h"
#include "loss/room.h"

enum { MARGIN, MINER };
static const tam_key keys[] = {
    TAM_NUMBER("m", 1.0, 0.0, 2.0, "distance beyond which a negative costs nothing"),
    TAM_MINER_KEY,
};

typedef struct total {
    const tam_pair_batch *batch;
    double margin, loss;
    int64_t count;
    double *g;
} total;

static void add(total *sum, int i, int j) {
    double c = tam_pair_cosine(sum->batch, i, j), d = tam_distance_of(TAM_DISTANCE_EUCLIDEAN, c);
    double *g = &sum->g[(int64_t)i * sum->batch->n + j];
    double short_of = fmax(0.0, sum->margin - d);
    sum->count++;
    if (tam_pair_positive(sum->batch, i, j)) {
        sum->loss += d * d;
        *g += -2.0;
    } else {
        sum->loss += short_of * short_of;
        *g -= 2.0 * short_of * tam_distance_slope(TAM_DISTANCE_EUCLIDEAN, c);
    }
}

typedef struct marks {
    int n;
    char *chosen; /* [n, n], above the diagonal */
} marks;

static void mark(marks *all, int i, int j) {
    all->chosen[i < j ? (int64_t)i * all->n + j : (int64_t)j * all->n + i] = 1;
}

static void mark_triplet(void *argument, tam_triplet triplet) {
    mark(argument, triplet.anchor, triplet.positive);
    mark(argument, triplet.anchor, triplet.negative);
}

static double pairs(const double *key, const tam_pair_batch *batch, double *g) {
    total sum = {.batch = batch, .margin = key[MARGIN], .g = g};
    size_t squares = (size_t)batch->n * (size_t)batch->n;
    char *at = batch->room;
    marks all = {.n = batch->n, .chosen = tam_room_take(&at, squares)};
    tam_miner miner = (tam_miner)key[MINER];
    memset(all.chosen, miner == TAM_MINER_ALL, squares);
    if (miner != TAM_MINER_ALL) { /* a batch of one class has pairs, but no triplets */
        tam_mine(batch, miner, TAM_DISTANCE_EUCLIDEAN, sum.margin, at, mark_triplet, &all);
    }
    for (int i = 0; i < batch->n; i++) {
        for (int j = i + 1; j < batch->n; j++) {
            if (all.chosen[(int64_t)i * batch->n + j]) {
                add(&sum, i, j);
            }
        }
    }
    return tam_pair_mean(batch, sum.loss, sum.count, g);
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    (void)key, (void)dim, (void)classes;
    return tam_room_bytes((size_t)n * (size_t)n) + tam_miner_room(n);
}

const tam_batch_term tam_pair_loss_contrastive = {
    .name = "contrastive",
    .formula = "d^2 if y_i = y_j, else max(0, m - d)^2",
    .source = "Hadsell, Chopra, LeCun, CVPR 2006, on normalised embeddings",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .pairs = pairs,
};
