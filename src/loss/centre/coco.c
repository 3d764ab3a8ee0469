/* Congenerous cosine loss: a softmax over the classes of the batch, whose weights are the means of their samples:
 *     -log( e^(s cos(x_i, c_y)) / sum_k e^(s cos(x_i, c_k)) ),  c_k = mean of the x_i with y_i = k,
 * the mean over the batch. The gradient goes through the means too. */
#include <math.h>
#include <string.h>

#include "loss/centre/gathered.h"
#include "loss/room.h"
#include "loss/vectors.h"

enum { LAMBDA, SCALE };
static const tam_key keys[] = {
    TAM_NUMBER("lambda", 1.0, 0.0, 1e3, "weight beside the class loss"),
    TAM_NUMBER("s", 6.25, 1e-3, 1e4, "scale of the cosines"),
};

/* The classes' means, in units, and the gradients by these units. */
typedef struct centroids {
    double *unit;    /* [K, D] */
    double *g;       /* [K, D] */
    double *inverse; /* [K] 1 / |c| */
    double *cosine;  /* [K] of one sample */
} centroids;

static size_t centroid_bytes(size_t classes, size_t dim) {
    return 2 * tam_room_bytes(classes * dim * sizeof(double)) + 2 * tam_room_bytes(classes * sizeof(double));
}

static centroids find_centroids(const tam_gathered *all, char **at) {
    size_t count = (size_t)all->classes, numbers = count * (size_t)all->dim;
    centroids means;
    means.unit = tam_room_take(at, numbers * sizeof(double));
    means.g = tam_room_take(at, numbers * sizeof(double));
    means.inverse = tam_room_take(at, count * sizeof(double));
    means.cosine = tam_room_take(at, count * sizeof(double));
    memset(means.unit, 0, numbers * sizeof(double));
    memset(means.g, 0, numbers * sizeof(double));
    for (int k = 0; k < all->classes; k++) {
        double *unit = means.unit + (int64_t)k * all->dim;
        for (int i = all->begin[k]; i < all->begin[k + 1]; i++) {
            tam_vector_add(all->dim, 1.0 / (all->begin[k + 1] - all->begin[k]), tam_gathered_x(all, i), unit);
        }
        double length = sqrt(tam_vector_dot(all->dim, unit, unit));
        means.inverse[k] = length < 1e-32 ? 0.0 : 1.0 / length;
        for (int d = 0; d < all->dim; d++) {
            unit[d] *= means.inverse[k];
        }
    }
    return means;
}

/* One sample of class `own`; x is in units. */
static double sample_loss(const tam_gathered *all, const centroids *means, double scale, int i, int own) {
    double largest = -INFINITY, sum = 0.0;
    for (int k = 0; k < all->classes; k++) {
        means->cosine[k] = tam_vector_dot(all->dim, tam_gathered_x(all, i), means->unit + (int64_t)k * all->dim);
        largest = fmax(largest, means->cosine[k]);
    }
    for (int k = 0; k < all->classes; k++) {
        sum += exp(scale * (means->cosine[k] - largest));
    }
    for (int k = 0; k < all->classes; k++) {
        double p = exp(scale * (means->cosine[k] - largest)) / sum, g = scale * (p - (k == own));
        tam_vector_add(all->dim, g, means->unit + (int64_t)k * all->dim, tam_gathered_dx(all, i));
        tam_vector_add(all->dim, g, tam_gathered_x(all, i), means->g + (int64_t)k * all->dim);
    }
    return scale * (largest - means->cosine[own]) + log(sum);
}

/* Every sample of a class pulls its mean alike. */
static void add_through_means(const tam_gathered *all, const centroids *means) {
    for (int k = 0; k < all->classes; k++) {
        const double *unit = means->unit + (int64_t)k * all->dim;
        double *g = means->g + (int64_t)k * all->dim, along = tam_vector_dot(all->dim, g, unit);
        double share = means->inverse[k] / (all->begin[k + 1] - all->begin[k]);
        tam_vector_add(all->dim, -along, unit, g);
        for (int i = all->begin[k]; i < all->begin[k + 1]; i++) {
            if (all->inverse[i] > 0.0) {
                tam_vector_add(all->dim, share, g, tam_gathered_dx(all, i));
            }
        }
    }
}

static double loss(const double *key, const tam_term_batch *batch, float *dx) {
    char *at = batch->room;
    tam_gathered all = tam_gather(batch, &at);
    centroids means = find_centroids(&all, &at);
    double sum = 0.0, weight = key[LAMBDA] / batch->counted;
    tam_gathered_normalise(&all);
    for (int k = 0; k < all.classes; k++) {
        for (int i = all.begin[k]; i < all.begin[k + 1]; i++) {
            sum += sample_loss(&all, &means, key[SCALE], i, k);
        }
    }
    tam_gathered_project(&all);
    add_through_means(&all, &means);
    tam_gathered_add(&all, weight, dx);
    return weight * sum;
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    (void)key, (void)classes;
    return tam_gathered_bytes(n, dim) + centroid_bytes((size_t)n, (size_t)dim);
}

const tam_batch_term tam_centre_term_coco = {
    .name = "coco",
    .formula = "-lambda log softmax_y(s cos(x, c_k)) over the classes of the batch, c_k their means",
    .source = "Liu, Li, Wang, congenerous cosine loss, 2017, arXiv 1702.06890 and 1710.00870",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .loss = loss,
};
