/* The exact ROC from a stream of impostor scores. The genuine scores are kept, sorted; of the impostor scores only the
 * counts between neighbouring genuine scores are. That loses nothing: TAR changes only at genuine scores, so FAR at
 * each of them, ties told apart, is the whole staircase. */
#ifndef EVAL_CURVE_H
#define EVAL_CURVE_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/eval.h"

/* Of scores: their sum and the sum of their squares. */
typedef struct tam_moments {
    double sum, squares;
} tam_moments;

/* Adds n scores, always in the same order of additions. */
void tam_moments_add(int64_t n, const float *scores, tam_moments *moments);

typedef struct tam_curve {
    int64_t genuine;
    tam_moments of_genuine;
    int64_t thresholds; /* T: distinct genuine scores */
    float *block;       /* -INFINITY, the thresholds, INFINITY */
    float *threshold;   /* [T] rising; part of block */
    int64_t *below;     /* [T + 1] genuine scores below threshold j; below[T] = genuine */
    uint64_t *count;    /* [copies, T + 1] impostor scores that reach exactly k thresholds */
    uint64_t *equal;    /* [T] impostor scores equal to threshold j */
    int copies;         /* of count: one per worker, or one that all share */
    bool shared;
    uint32_t *start; /* [buckets + 1] first threshold in each slice of [-1, 1]; the top bit: the slice has one */
    int buckets;
    int steps; /* of a search in the fullest bucket */
} tam_curve;

/* Takes `genuine` >= 1 scores, in any order, none NaN; sorts them in place. */
TAM_MUST_USE tam_status tam_curve_create(tam_ctx *ctx, int64_t genuine, float *scores, tam_curve *curve);
void tam_curve_free(tam_ctx *ctx, tam_curve *curve);

/* Counts impostor scores; workers of the context may call it at once. */
void tam_curve_count(tam_curve *curve, int worker, int64_t n, const float *scores);

/* Fills all of *result. Call once; it adds the copies up. `impostor`: the moments of all impostor scores. */
void tam_curve_finish(tam_curve *curve, const tam_moments *impostor, int levels, const double *far,
                      tam_verification *result);

/* Sets *result to "nothing can be said": counts, NaN, no points. */
void tam_curve_empty(int64_t genuine, int64_t impostor, int levels, const double *far, tam_verification *result);

/* Checks far [levels]; NULL becomes 1e-1 ... 1e-6. */
TAM_MUST_USE tam_status tam_curve_levels(tam_ctx *ctx, int *levels, const double **far);

#endif
