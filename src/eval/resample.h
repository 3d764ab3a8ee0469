/* The bootstrap itself: scores with the subjects that they belong to, sorted, and resamples of the subjects. */
#ifndef EVAL_RESAMPLE_H
#define EVAL_RESAMPLE_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/bootstrap.h"

/* A score of two rows; for a genuine pair both subjects are the same. */
typedef struct tam_subject_score {
    float score;
    uint32_t first, second;
} tam_subject_score;

typedef struct tam_subject_scores {
    int64_t count;
    tam_subject_score *items; /* tam_release */
} tam_subject_scores;

typedef struct tam_resample_input {
    int64_t subjects;
    tam_subject_scores genuine, impostor; /* any order: they are sorted in place */
    bool all_impostors;                   /* else those that are missing score lower than all that are here */
    /* Impostor pairs of a resample: listed ones are counted; of all pairs their number follows from the rows of each
     * subject, [subjects], which are NULL where pairs are listed. */
    const int64_t *rows;
} tam_resample_input;

/* Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_resample(tam_ctx *ctx, tam_resample_input *input, int levels, const double *far,
                                     const tam_bootstrap_config *config, tam_bootstrap *result);

/* Everything unknown. */
void tam_resample_nothing(int64_t subjects, int levels, const double *far, tam_bootstrap *result);

#endif
