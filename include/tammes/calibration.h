/* From scores to decisions: which threshold keeps false matches below a rate, and how sure a score is. Arrays in,
 * numbers out, as in tammes/eval.h; definitions: docs/evaluation.md. */
#ifndef TAMMES_CALIBRATION_H
#define TAMMES_CALIBRATION_H

#include "tammes/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a threshold does, in the words of ISO/IEC 19795-1: FMR is the share of pairs of two people at or above it, FNMR
 * the share of pairs of one person below it. */
typedef struct tam_calibration_level {
    double fmr;                       /* that was asked for */
    double threshold;                 /* lowest score of a pair of one person with at most floor(fmr * impostor) false
                                         matches at or above it; 2, which no cosine reaches: there is none */
    double achieved, achieved_high;   /* FMR at the threshold; upper end of its 95% Clopper-Pearson interval */
    double fnmr, fnmr_low, fnmr_high; /* with its 95% Clopper-Pearson interval */
    int sufficient;                   /* 0: fewer than 3 / fmr pairs of two people; all but fmr is NaN */
} tam_calibration_level;

typedef struct tam_calibration {
    int64_t genuine, impostor; /* pairs of one person, of two */
    int flip;                  /* 1: the embeddings had their mirror images' added; the caller's to set */
    int levels;
    tam_calibration_level at[TAM_FAR_LEVELS];
    int chosen;           /* the level whose threshold decides, the caller's to set; -1: none yet */
    double slope, offset; /* of the confidence; NaN: it could not be had */
} tam_calibration;

/* Listed pairs, as tam_eval_pairs, whose levels these are: fmr NULL: 1e-1 ... 1e-6. chosen becomes -1, flip 0. */
TAM_API TAM_MUST_USE tam_status tam_calibrate_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                                    const int64_t *a, const uint8_t *same, int levels,
                                                    const double *fmr, tam_calibration *result);
/* All pairs of e [n, d], as tam_eval_all_pairs. */
TAM_API TAM_MUST_USE tam_status tam_calibrate_all_pairs(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                        const int32_t *labels, int levels, const double *fmr,
                                                        tam_calibration *result);

/* The probability that two photos with this score show the same person, if half of all comparisons are of the same
 * person: 1 / (1 + exp(-(slope score + offset))), rising with the score. With another share p of such comparisons add
 * log(p / (1 - p)) to the offset. NaN where it could not be had.
 *
 * slope and offset are a logistic regression in which both kinds of pairs weigh one half (Bruemmer and du Preez,
 * Computer Speech & Language 2006) with Platt's targets (n + 1) / (n + 2) and 1 / (n + 2) (Advances in Large Margin
 * Classifiers, 1999): two numbers, which hold beyond the scores that were seen and never say 0 or 1, as the steps of an
 * isotonic regression would. They are left out where the regression falls. */
TAM_API double tam_confidence(const tam_calibration *calibration, double score);

/* The cosines of listed pairs, as they are calibrated: f64 rounded to f32, 0 where a row is zero. Fails with TAM_INPUT
 * where a row is not finite. */
TAM_API TAM_MUST_USE tam_status tam_score_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                                const int64_t *a, double *scores);

#ifdef __cplusplus
}
#endif
#endif
