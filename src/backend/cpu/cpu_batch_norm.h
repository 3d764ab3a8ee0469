/* The sweeps of batch norm over memory (cpu_norm_sweeps.c); cpu_batch_norm.c holds the formulas. */
#ifndef BACKEND_CPU_CPU_BATCH_NORM_H
#define BACKEND_CPU_CPU_BATCH_NORM_H

#include "backend/cpu/cpu_plan.h"

/* Numbers per channel, spread (cpu_layout.h). */
typedef struct tam_norm_patterns {
    float *mean, *scale, *beta, *slope;
    float *by_x, *constant; /* of dx = scale dz + by_x (x - mean) + constant */
} tam_norm_patterns;

typedef struct tam_norm_job {
    const tam_layout *layout;
    tam_cpu_cut cut;
    int n;
    tam_norm_patterns pattern;
    const float *x, *dy;
    float *y, *dx;
    float *partial; /* [task][3][period] */
} tam_norm_job;

/* The mean and the variance (of the values as they are: divided by their number) of each channel. */
void tam_norm_statistics(tam_ctx *ctx, const tam_norm_job *job, double *mean, double *variance);
/* y from x. */
void tam_norm_apply(tam_ctx *ctx, const tam_norm_job *job);
/* sums [3][c]: of dz, of dz (x - mean), and of z dy over z <= 0. */
void tam_norm_gradient_sums(tam_ctx *ctx, const tam_norm_job *job, double *sums);
/* dx; it may be dy's memory. */
void tam_norm_gradient(tam_ctx *ctx, const tam_norm_job *job);

#endif
