/* Evaluation: arrays in, numbers out. Definitions: docs/evaluation.md. All rows are normalised to length 1 here (a zero
 * row stays zero); NaN or infinite rows are refused by number (TAM_INPUT). All pairs take memory for the genuine
 * scores, none for the impostors. Results have the same bits for any number of threads. */
#ifndef TAMMES_EVAL_H
#define TAMMES_EVAL_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One point "TAR at a FAR": the largest share of genuine pairs accepted (score >= threshold) over the thresholds whose
 * false accepts are at most floor(far * impostors). `sufficient` is 0 when impostors < 3 / far: do not quote it then.
 * threshold: the lowest genuine score that does; 2, which no cosine reaches, when none does (tar is 0 then).
 * low, high: 95% Clopper-Pearson interval of the TAR. */
typedef struct tam_tar_at_far {
    double far;
    double tar, threshold, achieved_far, low, high;
    int sufficient;
} tam_tar_at_far;

/* A point of a ROC for drawing; a threshold of 2 accepts nothing, of -2 everything. */
typedef struct tam_roc_point {
    double far, tar, threshold;
} tam_roc_point;

enum { TAM_ROC_POINTS = 512, TAM_FAR_LEVELS = 8 };

typedef struct tam_verification {
    int64_t genuine, impostor; /* pairs */
    double eer, auc;           /* NaN when there are no genuine or no impostor pairs */
    double eer_threshold;      /* largest genuine score where FAR >= FRR */
    double d_prime;            /* (mean genuine - mean impostor score) / sqrt of the mean of their variances */
    double best_accuracy, best_threshold; /* over all thresholds, on these same pairs */
    int levels;
    tam_tar_at_far at[TAM_FAR_LEVELS];
    int points;
    tam_roc_point roc[TAM_ROC_POINTS]; /* from (0, .) to (1, 1), rising, spread evenly in log far */
} tam_verification;

/* All n (n - 1) / 2 pairs of e [n, d]; genuine where labels agree. far [levels] in (0, 1], at most TAM_FAR_LEVELS;
 * NULL: 1e-1 ... 1e-6. More than 2e8 genuine pairs fail with TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_eval_all_pairs(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                   const int32_t *labels, int levels, const double *far,
                                                   tam_verification *result);

/* All pairs of a row of the gallery [gallery_count, d] with a probe [probe_count, d]; as above. */
TAM_API TAM_MUST_USE tam_status tam_eval_cross_pairs(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                                     const int32_t *gallery_labels, int64_t probe_count,
                                                     const float *probes, const int32_t *probe_labels, int levels,
                                                     const double *far, tam_verification *result);

/* The listed pairs: a [pairs, 2] row numbers into e [n, d], same [pairs] 0 or 1. */
TAM_API TAM_MUST_USE tam_status tam_eval_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                               const int64_t *a, const uint8_t *same, int levels, const double *far,
                                               tam_verification *result);

/* What tam_eval_pairs does, in two: the scores [pairs] of the listed pairs, which are cosines in f64 rounded to f32;
 * and the rates of scores [pairs] from anywhere, of which one that is not finite is refused with its pair's number
 * (TAM_INPUT). */
TAM_API TAM_MUST_USE tam_status tam_eval_pair_scores(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs,
                                                     const int64_t *a, float *scores);
TAM_API TAM_MUST_USE tam_status tam_eval_scored_pairs(tam_ctx *ctx, int64_t pairs, const float *scores,
                                                      const uint8_t *same, int levels, const double *far,
                                                      tam_verification *result);

/* How ten-fold accuracy is defined. Folds are contiguous, the first pairs mod folds get one pair more; each is judged
 * at a threshold that the other folds choose. A single fold chooses its threshold on itself. */
