/* One training run: everything that tam_train holds while it works. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include <stdbool.h>

#include "base/clock.h"
#include "data/sampler.h"
#include "model/embedder.h"
#include "model/snapshot.h"
#include "optim/schedule.h"
#include "tammes/eval.h"
#include "tammes/pairs.h"
#include "tammes/train.h"
#include "train/log.h"
#include "train/run_directory.h"

/* What the loader delivers is (byte - mean) / scale. */
#define TAM_RUN_MEAN 127.5f
#define TAM_RUN_SCALE 127.5f

/* Skipped batches in a row that end a run. */
enum { TAM_SKIPS_ALLOWED = 20 };

/* Where the time of a step goes. */
typedef enum tam_share {
    TAM_SHARE_LOAD,
    TAM_SHARE_FORWARD,
    TAM_SHARE_HEAD,
    TAM_SHARE_BACKWARD,
    TAM_SHARE_UPDATE,
    TAM_SHARES
} tam_share;

typedef struct tam_times {
    double share[TAM_SHARES]; /* seconds in each */
    double wall;              /* seconds in training steps */
    double images;
} tam_times;

/* Sums over training steps. All doubles: they are an array of the checkpoint, so that a resumed run's log goes on
 * without a gap. */
typedef struct tam_sums {
    double steps, loss, class_loss, centre_loss, theta, correct, counted;
} tam_sums;

/* What a head that leaves classes or tiles out says of it, summed over steps. */
typedef struct tam_left_out_sums {
    double steps, classes, tiles, tiles_left_out;
    double largest_bound; /* of a step */
} tam_left_out_sums;

/* What a checkpoint keeps besides the net and the head: "train.counters" (i64) and "train.sums" (f64). */
typedef struct tam_counters {
    int64_t step;                    /* steps done, skipped ones included */
    int64_t epochs_ended;            /* epochs whose end (validation, best model) is done */
    int64_t skipped, skipped_in_row; /* batches whose numbers were not finite */
    int64_t images;                  /* of the data set: another number is another data set */
    int64_t unreadable;              /* images left out of their batches */
    int64_t no_pairs; /* batches that a pair loss found no pair in; checkpoints from before do not have it */
} tam_counters;

typedef struct tam_run_sums {
    tam_sums line;  /* since the last line of the log */
    tam_sums epoch; /* since the epoch began */
    double histogram[TAM_THETA_BINS];
    double best_eer, last_eer;       /* NaN before the first validation */
    double last_loss, last_accuracy; /* of the last whole epoch */
    tam_left_out_sums left_out;      /* since the last line of the log; checkpoints from before do not have it */
} tam_run_sums;

typedef struct tam_run {
    tam_ctx *ctx;
    tam_arena *arena;        /* paths, class names */
    tam_train_config config; /* resolved: no zero means default any more */
    tam_dataset *data, *validation;
    tam_dataset_info info;
    tam_loader *loader;
    tam_net *net;
    tam_net_plan *plan;
    tam_head *head;
    tam_embedder *embedder; /* NULL without validation */
    tam_snapshot *snapshot;
    tam_schedule schedule;
    float *x, *dx, *theta;       /* [batch, D], [batch, D], [batch] */
    tam_sampler *order;          /* with what follows, where parts of a step must draw the same classes, else NULL */
    int64_t *step_index;         /* [batch] */
    int32_t *step_labels;        /* [accumulate, batch] */
    tam_pairs *validation_pairs; /* NULL: all pairs of labelled images are compared */
    float *validation_x;         /* [images, D] */
    int32_t *validation_labels;  /* NULL with validation_pairs */
    double validation_accuracy;  /* over the folds of the pairs, after the last epoch; NaN: none */
    char *class_names;           /* one after another, each with its zero */
    size_t class_names_bytes;
    tam_run_directory directory;
    tam_log log;
    tam_counters counters;
    tam_run_sums sums;
    int64_t steps, steps_per_epoch, epochs;
    double rate; /* of the step in work */
    tam_times times, times_at_line;
    tam_sums report; /* since the last progress report */
    tam_times times_at_report;
    double began, reported, saved, epoch_began; /* moments, seconds of a clock that never jumps */
    double save_seconds;                        /* that the last checkpoint took */
    bool resumed, best_exists;
    bool no_pairs_told;        /* the warning */
    bool init_read;            /* the parameters of `init_from` are in the net */
    const char *class_weights; /* what became of its class weights, for the log */
    int64_t init_step;         /* training steps behind it */
    int64_t saved_step;        /* of last.safetensors; -1: none */
} tam_run;

