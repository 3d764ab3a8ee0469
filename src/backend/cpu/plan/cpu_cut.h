/* How sweeps over a batch of maps are cut into tasks, and how their partial sums are put together. The cut depends on
 * the layout and the number of samples only: the same bits on any number of threads. */
#ifndef BACKEND_CPU_CPU_CUT_H
#define BACKEND_CPU_CPU_CUT_H

#include "backend/cpu/plan/cpu_layout.h"
#include "backend/cpu/sweep/cpu_sweep.h"

/* A task is one piece of one block: the same channels of pixels that follow each other, over the samples' borders. */
typedef struct tam_cpu_cut {
    tam_layout layout;
    int blocks, period;
    int64_t rows;   /* pixels of all samples */
    int64_t piece;  /* rows of a task */
    int64_t tasks;  /* task = piece * blocks + block */
    bool by_sample; /* runs end where samples do */
} tam_cpu_cut;
tam_cpu_cut tam_cpu_cut_of(const tam_layout *layout, int n);

/* The runs of numbers without a gap of which a task consists: one after the other. */
typedef struct tam_cpu_run {
    int64_t start, count; /* numbers */
    int64_t row, last;    /* rows left of the task */
    int block;
} tam_cpu_run;
tam_cpu_run tam_cpu_first_run(const tam_cpu_cut *cut, int64_t task);
void tam_cpu_next_run(const tam_cpu_cut *cut, tam_cpu_run *run);
/* for (each run of the task) */
#define TAM_CPU_EACH_RUN(run, cut, task) \
    for (tam_cpu_run run = tam_cpu_first_run(cut, task); run.count > 0; tam_cpu_next_run(cut, &run))

/* sums[channel] = the sum over tasks and over the period of partial[task * stride + period], in f64, in order. */
void tam_cpu_fold(const tam_cpu_cut *cut, const float *partial, int64_t stride, double *sums);

/* The partial statistics of a task, of any sweep's output or input: partial [task][3][period]. */
size_t tam_cpu_statistics_bytes(const tam_cpu_cut *cut);
void tam_cpu_statistics_task(const tam_sweep_kernels *kernels, const tam_cpu_cut *cut, const void *x, float *partial,
                             int64_t task);
/* All tasks. */
void tam_cpu_statistics(tam_ctx *ctx, const tam_sweep_kernels *kernels, const tam_cpu_cut *cut, const void *x,
                        float *partial);
/* The mean and the variance (of the values as they are: divided by their number) of each channel. positions [period]:
 * room. */
void tam_cpu_statistics_fold(const tam_cpu_cut *cut, const float *partial, double *positions, double *mean,
                             double *variance);

#endif
