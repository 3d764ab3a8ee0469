/* Reports: figures of runs on one self-contained HTML page. */
#ifndef TAMMES_REPORT_H
#define TAMMES_REPORT_H

#include "tammes/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default. */
typedef struct tam_report_config {
    const char *const *runs;       /* run directories, side by side */
    int run_count;                 /* at least 1 */
    const char *out;               /* the page; no default */
    const char *title;             /* NULL: the runs' names */
    tam_dataset_config validation; /* identities for the ROC, or listed pairs as in tam_train_config; path NULL: none */
    int scatter_images;            /* images a 2-D scatter shows at most; 0: 2000 */
} tam_report_config;

/* Writes the page: loss, angle and rate curves, theta histograms at the start, middle and end of training, the ROC on
 * the validation set, and for 2-D embeddings the scatter with class directions. Also writes a row of each run's
 * numbers. Where a run's training data is gone its scatter is left out and the page says so. */
TAM_API TAM_MUST_USE tam_status tam_report_write(tam_ctx *ctx, const tam_report_config *config);

#ifdef __cplusplus
}
#endif
#endif