/* Checks and completes a configuration. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_train_resolve(tam_ctx *ctx, const tam_train_config *config, tam_train_config *resolved);

/* Fits a resolved configuration to its data: the batch that the sampler makes, and how many steps there are. Fails with
 * TAM_CONFIG. */
TAM_MUST_USE tam_status tam_train_fit(tam_ctx *ctx, tam_train_config *resolved, const tam_dataset_info *info,
                                      int64_t *steps_per_epoch, int64_t *steps);

/* The head of a resolved configuration with so many classes. */
tam_head_config tam_train_head(const tam_train_config *resolved, int64_t classes);

/* Opens data, net, head, and the run directory; continues from its checkpoint if there is one. On failure too the
 * caller ends with tam_run_close. */
TAM_MUST_USE tam_status tam_run_open(tam_ctx *ctx, const tam_train_config *config, tam_run *run);
void tam_run_close(tam_run *run);

/* Takes the net, and the class weights where they fit, from the model of config.init_from. Fails with TAM_INPUT (not a
 * model) or TAM_CONFIG (of another net, width or input; both values in the sentence). */
TAM_MUST_USE tam_status tam_run_init(tam_run *run);

/* The plans of training and of the validation. Fails with TAM_RESOURCES when they do not fit in memory; the sentence
 * says what would. */
TAM_MUST_USE tam_status tam_run_plan(tam_run *run);

/* The width of the embedding of a network that is a file; *dim stays what it is for others. The file must hold a
 * network (TAM_INPUT) whose width is *dim, where that is not 0 (TAM_CONFIG). A file that is gone is no fault where the
 * run directory has a checkpoint of it, or the model to begin with is of it: they hold the network's text. */
TAM_MUST_USE tam_status tam_train_net_dim(tam_ctx *ctx, const tam_train_config *config, int *dim);
/* Makes run->net, likewise. */
TAM_MUST_USE tam_status tam_run_net(tam_run *run);
/* Whether the checkpoint's network is the run's, which must be a file's; `text` is the checkpoint's. TAM_CONFIG with
 * the first line that differs. */
TAM_MUST_USE tam_status tam_run_net_is_same(tam_run *run, const char *path, const char *text);

/* One step: config.accumulate times load, forward, head, backward, clip, and the update. Allocates nothing. A part
 * whose loss or gradient is not finite adds nothing to the net and is counted (docs/training.md on the head); fails
 * with TAM_NEGATIVE after TAM_SKIPS_ALLOWED of them in a row. So does, without ever failing, a part of pair losses
 * alone without a pair. */
TAM_MUST_USE tam_status tam_run_step(tam_run *run);

/* TAM_NEGATIVE with "OUT: WHAT step N", the step of the last checkpoint, and what to try. */
TAM_MUST_USE tam_status tam_run_diverged(tam_run *run, const char *what);

/* Opens what the run is validated on, if there is something (data/validation_path.h). */
TAM_MUST_USE tam_status tam_run_open_validation(tam_run *run);
/* Embeds it and measures: the rates of *result, and with listed pairs run->validation_accuracy. TAM_INPUT where
 * embeddings are not finite. */
TAM_MUST_USE tam_status tam_run_validate(tam_run *run, tam_verification *result);
/* The end of an epoch: validation, best.safetensors, a line in the log. TAM_STOPPED if asked to stop meanwhile. */
TAM_MUST_USE tam_status tam_run_end_epoch(tam_run *run);

/* Writes last.safetensors. */
TAM_MUST_USE tam_status tam_checkpoint_save(tam_run *run);
/* Whether it is time for another one: after config.checkpoint_seconds, or later where it takes long to write. */
bool tam_checkpoint_is_due(const tam_run *run, double now);
/* Continues from `path`. Fails with TAM_INPUT (corrupt) or TAM_CONFIG (another run's). */
TAM_MUST_USE tam_status tam_checkpoint_load(tam_run *run, const char *path);

/* Lines of the log. */
void tam_log_start(tam_run *run);
void tam_log_step(tam_run *run);
void tam_log_end(tam_run *run);

void tam_sums_add(tam_sums *sums, const tam_head_result *result);
/* Sum over the steps or samples that counted; NaN when there are none. */
double tam_mean(double sum, double count);

#endif
