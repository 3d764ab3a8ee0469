/* Batch norm, its activation and the maximum pool behind them in one sweep: what the pool leaves out is never written.
 * For windows that lie side by side without padding.
 *
 * Beside y the forward sweep keeps, for each maximum, x there and its place in the window. That is all that backward
 * needs of the pool: the sums over a channel run over the maxima alone, since dz is 0 elsewhere. */
#ifndef BACKEND_CPU_CPU_NORM_POOL_H
#define BACKEND_CPU_CPU_NORM_POOL_H

#include "backend/cpu/cpu_batch_norm.h"

typedef struct tam_norm_pool_job {
    tam_norm_job norm; /* layout: of x; y and dy are pooled, dx is not */
    tam_layout pooled;
    int kernel;
    float *x_kept;  /* [n][block][pooled pixel][lane]: x at the maximum */
    int32_t *place; /* its place in the window, row by row; as wide as x, which is what vectors like */
} tam_norm_pool_job;

void tam_norm_pool_apply(tam_ctx *ctx, const tam_norm_pool_job *job);
/* As tam_norm_gradient_sums. */
void tam_norm_pool_gradient_sums(tam_ctx *ctx, const tam_norm_pool_job *job, double *sums);
void tam_norm_pool_gradient(tam_ctx *ctx, const tam_norm_pool_job *job);

#endif
