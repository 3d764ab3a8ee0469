/* A sweep as a step of a plan: one or two terms, each a value or the batch norm of one (Ioffe and Szegedy, ICML 2015),
 * their sum, an activation, a maximum pool. */
#ifndef BACKEND_CPU_CPU_SWEEP_STEP_H
#define BACKEND_CPU_CPU_SWEEP_STEP_H

#include "backend/cpu/sweep/cpu_sweep_factor.h"

/* A norm's numbers, as kernels read them (cpu_sweep.h). */
typedef struct tam_sweep_pattern {
    float *mean, *scale, *shift;
    float *by_x, *constant; /* of the gradient */
} tam_sweep_pattern;

/* What the step remembers from forward to backward. */
typedef struct tam_sweep_room {
    double *mean[TAM_SWEEP_TERMS], *variance[TAM_SWEEP_TERMS]; /* [c] */
    tam_sweep_pattern pattern[TAM_SWEEP_TERMS];
    float *slope;
    void *x_kept;
    uint8_t *place;
} tam_sweep_room;

size_t tam_sweep_room_bytes(tam_plan *plan, const tam_cpu_step *step);
tam_sweep_room tam_sweep_room_of(tam_plan *plan, const tam_cpu_step *step);

/* Room for one call, in the plan's scratch memory. */
typedef struct tam_sweep_scratch {
    double *positions, *sums; /* [period], [2 + terms][c] */
    float *values;            /* [c]: one number per channel before it is spread */
} tam_sweep_scratch;
size_t tam_sweep_scratch_bytes(const tam_layout *layout);
tam_sweep_scratch tam_sweep_scratch_of(tam_plan *plan, const tam_layout *layout);

/* The sweep as the kernels see it. In backward what nobody needs is NULL, and so is each term's dx. */
tam_sweep tam_sweep_of(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, bool backward);
tam_sweep_pool tam_sweep_pool_of(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room);

/* Maps are what a pool works on: each map is a task. */
static inline int64_t tam_sweep_maps(const tam_layout *layout, int n) {
    return (int64_t)n * tam_layout_blocks(layout);
}

void tam_sweep_backward(tam_plan *plan, tam_cpu_step *step);

#endif
