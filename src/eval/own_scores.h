/* For each row of a tile of queries: its scores with its own class, sorted, and counts of others that come before each.
 * What retrieval and identification among distractors share. */
#ifndef EVAL_OWN_SCORES_H
#define EVAL_OWN_SCORES_H

#include <stdbool.h>

#include "base/ctx.h"
#include "eval/groups.h"
#include "eval/rows.h"

/* An answer: before another if its score is higher, or as high and its number lower. */
typedef struct tam_answer {
    float score;
    uint32_t row;
} tam_answer;

static inline bool tam_comes_before(tam_answer a, tam_answer b) {
    return a.score > b.score || (a.score == b.score && a.row < b.row);
}

/* Queries and gallery, both packed in the order of their labels. */
typedef struct tam_own_scores {
    tam_rows gallery, queries;
    tam_groups gallery_groups, query_groups;
    bool itself;    /* the queries are the gallery: a row does not find itself */
    uint32_t *from; /* [queries] where the class of query i begins in the gallery's order, and where it ends */
    uint32_t *to;
    int64_t most_own; /* answers of the own classes that the queries of one tile have together */
    tam_answer *own;  /* [threads, most_own] */
    uint32_t *before; /* [threads, most_own + TAM_TILE] */
} tam_own_scores;

/* Packs checked rows. A NULL gallery: the queries. Free in any case. */
TAM_MUST_USE tam_status tam_own_scores_make(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                            const int32_t *gallery_labels, int64_t query_count, const float *queries,
                                            const int32_t *query_labels, tam_own_scores *set);
void tam_own_scores_free(tam_ctx *ctx, tam_own_scores *set);

/* One tile of queries at work. before[r] has one count more than own[r] has answers: others before the k-th, from 0. */
typedef struct tam_own_tile {
    int64_t top; /* place of its first query in the order of labels */
    int rows;
    tam_answer *own[TAM_TILE];
    int64_t count[TAM_TILE];
    uint32_t *before[TAM_TILE];
} tam_own_tile;

/* Collects and sorts the own scores of a tile, all counts 0. scores: [TAM_TILE, TAM_TILE] of the worker. */
void tam_own_tile_begin(const tam_own_scores *set, int64_t tile, int worker, float *scores, tam_own_tile *t);

/* The first of the own answers of row r that `other` comes before; their count if it comes after all. */
int64_t tam_own_place(const tam_own_tile *t, int r, tam_answer other);

#endif
