/* Identification where not everybody is enrolled, and where crowds of strangers are. Arrays in, numbers out, as in
 * tammes/eval.h. */
#ifndef TAMMES_OPENSET_H
#define TAMMES_OPENSET_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAM_OPENSET_LEVELS = 8 };

/* Open set, ISO/IEC 19795-1 (TPIR at FPIR; DIR at FAR elsewhere). A probe is mated when the gallery holds its class.
 * The threshold at a FPIR is the largest value that max(floor(nonmated * fpir) - 1, 0) of the non-mated probes' best
 * scores exceed; TPIR is the share of mated probes whose best row is of their class and scores above it (strictly). */
typedef struct tam_tpir_at_fpir {
    double fpir;
    double tpir, threshold, achieved_fpir, low, high; /* 95% Clopper-Pearson interval of the TPIR */
    int sufficient;                                   /* 0: fewer than 3 / fpir non-mated probes: do not quote it */
} tam_tpir_at_fpir;

typedef struct tam_openset {
    int64_t gallery, mated, nonmated;
    double rank1; /* of the mated probes, without a threshold; NaN: there is none */
    int levels;
    tam_tpir_at_fpir at[TAM_OPENSET_LEVELS]; /* NaN: no mated or no non-mated probes */
} tam_openset;

/* fpir [levels] in (0, 1]; NULL: 1e-1, 1e-2, 1e-3. Of equally similar gallery rows the one with the lower number is the
 * best. */
TAM_API TAM_MUST_USE tam_status tam_eval_openset(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                                 const int32_t *gallery_labels, int64_t probe_count,
                                                 const float *probes, const int32_t *probe_labels, int levels,
                                                 const double *fpir, tam_openset *result);

enum { TAM_DISTRACTOR_LEVELS = 8, TAM_DISTRACTOR_RANKS = 4 };

/* Closed set among distractors, as MegaFace's challenge 1 (Kemelmacher-Shlizerman et al., CVPR 2016, sec. 4): every
 * ordered pair of rows of one class is a trial, the first row the probe, the second the only one of its class in a
 * gallery with M distractors. Its rank is 1 + the distractors that are at least as similar to the probe. */
typedef struct tam_distractor_level {
    int64_t distractors;               /* M: the first M of a random order */
    double rank[TAM_DISTRACTOR_RANKS]; /* shares of trials with rank at most 1, 5, 10, 100 */
    double low, high;                  /* 95% Clopper-Pearson interval of rank 1, as if trials were independent */
} tam_distractor_level;

typedef struct tam_distractors {
    int64_t probes, trials;
    int levels;
    tam_distractor_level at[TAM_DISTRACTOR_LEVELS];
} tam_distractors;

/* Probes e [n, d] with labels, distractors x [count, d] (nobody of the probes). The levels are 10, 100, ... up to 10^6
 * below count, and count itself. The order of the distractors is drawn from the seed. Shares are NaN without trials. */
TAM_API TAM_MUST_USE tam_status tam_eval_distractors(tam_ctx *ctx, int d, int64_t n, const float *e,
                                                     const int32_t *labels, int64_t count, const float *x,
                                                     uint64_t seed, tam_distractors *result);

#ifdef __cplusplus
}
#endif
#endif
