/* The few worst of many pairs, in memory for those few. */
#ifndef EVAL_WORST_PAIRS_H
#define EVAL_WORST_PAIRS_H

#include <stdbool.h>

#include "tammes/scores.h"

/* Worst first is: a lower `badness` sorts first, and of equal ones the lower `place`. A total order, so that which ones
 * are kept depends on the pairs alone, not on when they come. */
typedef struct tam_bad_pair {
    float badness; /* the score of a genuine pair, minus the score of an impostor pair */
    int64_t a, b, place;
} tam_bad_pair;

/* Start from {.most = ...}. */
typedef struct tam_worst {
    int most, count;
    tam_bad_pair pair[TAM_WORST_PAIRS]; /* worst first */
} tam_worst;

/* Whether a pair of this badness can still be one of them. */
static inline bool tam_worst_may_take(const tam_worst *worst, float badness) {
    return worst->count < worst->most || (worst->most > 0 && badness <= worst->pair[worst->count - 1].badness);
}
void tam_worst_add(tam_worst *worst, tam_bad_pair pair);

#endif
