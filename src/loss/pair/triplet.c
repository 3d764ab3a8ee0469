/* Triplet loss: max(0, d_ap - d_an + m) for an anchor, a positive and a negative, where d is the squared distance on
 * the sphere (FaceNet), the distance, or the angle. The mean over the triplets with a loss above 0: the others, soon
 * nearly all, would only make the step smaller. */
#include "loss/pair/miner.h"
#include "loss/pair/pair.h"

enum { MARGIN, DISTANCE, MINER };
static const tam_key keys[] = {
    TAM_NUMBER("m", 0.2, 0.0, 10.0, "by how much a negative must be farther than a positive"),
    TAM_WORDS("distance", TAM_DISTANCE_WORDS, TAM_DISTANCE_ANGULAR,
              "between points of the sphere: 2 - 2c, its root, arccos c"),
    TAM_MINER_KEY,
};

typedef struct total {
    const tam_pair_batch *batch;
    tam_distance distance;
    double margin, loss;
    int64_t active;
    double *g;
} total;

static void add(void *argument, tam_triplet triplet) {
    total *sum = argument;
    int64_t row = (int64_t)triplet.anchor * sum->batch->n;
    int64_t ap = row + triplet.positive, an = row + triplet.negative;
    const double *c = sum->batch->cosine;
    double loss = tam_distance_of(sum->distance, c[ap]) - tam_distance_of(sum->distance, c[an]) + sum->margin;
    if (loss > 0.0) {
        sum->loss += loss;
        sum->active++;
        sum->g[ap] += tam_distance_slope(sum->distance, c[ap]);
        sum->g[an] -= tam_distance_slope(sum->distance, c[an]);
    }
}

static double pairs(const double *key, const tam_pair_batch *batch, double *g) {
    total sum = {.batch = batch, .distance = (tam_distance)key[DISTANCE], .margin = key[MARGIN], .g = g};
    tam_mine(batch, (tam_miner)key[MINER], sum.distance, sum.margin, batch->room, add, &sum);
    return tam_pair_mean(batch, sum.loss, sum.active, g);
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    (void)key, (void)dim, (void)classes;
    return tam_miner_room(n);
}

const tam_batch_term tam_pair_loss_triplet = {
    .name = "triplet",
    .formula = "max(0, d_ap - d_an + m)",
    .source = "Schroff et al., FaceNet, CVPR 2015, arXiv 1503.03832, eq. 2",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .pairs = pairs,
};
