/* The benchmark of the class head, in the parts that its two forms share. */
#ifndef BENCH_HEAD_H
#define BENCH_HEAD_H

#include "cli.h"

extern const tam_head_update bench_head_update;

/* Embeddings x [batch, dim] in [-1, 1] and labels y [batch], from a linear congruence. */
void bench_head_fill(uint64_t seed, const tam_head_config *config, float *x, int32_t *y);

/* The largest differences from a plain head on the same numbers: relative to the loss, and to the largest number of a
 * sample's or class's gradient. */
typedef struct head_check {
    const char *against; /* "textbook" (f64, all logits at once) or "ref" (the reference backend) */
    int64_t classes;     /* of the head that was compared */
    int samples;
    double loss, dx, dw;
    double tolerance; /* that none of them may reach */
} head_check;

/* The largest of the three; NaN if one is. */
double bench_head_error(const head_check *check);

/* A fast wrong step is worth nothing. A head of the same configuration with some of the classes (those of the labels
 * and others at random, about 1,000) and of the samples (at most 512) is held against a textbook head in f64 or, for
 * losses that it does not know, against the reference backend. The classes' weights are those of `head`; NULL: their
 * start. Fails with TAM_INTERNAL when they differ by the tolerance or more. */
TAM_MUST_USE tam_status bench_head_check(cli_call *call, const tam_head_config *config, const tam_head *head,
                                         head_check *check);

/* Times a step of every loss of the list, in turn, and prints them beside CosFace. */
TAM_MUST_USE tam_status bench_head_losses(cli_call *call, const tam_head_config *config, const char *losses,
                                          int rounds);

#endif
