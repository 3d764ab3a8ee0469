/* What a term on class centres is: a loss beside the class loss, and a rule by which the centres move. All terms of a
 * specification share one array of centres. Adding one: a file in src/loss/centre/ and a line in centres.def. */
#ifndef LOSS_CENTRE_TERM_H
#define LOSS_CENTRE_TERM_H

#include "base/spec.h"

enum { TAM_CENTRE_KEYS = 8 };

/* One batch as a term sees it. */
typedef struct tam_centre_batch {
    int n, dim;
    const float *x;    /* [n, D], not normalised */
    const int32_t *y;  /* [n]; rows with -1 are skipped */
    int counted;       /* rows that are not: the loss is the mean over them; at least 1 */
    float *centres;    /* [C, D] */
    int32_t *in_batch; /* [C], all zero before and after a call */
} tam_centre_batch;

typedef struct tam_centre_term {
    const char *name, *formula, *source;
    const tam_key *keys;
    int key_count;
    /* Returns the loss and adds its gradient to dx [n, D]. */
    double (*loss)(const double *key, const tam_centre_batch *batch, float *dx);
    /* Moves the centres, after all losses of the step. */
    void (*move)(const double *key, const tam_centre_batch *batch);
} tam_centre_term;

int tam_centre_term_count(void);
const tam_centre_term *tam_centre_term_at(int index);

#endif
