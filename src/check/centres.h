/* Centres of classes on the sphere, and classes whose centres are the same.
 *
 * The mean S / n of a class's unit rows is shorter the more they spread: |S / n|^2 = r^2 + (1 - r^2) / n on average,
 * where r is the length of the mean of very many rows. So r^2 is estimated by (|S|^2 - n) / (n (n - 1)), the mean
 * cosine of two different rows, and the spread by arccos r. The angle between two classes' true centres is estimated
 * likewise by cos = S_a S_b / (n_a n_b r_a r_b): near 0 for two parts of one class, however few rows they have. A class
 * that spreads more than half of the others is taken to spread like the median: else two rows that have nothing in
 * common would look like anybody. */
#ifndef CHECK_CENTRES_H
#define CHECK_CENTRES_H

#include "base/ctx.h"
#include "tammes/check.h"

/* Degrees between estimated centres below which two classes may be one. */
#define TAM_CENTRES_SAME_ANGLE 30.0

typedef struct tam_centres {
    int32_t classes;
    int d;
    float *centre;  /* [classes, d] of length 1; zero where a class has no rows */
    int32_t *count; /* [classes] rows behind it */
    float *gain;    /* [classes] length of the mean, divided by r */
    float *spread;  /* [classes] arccos r in degrees; classes with fewer than 2 rows have the median of the others */
    float median_spread;
} tam_centres;

TAM_MUST_USE tam_status tam_centres_take(tam_ctx *ctx, int32_t classes, int d, tam_centres *centres);
/* Adds unit row x [n, d] to the sums, in `centre` and `count`; zero rows and labels below 0 do not count. */
void tam_centres_add(tam_centres *centres, int64_t n, const float *x, const int32_t *labels);
/* Makes centres of the sums. Fails with TAM_INPUT when a row was NaN or infinite. */
TAM_MUST_USE tam_status tam_centres_finish(tam_ctx *ctx, tam_centres *centres);
void tam_centres_free(tam_ctx *ctx, tam_centres *centres);

/* Pairs of classes whose estimated centres are nearer than `limit` degrees, the nearest first; of very many the first
 * TAM_CENTRES_MOST_PAIRS found. *pairs is the caller's (tam_release). */
enum { TAM_CENTRES_MOST_PAIRS = 100000 };
TAM_MUST_USE tam_status tam_centres_alike(tam_ctx *ctx, const tam_centres *centres, double limit,
                                          tam_check_classes **pairs, int64_t *count);

#endif
