/* Terms that are multiplied by a vector, a number for each channel of each sample: z = s x, dx = s dz, and
 *     ds[sample][channel] = sum over the pixels of dz x.
 * To the kernels the numbers of a sample are the pattern of a scale, so that runs end where samples do. */
#ifndef BACKEND_CPU_CPU_SWEEP_FACTOR_H
#define BACKEND_CPU_CPU_SWEEP_FACTOR_H

#include "backend/cpu/plan/cpu_plan.h"

typedef struct tam_sweep_factors {
    bool any;
    tam_layout layout;               /* of the maps */
    float *pattern[TAM_SWEEP_TERMS]; /* [sample][tam_layout_pattern]; NULL: this term has no factor */
    float *partial[TAM_SWEEP_TERMS]; /* [sample][parts][c]: of ds */
    int64_t parts;                   /* in how many tasks a sample's pixels lie, at most */
} tam_sweep_factors;

bool tam_sweep_has_factors(const tam_cpu_step *step);
/* The sums of its gradient are those of the factors alone, so that dx does not wait for them. */
bool tam_sweep_sums_together(const tam_cpu_step *step);
/* In the plan's scratch memory, behind the first `before` bytes. */
size_t tam_sweep_factors_bytes(tam_plan *plan, const tam_cpu_step *step);
tam_sweep_factors tam_sweep_factors_at(tam_plan *plan, const tam_cpu_step *step, size_t before);
/* Fills the patterns of the first n samples. */
void tam_sweep_factors_spread(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_factors *factors, int n);

/* The sweep as it is for a run of one sample. */
tam_sweep tam_sweep_of_run(const tam_sweep *sweep, const tam_sweep_factors *factors, const tam_cpu_run *run);
/* gradient_sums of a run; what belongs to the factors goes to their partial sums. `sums` is the task's. */
void tam_sweep_factors_sums(const tam_sweep_kernels *kernels, const tam_sweep *sweep, const tam_sweep_factors *factors,
                            const tam_cpu_cut *cut, int64_t task, const tam_cpu_run *run, float *sums);
/* Writes the gradients of the factors. */
void tam_sweep_factors_finish(const tam_cpu_step *step, const tam_sweep_factors *factors, const tam_cpu_cut *cut);

#endif
