/* The inside of a clean. */
#ifndef CHECK_CLEAN_INSIDE_H
#define CHECK_CLEAN_INSIDE_H

#include "base/memory.h"
#include "check/centres.h"
#include "eval/rows.h"

struct tam_clean {
    tam_ctx *ctx;
    tam_arena *arena; /* of the lists of the info */
    tam_dataset *data;
    int32_t *labels; /* [images] */
    int d;
    float *x; /* [images, d] of length 1; NULL once everything is known */
    tam_centres robust;
    float *own_angle, *other_angle; /* [images] degrees; NaN: there is no such centre */
    int32_t *other;                 /* [images] */
    int32_t *family;                /* [classes] the class that this one merges into; itself: it stays */
    int sets;
    tam_dataset **against; /* [sets] */
    tam_clean_info info;
};

/* Embeds a data set: *x [count, d] of length 1 and *labels [count], both the caller's (tam_release). */
TAM_MUST_USE tam_status tam_clean_embed(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, float **x,
                                        int32_t **labels);

/* Robust centres: in each class the mean of the three quarters of the rows that are nearest to it; and every row's
 * angle to its own centre without itself, own_angle [n]. */
TAM_MUST_USE tam_status tam_clean_centres(tam_ctx *ctx, int64_t n, int d, const float *x, const int32_t *labels,
                                          int32_t classes, tam_centres *centres, float *own_angle);

/* Every row's nearest centre that is not of its own family: other [n] (-1: none), angle [n] in degrees. labels NULL: no
 * row has one. family NULL: every class is its own. */
TAM_MUST_USE tam_status tam_clean_nearest(tam_ctx *ctx, int64_t n, const float *x, const int32_t *labels,
                                          const int32_t *family, const tam_centres *centres, int32_t *other,
                                          float *angle);

/* Images of people of the evaluation sets. */
TAM_MUST_USE tam_status tam_clean_overlaps(tam_clean *clean, const tam_clean_config *config, tam_model *model);

/* The image numbers of class c that are nearest to its centre, at most `most`; returns how many. */
int tam_clean_typical(const tam_clean *clean, int32_t c, int most, int64_t *image);

#endif
