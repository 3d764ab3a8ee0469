/* Clustering of embeddings, and how well it finds the classes. Arrays in, numbers out, as in tammes/eval.h. */
#ifndef TAMMES_CLUSTERING_H
#define TAMMES_CLUSTERING_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows of e [n, d] whose cosine is at least the threshold are joined; a cluster is what hangs together (single
 * linkage). cluster [n]: numbers from 0 in the order of the clusters' first rows; *clusters how many. All pairs are
 * compared in tiles. */
TAM_API TAM_MUST_USE tam_status tam_cluster_threshold(tam_ctx *ctx, int64_t n, int d, const float *e, double threshold,
                                                      int32_t *cluster, int64_t *clusters);

/* k-means on the sphere (Dhillon and Modha, Machine Learning 2001): rows of length 1, centres of length 1, a row goes
 * to the centre with the largest cosine (the lowest number among equals). Begins as k-means++ (Arthur and
 * Vassilvitskii, SODA 2007, with 1 - cosine), drawn from the seed; at most `rounds` rounds (0: 100), until nothing
 * moves; empty clusters keep their centre. 1 <= k <= n. */
TAM_API TAM_MUST_USE tam_status tam_cluster_kmeans(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t k,
                                                   int rounds, uint64_t seed, int32_t *cluster);

typedef struct tam_clustering {
    int64_t rows, clusters, classes;
    double nmi;                  /* normalised mutual information, by the mean of the two entropies (Manning et al.,
                                    Introduction to Information Retrieval, eq. 16.2); 1 when both have one set only */
    double precision, recall, f; /* of pairs of rows: same cluster as a sign of the same class; NaN: no such pairs */
} tam_clustering;

/* Compares clusters [n] with labels [n]. Any whole numbers. */
TAM_API TAM_MUST_USE tam_status tam_eval_clusters(tam_ctx *ctx, int64_t n, const int32_t *cluster,
                                                  const int32_t *labels, tam_clustering *result);

#ifdef __cplusplus
}
#endif
#endif
