/* The benchmark of the class head, in the parts that its two forms share. */
#ifndef BENCH_HEAD_H
#define BENCH_HEAD_H

#include "cli.h"

/* The size of a step. */
typedef struct head_size {
    int64_t classes;
    int dim, batch;
} head_size;

extern const tam_head_update bench_head_update;

/* Embeddings in [-1, 1]^D and labels, from a linear congruence. */
void bench_head_fill(uint64_t seed, const head_size *size, float *x, int32_t *y);

/* A fast wrong step is worth nothing: a small head (at most 300 classes, 40 samples) against the plain reference
 * backend. *error receives the largest relative difference of a gradient; fails with TAM_INTERNAL when it is not below
 * 1e-4. */
TAM_MUST_USE tam_status bench_head_check(cli_call *call, const head_size *size, const char *loss, double *error);

/* Times a step of every loss of the list, in turn, and prints them beside CosFace. */
TAM_MUST_USE tam_status bench_head_losses(cli_call *call, const head_size *size, const char *losses, int rounds);

#endif
