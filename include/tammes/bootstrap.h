/* How sure a verification result is: people are drawn anew, not pairs, for pairs that share a person are not
 * independent. Arrays in, numbers out, as in tammes/eval.h. */
#ifndef TAMMES_BOOTSTRAP_H
#define TAMMES_BOOTSTRAP_H

#include "tammes/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default. */
typedef struct tam_bootstrap_config {
    int resamples; /* 400 */
    uint64_t seed;
    int64_t most_kept; /* impostor scores that are kept, the highest ones; 0: 4 million (12 bytes each, three times
                          while they are sorted). With all of them kept the EER is resampled too */
} tam_bootstrap_config;

/* 95% intervals: the 2.5th and 97.5th percentile over the resamples, each of as many subjects as there are, drawn with
 * replacement ("subsets bootstrap", Bolle, Ratha and Pankanti, Computer Vision and Image Understanding 2004). A subject
 * drawn k times brings its genuine pairs k times, and the pairs of two subjects drawn k and l times come k l times; a
 * subject makes no impostor pairs with its own copies. */
typedef struct tam_bootstrap_level {
    double far;
    double low, high; /* of the TAR at this FAR; NaN: more impostor scores than are kept would be needed */
} tam_bootstrap_level;

typedef struct tam_bootstrap {
    int64_t subjects; /* with any pair */
    int resamples;
    double eer_low, eer_high; /* NaN: not all impostor scores are kept */
    int levels;
    tam_bootstrap_level at[TAM_FAR_LEVELS];
} tam_bootstrap;

/* All pairs of e [n, d], as tam_eval_all_pairs; subjects are the labels. Everything is NaN where there are no genuine
 * or no impostor pairs. Takes the memory of the genuine scores, and the time of the products once, or twice when not
 * all impostor scores are kept. */
TAM_API TAM_MUST_USE tam_status tam_eval_bootstrap(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                   const int32_t *labels, int levels, const double *far,
                                                   const tam_bootstrap_config *config, tam_bootstrap *result);

/* Listed pairs, as tam_eval_pairs; labels [n] of the rows. Where the labels are not known each pair can be made a
 * subject of its own: give labels NULL. */
TAM_API TAM_MUST_USE tam_status tam_eval_bootstrap_pairs(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                         const int32_t *labels, int64_t pairs, const int64_t *a,
                                                         const uint8_t *same, int levels, const double *far,
                                                         const tam_bootstrap_config *config, tam_bootstrap *result);

#ifdef __cplusplus
}
#endif
#endif
