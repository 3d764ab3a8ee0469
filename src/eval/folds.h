/* Ten-fold accuracy by its several rules. */
#ifndef EVAL_FOLDS_H
#define EVAL_FOLDS_H

#include "base/ctx.h"
#include "tammes/eval.h"

/* The first pair of a fold; of fold number `folds` the end. */
static inline int64_t tam_fold_start(int64_t pairs, int folds, int fold) {
    int64_t extra = pairs % folds;
    return pairs / folds * fold + (fold < extra ? fold : extra);
}

enum { TAM_FOLD_THRESHOLDS = 400 };

/* insightface's rule from squared distances [pairs]: accuracy [folds] and threshold [folds] of the folds first ... end
 * - 1. right [folds + 1, TAM_FOLD_THRESHOLDS] is scratch. */
void tam_folds_by_distance(int64_t pairs, int folds, int first, int end, const double *distances, const uint8_t *same,
                           int64_t *right, double *accuracy, double *threshold);

/* Means over the folds and their spread. */
void tam_folds_sum_up(int folds, const double *accuracy, const double *threshold, tam_folds *result);

/* TAM_FOLDS_LFW and TAM_FOLDS_FACEXZOO: accuracy [folds] and threshold [folds] of checked pairs. */
TAM_MUST_USE tam_status tam_folds_by_score(tam_ctx *ctx, tam_fold_rule rule, int d, const float *e, int64_t pairs,
                                           const int64_t *a, const uint8_t *same, int folds, double *accuracy,
                                           double *threshold);

#endif
