/* The log of a run, log.jsonl: one JSON object a line, "kind" one of start, step, epoch, end. */
#ifndef REPORT_RUN_LOG_H
#define REPORT_RUN_LOG_H

#include <stdbool.h>

#include "base/ctx.h"

enum { TAM_THETA_BINS = 90 }; /* of 2 degrees */

/* Means since the previous line; NaN where the line does not say. */
typedef struct tam_log_step {
    int64_t step;
    double loss, theta /* radians */, accuracy, lr, images_per_second;
    double running;                               /* the class loss's first running statistic */
    double load, forward, head, backward, update; /* shares of the time */
    bool has_histogram;
    double theta_histogram[TAM_THETA_BINS]; /* samples by the angle to their own class */
} tam_log_step;

typedef struct tam_log_epoch {
    int64_t epoch, step;
    double loss, accuracy, eer;
} tam_log_epoch;

typedef struct tam_run_log {
    tam_ctx *ctx;
    char *net, *loss;                                               /* specifications; "" when there is no start line */
    int64_t dim, classes, images, parameters, planned_steps, batch; /* 0 when unknown */
    int64_t step_count, epoch_count;
    tam_log_step *steps; /* rising; what a resumed run did again replaces what it had done before */
    tam_log_epoch *epochs;
    bool ended;
    int64_t bad_lines; /* that were not understood; a cut last line is not one */
} tam_run_log;

/* Reads bytes as a log. Never fails for what is in them: lines that are not understood are counted. */
TAM_MUST_USE tam_status tam_run_log_parse(tam_ctx *ctx, const char *data, size_t size, tam_run_log *log);
/* Reads folder/log.jsonl; TAM_INPUT when there is none, or no line of a run in it. */
TAM_MUST_USE tam_status tam_run_log_read(tam_ctx *ctx, const char *folder, tam_run_log *log);
void tam_run_log_free(tam_run_log *log);

/* Adds up the histograms of the lines with from <= step / last step <= to into bins (shares, summing to 1); false when
 * there are none. */
bool tam_run_log_histogram(const tam_run_log *log, double from, double to, double bins[TAM_THETA_BINS]);

#endif