typedef enum tam_fold_rule {
    /* insightface's verification.py: squared distance against 0.00, 0.01 ... 3.99, predicted same iff distance <
     * threshold; the first threshold that is most accurate on the other folds. */
    TAM_FOLDS_INSIGHTFACE,
    /* LFW, View 2 (Huang et al., UMass 07-49, sec. V): the cosine that is most accurate on the other folds, half way
     * between two neighbouring scores; of equally accurate ones the lowest. Same iff score >= threshold. */
    TAM_FOLDS_LFW,
    /* FaceX-Zoo (Wang et al., ACM MM 2021): of 1000 even steps from the lowest to the highest score of the other folds
     * the first where TPR - FPR is largest; a pair at the threshold is wrong whatever it is. */
    TAM_FOLDS_FACEXZOO
} tam_fold_rule;

typedef struct tam_folds {
    int folds;
    double accuracy, deviation; /* mean and population standard deviation over the folds */
    double standard_error;      /* of the mean: sample standard deviation / sqrt(folds); NaN of a single fold */
    double threshold;           /* mean of the folds' thresholds: insightface's a squared distance t, whose cosine is
                                   1 - t / 2; the others' a cosine */
} tam_folds;
TAM_API TAM_MUST_USE tam_status tam_eval_folds(tam_ctx *ctx, tam_fold_rule rule, int64_t n, int d, const float *e,
                                               int64_t pairs, const int64_t *a, const uint8_t *same, int folds,
                                               tam_folds *result);

/* The same by insightface's rule after a principal component analysis: for each fold the mean and the first
 * `components` directions of the other folds' rows (each row as often as the pairs name it) are taken, all rows
 * projected and divided by their lengths again (`pca` of its calculate_roc). A single fold is analysed on itself. Fails
 * also with TAM_CONFIG for components outside [1, d], or more than the rows of the other folds. */
TAM_API TAM_MUST_USE tam_status tam_eval_folds_pca(tam_ctx *ctx, int components, int64_t n, int d, const float *e,
                                                   int64_t pairs, const int64_t *a, const uint8_t *same, int folds,
                                                   tam_folds *result);

/* Closed-set identification: each probe against the gallery; rank k counts when one of the k most similar gallery rows
 * has the probe's label (ties: the gallery row with the lower number first). */
typedef struct tam_identification {
    int64_t probes, gallery;
    double rank1, rank5, rank10;
    double nearest_mean; /* mean cosine to the best row */
} tam_identification;
TAM_API TAM_MUST_USE tam_status tam_eval_identify(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                                  const int32_t *gallery_labels, int64_t probe_count,
                                                  const float *probes, const int32_t *probe_labels,
                                                  tam_identification *result);

/* Each row against all other rows: the rank-1 share (leave one out); rows whose class has no other row are left out. */
TAM_API TAM_MUST_USE tam_status tam_eval_leave_one_out(tam_ctx *ctx, int64_t n, int d, const float *e,
                                                       const int32_t *labels, tam_identification *result);

/* Few-shot episodes: `ways` classes drawn, of each `shots` support rows and `queries` others; a query goes to the class
 * with the most similar mean of support rows. Zero means default: 20 ways, 1 shot, 1 query a class, 1000 episodes. */
typedef struct tam_fewshot_config {
    int ways, shots, queries, episodes;
    uint64_t seed;
} tam_fewshot_config;
typedef struct tam_fewshot {
    int ways, shots, queries, episodes;
    double error;    /* share of wrong queries */
    double interval; /* 1.96 standard errors over the episodes */
} tam_fewshot;
TAM_API TAM_MUST_USE tam_status tam_eval_fewshot(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                                 const tam_fewshot_config *config, tam_fewshot *result);

/* How classes lie on the sphere. The centre of a class is the direction of the mean of its rows, each of length 1; rows
 * of length 0 and classes whose rows cancel each other out do not count. Angles in radians. */
typedef struct tam_geometry {
    int64_t rows, classes; /* that count */
    double own_angle;      /* mean over rows of the angle to the centre of the own class; NaN: there is none */
    double other_angle;    /* mean over classes of the angle from the centre to the nearest other; NaN: there is none */
} tam_geometry;
TAM_API TAM_MUST_USE tam_status tam_eval_geometry(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                                  tam_geometry *result);

#ifdef __cplusplus
}
#endif
#endif
