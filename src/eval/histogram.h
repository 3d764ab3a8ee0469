/* Counts of scores in the bins of tammes/scores.h. */
#ifndef EVAL_HISTOGRAM_H
#define EVAL_HISTOGRAM_H

#include <stdint.h>

/* Adds n scores, none NaN, to bins [TAM_SCORE_BINS]. */
void tam_histogram_count(int64_t *bins, int64_t n, const float *scores);

#endif
