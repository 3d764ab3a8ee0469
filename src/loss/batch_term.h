/* What a term on the batch is: a loss beside the class loss, or by itself, of the embeddings and their labels. Two
 * kinds, each with its folder and list: terms on class centres (src/loss/centre/) see the raw embeddings and may keep
 * centres that move by a rule of their own; pair losses (src/loss/pair/) are functions of the cosines between the
 * batch's samples. Adding one: a file and a line in centres.def or pairs.def. */
#ifndef LOSS_BATCH_TERM_H
#define LOSS_BATCH_TERM_H

#include "base/spec.h"

enum { TAM_TERM_KEYS = 12 };

enum {
    TAM_TERM_CENTRES = 1 /* keeps centres [C, D]; all such terms of a specification share them */
};

/* One batch as a term on centres sees it. */
typedef struct tam_term_batch {
    int n, dim;
    int64_t classes;
    const float *x;    /* [n, D], not normalised */
    const int32_t *y;  /* [n]; rows with -1 are skipped */
    int counted;       /* rows that are not: a mean over samples is over them; at least 1 */
    float *centres;    /* [C, D], or NULL without TAM_TERM_CENTRES */
    int32_t *in_batch; /* [C], all zero before and after a call; NULL without TAM_TERM_CENTRES */
    void *room;        /* as asked for by `room` */
    uint64_t seed;     /* of the draws, with the step: tam_random_at(seed, TAM_PURPOSE_TERM, step, draw) */
    int64_t step;
} tam_term_batch;

/* One batch as a pair loss sees it: only the samples that count. */
typedef struct tam_pair_batch {
    int n;                /* samples; may be 0 */
    int dim;              /* D of the embeddings */
    const int32_t *y;     /* [n] */
    const double *cosine; /* [n, n]: x^_i . x^_j; a squared distance on the sphere is 2 - 2 cosine */
    void *room;           /* as asked for by `room` */
    uint64_t seed;        /* of the draws, with the step, as above */
    int64_t step;
} tam_pair_batch;

typedef struct tam_batch_term {
    const char *name, *formula, *source;
    int traits;
    const tam_key *keys; /* a pair loss has the key `lambda`, its weight, besides */
    int key_count;
    /* Bytes of scratch memory for batches of n, allocated with the head; NULL: none. */
    size_t (*room)(const double *key, int n, int dim, int64_t classes);
    /* Exactly one of the next two. Terms on centres: returns the loss and adds its gradient to dx [n, D]. */
    double (*loss)(const double *key, const tam_term_batch *batch, float *dx);
    /* Pair losses: returns the loss and writes the gradient lengths g [n, n], which come zeroed: g_ij = dL/dcosine_ij,
     * with cosine_ij and cosine_ji as two variables (either, or half each, may carry the slope of a pair). */
    double (*pairs)(const double *key, const tam_pair_batch *batch, double *g);
    /* Moves the shared centres by the rule of `center`, after all losses of a training step; NULL: nothing moves. The
     * head calls it for the first term of the specification that has one and for no other: two terms on centres
     * (center+uniform) must not move them twice. */
    void (*move)(const double *key, const tam_term_batch *batch);
} tam_batch_term;

/* All terms: those on centres first, then the pair losses. */
int tam_batch_term_count(void);
const tam_batch_term *tam_batch_term_at(int index);
static inline bool tam_batch_term_is_pair(const tam_batch_term *term) {
    return term->pairs != NULL;
}

#endif
