/* The class head as a textbook has it: all logits at once, in f64, in plain loops. What the benchmark's fast head is
 * held against before it is timed. */
#ifndef BENCH_TEXTBOOK_H
#define BENCH_TEXTBOOK_H

#include "cli.h"

/* Whether the loss's curves (tam_loss_curve) say all about it: its logits depend on cosines alone, and nothing of it
 * moves with the batch. */
bool bench_textbook_knows(const char *loss);

typedef struct bench_textbook {
    const char *loss;
    int64_t classes; /* as the loss counts them */
    int64_t rows;    /* classes that take part */
    int n, dim;
    bool bf16;        /* factors of products are rounded to bf16, as the head's dtypes bf16 and bf16-lean round them */
    const float *x;   /* [n, dim] */
    const float *w;   /* [rows, dim] */
    const int64_t *y; /* [n] in [0, rows) */
    /* Results: */
    double loss_value;
    double slope;    /* the steepest dz/dcos of another class */
    double *dx, *dw; /* [n, dim], [rows, dim], the caller's; gradients of the mean loss. dw may be NULL */
} bench_textbook;

/* Takes 3 arrays of [n, rows] f64, and as many of [n + rows, dim]. */
TAM_MUST_USE tam_status bench_textbook_gradient(cli_call *call, bench_textbook *book);

#endif
