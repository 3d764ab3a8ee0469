/* A batch in f64, class by class, and its gradient: what the terms without centres of their own work on. Cut from the
 * term's room. */
#ifndef LOSS_CENTRE_GATHERED_H
#define LOSS_CENTRE_GATHERED_H

#include "loss/batch_term.h"

typedef struct tam_gathered {
    int n, dim;      /* the samples that count */
    int classes;     /* that they have */
    int *row;        /* [n] place in the batch; the samples of a class follow one another */
    int *begin;      /* [classes + 1] a class's first sample */
    double *x;       /* [n, D] */
    double *inverse; /* [n] 1 / |x|, or 0 for a row of (nearly) no length */
    double *dx;      /* [n, D], zero at first */
} tam_gathered;

size_t tam_gathered_bytes(int n, int dim);

/* *at moves behind what it takes. */
tam_gathered tam_gather(const tam_term_batch *batch, char **at);

static inline double *tam_gathered_x(const tam_gathered *all, int i) {
    return all->x + (int64_t)i * all->dim;
}

static inline double *tam_gathered_dx(const tam_gathered *all, int i) {
    return all->dx + (int64_t)i * all->dim;
}

/* From x to x / |x| in place. */
void tam_gathered_normalise(const tam_gathered *all);

/* From gradients by x / |x| to gradients by x, in place: the part along x goes, the rest is divided by |x|. */
void tam_gathered_project(const tam_gathered *all);

/* Adds weight * dx to the batch's. */
void tam_gathered_add(const tam_gathered *all, double weight, float *dx);

#endif
