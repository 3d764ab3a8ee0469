/* Range loss. Within each class of the batch: the harmonic mean of its k largest squared distances, summed over the
 * classes. Between classes: max(0, m - d^2), where d^2 is the smallest squared distance between two classes' means. The
 * published weights and margin are for embeddings of lengths around 100. */
#include <math.h>
#include <string.h>

#include "loss/centre/gathered.h"
#include "loss/room.h"
#include "loss/vectors.h"

enum { INTRA, INTER, MARGIN, K, MOST_RANGES = 16 };
static const tam_key keys[] = {
    TAM_NUMBER("intra", 5e-5, 0.0, 1e3, "weight of the ranges within classes"),
    TAM_NUMBER("inter", 1e-4, 0.0, 1e3, "weight of the distance between classes"),
    TAM_NUMBER("m", 2e4, 0.0, 1e9, "squared distance that class means should have"),
    TAM_WHOLE("k", 2, 1, MOST_RANGES, "how many of a class's largest distances count"),
};

/* Two samples, or two classes, and their squared distance. */
typedef struct pair {
    int i, j;
    double squared;
} pair;

/* Keeps the k largest, the largest first; the first found among equals. */
static void keep_largest(pair *kept, int *count, int k, pair found) {
    int to = *count;
    while (to > 0 && kept[to - 1].squared < found.squared) {
        to--;
    }
    if (to == k) {
        return;
    }
    *count += *count < k;
    memmove(kept + to + 1, kept + to, (size_t)(*count - 1 - to) * sizeof *kept);
    kept[to] = found;
}

/* H = k / sum_j 1/D_j has dH/dD_j = (H / D_j)^2 / k. Where a distance is 0, so are H and all gradients. */
static double class_range(const tam_gathered *all, int a, int k, double weight) {
    pair kept[MOST_RANGES];
    int count = 0;
    for (int i = all->begin[a]; i < all->begin[a + 1]; i++) {
        for (int j = i + 1; j < all->begin[a + 1]; j++) {
            double squared = tam_vector_squared_distance(all->dim, tam_gathered_x(all, i), tam_gathered_x(all, j));
            keep_largest(kept, &count, k, (pair){i, j, squared});
        }
    }
    if (count == 0 || kept[count - 1].squared < 1e-64) {
        return 0.0;
    }
    double sum = 0.0;
    for (int r = 0; r < count; r++) {
        sum += 1.0 / kept[r].squared;
    }
    double mean = count / sum;
    for (int r = 0; r < count; r++) {
        double relative = mean / kept[r].squared, slope = 2.0 * weight * relative * relative / count;
        const double *x_i = tam_gathered_x(all, kept[r].i), *x_j = tam_gathered_x(all, kept[r].j);
        tam_vector_add_difference(all->dim, slope, x_i, x_j, tam_gathered_dx(all, kept[r].i));
        tam_vector_add_difference(all->dim, slope, x_j, x_i, tam_gathered_dx(all, kept[r].j));
    }
    return weight * mean;
}

static int size_of(const tam_gathered *all, int a) {
    return all->begin[a + 1] - all->begin[a];
}

static void push_class(const tam_gathered *all, int a, double slope, const double *mean, const double *from) {
    for (int i = all->begin[a]; i < all->begin[a + 1]; i++) {
        tam_vector_add_difference(all->dim, slope / size_of(all, a), mean, from, tam_gathered_dx(all, i));
    }
}

/* mean has room for [classes, D]. */
static double between_classes(const tam_gathered *all, double margin, double weight, double *mean) {
    pair nearest = {0, 0, INFINITY};
    memset(mean, 0, (size_t)all->classes * (size_t)all->dim * sizeof *mean);
    for (int a = 0; a < all->classes; a++) {
        for (int i = all->begin[a]; i < all->begin[a + 1]; i++) {
            tam_vector_add(all->dim, 1.0 / size_of(all, a), tam_gathered_x(all, i), mean + (int64_t)a * all->dim);
        }
        for (int b = 0; b < a; b++) {
            double squared =
                tam_vector_squared_distance(all->dim, mean + (int64_t)a * all->dim, mean + (int64_t)b * all->dim);
            nearest = squared < nearest.squared ? (pair){b, a, squared} : nearest;
        }
    }
    if (nearest.squared >= margin) {
        return 0.0;
    }
    const double *mean_i = mean + (int64_t)nearest.i * all->dim, *mean_j = mean + (int64_t)nearest.j * all->dim;
    push_class(all, nearest.i, -2.0 * weight, mean_i, mean_j);
    push_class(all, nearest.j, -2.0 * weight, mean_j, mean_i);
    return weight * (margin - nearest.squared);
}

static double loss(const double *key, const tam_term_batch *batch, float *dx) {
    char *at = batch->room;
    tam_gathered all = tam_gather(batch, &at);
    double sum = between_classes(&all, key[MARGIN], key[INTER], (double *)at);
    for (int a = 0; a < all.classes; a++) {
        sum += class_range(&all, a, (int)key[K], key[INTRA]);
    }
    tam_gathered_add(&all, 1.0, dx);
    return sum;
}

static size_t room(const double *key, int n, int dim, int64_t classes) {
    (void)key, (void)classes;
    return tam_gathered_bytes(n, dim) + tam_room_bytes((size_t)n * (size_t)dim * sizeof(double));
}

const tam_batch_term tam_centre_term_range = {
    .name = "range",
    .formula = "intra sum_classes k / sum_r 1/D_r + inter max(0, m - min |c_a - c_b|^2)",
    .source = "Zhang et al., Range loss, ICCV 2017, arXiv 1611.08976",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .room = room,
    .loss = loss,
};
