/* What the page shows of one run. */
#ifndef REPORT_REPORT_RUN_H
#define REPORT_REPORT_RUN_H

#include "report/run_log.h"
#include "tammes/eval.h"
#include "tammes/report.h"

/* Features in the plane. */
typedef struct tam_scatter {
    int64_t count, classes;
    float *x;        /* [count, 2] */
    int32_t *labels; /* [count] */
    int sub_centres; /* K: class weights of each class; 0 without any */
    float *weights;  /* [classes K, 2], or NULL */
    char **names;    /* [classes] */
} tam_scatter;

typedef struct tam_report_run {
    char *name;
    tam_run_log log;
    bool validated;
    bool listed_pairs; /* validated on such, else on all pairs of images with labels */
    tam_verification validation;
    tam_scatter scatter;       /* count 0: none */
    char scatter_missing[512]; /* why a run with 2-D embeddings has none; "" otherwise */
} tam_report_run;

/* Reads the run's log and model, embeds the validation set and, for 2-D embeddings, part of the training set. What is
 * missing on the way to a scatter is said in `scatter_missing`; a missing log or model fails. */
TAM_MUST_USE tam_status tam_report_run_read(tam_ctx *ctx, const tam_report_config *config, const char *folder,
                                            tam_report_run *run);
void tam_scatter_free(tam_ctx *ctx, tam_scatter *scatter);
void tam_report_run_free(tam_ctx *ctx, tam_report_run *run);

#endif
