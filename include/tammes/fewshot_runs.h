/* Few-shot runs as they are published (Omniglot's twenty one-shot runs, Lake et al., Science 2015): folders run01,
 * run02
 * ... with a list class_labels.txt of questions and their right answers, `run01/test/item01.png
 * run01/training/class14.png`. */
#ifndef TAMMES_FEWSHOT_RUNS_H
#define TAMMES_FEWSHOT_RUNS_H

#include "tammes/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One list. Every question is asked of all choices, which are the list's answers, each once, in their order. */
typedef struct tam_fewshot_run {
    const char *name; /* of its folder, from the data's: "run01", or "." */
    int64_t questions, choices;
    const int64_t *question; /* [questions] rows */
    const int64_t *right;    /* [questions] which choice is right */
    const int64_t *choice;   /* [choices] rows */
} tam_fewshot_run;

typedef struct tam_fewshot_runs tam_fewshot_runs;

/* Arrays are owned by the runs. */
typedef struct tam_fewshot_runs_info {
    int64_t count;
    const tam_fewshot_run *runs; /* [count] by their names' bytes */
    int64_t images;              /* that the lists name */
    const int64_t *image;        /* [images] their numbers in the data set, rising; rows are places in here */
} tam_fewshot_runs_info;

/* Reads every class_labels.txt of the folder and of the folders in it where the data set has images. The paths in a
 * list begin at the folder above it, at its own, or at `folder`. *out is the caller's (tam_fewshot_runs_free). Fails
 * with TAM_INPUT: no list, a damaged one (its line), a question asked twice, a list with fewer than two answers, images
 * that the data set lacks: all are counted, some named. */
TAM_API TAM_MUST_USE tam_status tam_fewshot_runs_open(tam_ctx *ctx, const char *folder, const tam_dataset *dataset,
                                                      tam_fewshot_runs **out);
TAM_API void tam_fewshot_runs_free(tam_fewshot_runs *runs);
TAM_API tam_fewshot_runs_info tam_fewshot_runs_describe(const tam_fewshot_runs *runs);

typedef struct tam_fewshot_runs_result {
    int64_t questions;     /* of all runs */
    double error;          /* mean over the runs of their shares of wrong answers; NaN: no runs */
    double standard_error; /* of that mean: sample standard deviation / sqrt(runs); NaN of a single run */
} tam_fewshot_runs_result;

/* x [n, d]. A question's answer is the choice with the largest cosine (in f64, rounded to f32), of equal ones the
 * first. error [count]: the share of wrong answers of each run. Fails with TAM_INPUT for a row that holds no number. */
TAM_API TAM_MUST_USE tam_status tam_eval_fewshot_runs(tam_ctx *ctx, int64_t n, int d, const float *x, int64_t count,
                                                      const tam_fewshot_run *runs, double *error,
                                                      tam_fewshot_runs_result *result);

#ifdef __cplusplus
}
#endif
#endif
