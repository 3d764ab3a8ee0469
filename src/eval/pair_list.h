/* Listed pairs of rows: checks and cosines. */
#ifndef EVAL_PAIR_LIST_H
#define EVAL_PAIR_LIST_H

#include "base/ctx.h"

/* TAM_INPUT naming the first row with a NaN or infinity, or the first pair of a [pairs, 2] with a row outside [0, n).
 */
TAM_MUST_USE tam_status tam_pairs_check(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                        const int64_t *a);

/* cosines [pairs] in f64; 0 where a row is zero. */
void tam_pairs_cosines(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, double *cosines);

/* The same rounded to f32, as they are compared. */
void tam_pairs_scores(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, float *scores);

/* distances [pairs]: the squared distance between the rows divided by their lengths (a zero row stays zero), in f64. */
void tam_pairs_distances(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, double *distances);

#endif
