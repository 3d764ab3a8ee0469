/* How many pairs have which score: counts over fine bins of [-1, 1], for what needs no single scores. */
#ifndef EVAL_SCORE_COUNTS_H
#define EVAL_SCORE_COUNTS_H

#include "base/ctx.h"

/* A bin is 2^-15 wide; a score stands at its middle. */
enum { TAM_SCORE_BINS = 1 << 16 };

/* [2][TAM_SCORE_BINS]: of pairs of two classes, of one. tam_release. */
typedef struct tam_score_counts {
    int64_t *bins[2];
} tam_score_counts;

static inline double tam_score_of_bin(int bin) {
    return -1 + (2 * bin + 1) / (double)TAM_SCORE_BINS;
}

/* Of checked rows, as in pair_list.h and rows.h. */
TAM_MUST_USE tam_status tam_score_counts_listed(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a,
                                                const uint8_t *same, tam_score_counts *counts);
TAM_MUST_USE tam_status tam_score_counts_all(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                             tam_score_counts *counts);
void tam_score_counts_free(tam_ctx *ctx, tam_score_counts *counts);

#endif
