#include "loss/pair/miner.h"

#include "base/random.h"
#include "loss/pair/pair.h"

/* One run of a miner. */
typedef struct search {
    const tam_pair_batch *batch;
    tam_distance distance;
    double margin;
    double *share; /* [n] */
    tam_triplet_visitor visit;
    void *argument;
} search;

size_t tam_miner_room(int n) {
    return (size_t)n * sizeof(double);
}

/* The band is open to both sides: of the negatives beyond the positive, those that the margin still reaches. */
static void visit_band(const search *find, int a, int p, double low, double high) {
    const tam_pair_batch *batch = find->batch;
    for (int n = 0; n < batch->n; n++) {
        if (tam_pair_negative(batch, a, n)) {
            double d = tam_distance_of(find->distance, tam_pair_cosine(batch, a, n));
            if (low < d && d < high) {
                find->visit(find->argument, (tam_triplet){a, p, n});
            }
        }
    }
}

static void visit_all(const search *find, int a, int p) {
    for (int n = 0; n < find->batch->n; n++) {
        if (tam_pair_negative(find->batch, a, n)) {
            find->visit(find->argument, (tam_triplet){a, p, n});
        }
    }
}

static void visit_semi_hard(const search *find, int a, int p) {
    double d = tam_distance_of(find->distance, tam_pair_cosine(find->batch, a, p));
    visit_band(find, a, p, d, d + find->margin);
}

static void visit_hardest(const search *find, int a) {
    const tam_pair_batch *batch = find->batch;
    double farthest = INFINITY, nearest = -INFINITY;
    int p = -1, n = -1;
    for (int j = 0; j < batch->n; j++) {
        double c = tam_pair_cosine(batch, a, j);
        if (tam_pair_positive(batch, a, j) && c < farthest) {
            farthest = c;
            p = j;
        } else if (tam_pair_negative(batch, a, j) && c > nearest) {
            nearest = c;
            n = j;
        }
    }
    if (p >= 0 && n >= 0) {
        find->visit(find->argument, (tam_triplet){a, p, n});
    }
}

/* log 1/q(d): distances d between points spread evenly on the sphere in D dimensions have the density
 * q(d) ~ d^(D-2) (1 - d^2/4)^((D-3)/2). Nearer negatives than 0.5 count as 0.5, or noise would be drawn too often. */
static double log_rarity(int dim, double d) {
    const double nearest = 0.5;
    double kept = fmax(nearest, d);
    return -((dim - 2.0) * log(kept) + 0.5 * (dim - 3.0) * log1p(-0.25 * kept * kept));
}

/* share[j] = the sum of the weights of 0 .. j; returns the sum of all. Negatives beyond 1.4, about a right angle, have
 * no weight, because they have no loss; when there are no others, all have the same. */
static double add_shares(const search *find, int a) {
    const tam_pair_batch *batch = find->batch;
    const double farthest = 1.4;
    double largest = -INFINITY, sum = 0.0;
    for (int j = 0; j < batch->n; j++) {
        double d = tam_distance_of(TAM_DISTANCE_EUCLIDEAN, tam_pair_cosine(batch, a, j));
        bool near = tam_pair_negative(batch, a, j) && d < farthest;
        find->share[j] = near ? log_rarity(batch->dim, d) : -INFINITY;
        largest = fmax(largest, find->share[j]);
    }
    for (int j = 0; j < batch->n; j++) {
        bool none = largest == -INFINITY;
        sum += none ? (double)tam_pair_negative(batch, a, j) : exp(find->share[j] - largest);
        find->share[j] = sum;
    }
    return sum;
}

/* The draws of an anchor are a stream of their own, so that a resumed run draws the same. */
static void visit_drawn(const search *find, int a) {
    const tam_pair_batch *batch = find->batch;
    tam_random random = tam_random_at(batch->seed, TAM_PURPOSE_TERM, (uint32_t)batch->step, (uint32_t)a);
    double sum = add_shares(find, a);
    for (int p = 0; p < batch->n && sum > 0.0; p++) {
        if (!tam_pair_positive(batch, a, p)) {
            continue;
        }
        double at = sum * ((double)tam_random_bits(&random) * 0x1p-32);
        int n = 0;
        while (n < batch->n - 1 && find->share[n] <= at) {
            n++;
        }
        find->visit(find->argument, (tam_triplet){a, p, n});
    }
}

void tam_mine(const tam_pair_batch *batch, tam_miner miner, tam_distance distance, double margin, void *room,
              tam_triplet_visitor visit, void *argument) {
    search find = {batch, distance, margin, room, visit, argument};
    for (int a = 0; a < batch->n; a++) {
        if (miner == TAM_MINER_BATCH_HARD) {
            visit_hardest(&find, a);
            continue;
        }
        if (miner == TAM_MINER_DISTANCE_WEIGHTED) {
            visit_drawn(&find, a);
            continue;
        }
        for (int p = 0; p < batch->n; p++) {
            if (tam_pair_positive(batch, a, p)) {
                (miner == TAM_MINER_ALL ? visit_all : visit_semi_hard)(&find, a, p);
            }
        }
    }
}
