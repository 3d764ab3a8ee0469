/* From embeddings to pair losses and back. The samples of a batch that count (label >= 0) are gathered as unit rows
 * with the matrix of their cosines, all in f64; a pair loss gives its gradient lengths g_ij = dL/dcosine_ij, and these
 * become
 *     dx_i = sum_{j != i} (g_ij + g_ji) (x^_j - cosine_ij x^_i) / |x_i|.
 * The same bits for any number of threads. A row that is (nearly) zero has the cosine 0 with all others and gets no
 * gradient. */
#ifndef LOSS_PAIR_BATCH_H
#define LOSS_PAIR_BATCH_H

#include "loss/loss.h"

/* Bytes of the block `space` for batches of up to n samples of dim dimensions. */
size_t tam_pair_space_bytes(int n, int dim);

/* Gathers a batch: x [n, dim], y [n]. The block remembers them until the next call. */
void tam_pair_space_fill(tam_ctx *ctx, void *space, int n, int dim, const float *x, const int32_t *y);

/* Adds weight * gradient of a pair loss to dx [n, dim] and returns weight * loss, where the weight is the term's.
 * `room` is as the loss asked for by its own `room`. Does not touch rows that do not count. */
double tam_pair_space_apply(tam_ctx *ctx, void *space, const tam_loss_term *term, uint64_t seed, int64_t step,
                            void *room, float *dx);

typedef struct tam_pair_result {
    bool any_positive; /* whether two samples have the same label */
    int positives;     /* samples with a positive: another sample of their label */
    int correct;       /* samples whose most similar other sample has their label; equal cosines do not count */
} tam_pair_result;

/* theta [n] (or NULL) receives each sample's mean angle to its positives in radians, NaN without one; *mean_theta the
 * mean over the samples that have one, 0 if none has. */
tam_pair_result tam_pair_space_report(const void *space, float *theta, double *mean_theta);

#endif
