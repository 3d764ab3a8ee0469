/* Retrieval: each row asks for the rows of its own class. Arrays in, numbers out, as in tammes/eval.h. */
#ifndef TAMMES_RETRIEVAL_H
#define TAMMES_RETRIEVAL_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAM_RECALL_LEVELS = 7 };
/* 1, 2, 4, 8, 10, 100, 1000. Static. */
TAM_API const int *tam_recall_levels(void);

/* A query's answers are all rows of the gallery, the most similar (cosine) first, of equally similar ones the one with
 * the lower number. R is the number of gallery rows of the query's class; queries with R = 0 are left out. */
typedef struct tam_retrieval {
    int64_t queries, left_out;
    double recall[TAM_RECALL_LEVELS]; /* Recall@K: share of queries with one of their class among the first K (Jegou et
                                         al., PAMI 2011, as Oh Song et al., CVPR 2016, eq. of sec. 6 use it) */
    double r_precision;               /* mean of: share of the own class among the first R */
    double map_at_r; /* mean of: 1/R sum over i <= R of [answer i is of the class] (share of the class among the first
                        i): Musgrave et al., "A Metric Learning Reality Check", ECCV 2020, eq. 5 and 6 */
} tam_retrieval;

/* Queries [query_count, d] against a gallery [gallery_count, d]. All shares are NaN when no query has R > 0. Memory:
 * both sets again, and the scores of 128 queries with their classes for each thread. */
TAM_API TAM_MUST_USE tam_status tam_eval_retrieval(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                                   const int32_t *gallery_labels, int64_t query_count,
                                                   const float *queries, const int32_t *query_labels,
                                                   tam_retrieval *result);

/* Each row of e [n, d] asks all others. */
TAM_API TAM_MUST_USE tam_status tam_eval_retrieval_within(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                          const int32_t *labels, tam_retrieval *result);

#ifdef __cplusplus
}
#endif
#endif
