/* The scores behind a verification result: how they are distributed, and which pairs fare worst. Arrays in, numbers
 * out, as in tammes/eval.h. */
#ifndef TAMMES_SCORES_H
#define TAMMES_SCORES_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bins of equal width over the cosines [-1, 1]: bin b counts -1 + b / 512 <= score < -1 + (b + 1) / 512, the last one
 * also 1. What rounding puts beyond -1 or 1 counts in the outer bins. The edges are exact numbers, so the counts are
 * those of numpy.histogram on the same f32 scores. */
enum { TAM_SCORE_BINS = 1024, TAM_WORST_PAIRS = 64 };

typedef struct tam_worst_pair {
    int64_t a, b; /* rows; of all pairs a < b, of listed ones as in the list */
    float score;
} tam_worst_pair;

typedef struct tam_scores {
    int64_t genuine[TAM_SCORE_BINS], impostor[TAM_SCORE_BINS];
    /* The genuine pairs with the lowest scores, the lowest first, and the impostor pairs with the highest scores, the
     * highest first; of equal ones those with the lower rows, or earlier in the list. */
    int genuine_count, impostor_count;
    tam_worst_pair worst_genuine[TAM_WORST_PAIRS], worst_impostor[TAM_WORST_PAIRS];
} tam_scores;

/* All n (n - 1) / 2 pairs of e [n, d], scored as tam_eval_all_pairs does; `worst` pairs of each kind are kept, at most
 * TAM_WORST_PAIRS. No score is kept: the time of the products once, the memory of the rows. The same result for any
 * number of threads. */
TAM_API TAM_MUST_USE tam_status tam_eval_scores(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                                int worst, tam_scores *result);

/* All pairs of a probe with a row of the gallery, as tam_eval_cross_pairs: a is the probe, b the row of the gallery. */
TAM_API TAM_MUST_USE tam_status tam_eval_scores_across(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                                       const int32_t *gallery_labels, int64_t probe_count,
                                                       const float *probes, const int32_t *probe_labels, int worst,
                                                       tam_scores *result);

/* The listed pairs, as tam_eval_pairs. */
TAM_API TAM_MUST_USE tam_status tam_eval_scores_of_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                                         const int64_t *a, const uint8_t *same, int worst,
                                                         tam_scores *result);

#ifdef __cplusplus
}
#endif
#endif
