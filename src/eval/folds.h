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

/* TAM_FOLDS_LFW and TAM_FOLDS_FACEXZOO: accuracy [folds] and threshold [folds] of checked pairs. */
TAM_MUST_USE tam_status tam_folds_by_score(tam_ctx *ctx, tam_fold_rule rule, int d, const float *e, int64_t pairs,
                                           const int64_t *a, const uint8_t *same, int folds, double *accuracy,
                                           double *threshold);

#endif
