/* Training: data in, a run directory out. Bit-exact: the same configuration and number of threads give the same bytes,
 * also when the process was killed and started again in between (docs/training.md). */
#ifndef TAMMES_TRAIN_H
#define TAMMES_TRAIN_H

#include <signal.h>
#include <stdint.h>

#include "tammes/data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tam_resume {
    TAM_RESUME_AUTO, /* continue the run in `out` if it has the same configuration, refuse it if it differs */
    TAM_RESUME_NO    /* refuse a directory that holds a run */
} tam_resume;

struct tam_train_progress;

/* Zero means default, except where a field says otherwise. */
typedef struct tam_train_config {
    tam_dataset_config data;
    tam_dataset_config validation; /* path NULL: none. Labelled images, all pairs of which are compared; or listed
                                      pairs: a verification set "lfw.bin", or "DIR:pairs.txt" */
    const char *net;               /* "conv4" */
    const char *loss;              /* "arcface" */
    int dim;                       /* 512 */
    const char *out;               /* run directory; no default */
    int epochs;                    /* 10 */
    int64_t steps;                 /* > 0: stop after so many steps; the schedule's length is then this */
    int batch;                     /* 128; with the sampler pk: P K */
    int accumulate;           /* 0: 1. K: a step takes K batches, one after another in the memory of one, and moves by
                                 the mean of their gradients; epochs, steps and schedule count such steps */
    const char *dtype;        /* of the net: "f32" (default), "bf16", "auto": as in tam_net_plan_config */
    const char *recompute;    /* as there: "sweeps" (default), "none", "units"; decides no bit of the result */
    int deterministic;        /* 1: the same bits on any number of threads */
    const char *tune;         /* as there: "off" (default), "fast", "full". What is chosen when the run begins is kept
                                 in its directory and holds to its end, whatever this says later */
    const char *tuning_cache; /* file of choices that other runs share: read when the run begins, and new ones are
                                 put there; NULL: none */
    double lr;                /* 0.03 */
    double momentum;          /* 0.9; negative: 0 */
    double weight_decay;      /* 5e-4; negative: 0 */
    const char *schedule;     /* "cosine" (default), "constant", "step:at=0.5/0.75,by=0.1", "poly:power=2" */
    double warmup;            /* share of the steps with a linearly rising rate; 0: 0.02, negative: none */
    double clip;              /* largest length of the net's gradient; 0: 5, negative: no clipping */
    const char *augment;      /* "none" */
    const char *alignment;    /* how the images are aligned, for the model file: "none" (default) or "arcface112", as
                                 tam_align_set makes them. Nothing is done to them */
    const char *sampler;      /* "shuffle" (default), "pk:P=16,K=4", "block" as in tam_loader_config */
    const char *init_from;    /* a run directory or model file (tam_model_open) whose net, and class weights where
                                 they fit, are the start; it must have this net, dim, size and channels. Read when
                                 the run begins and not needed after. NULL: none */
    const char *head_dtype;   /* "f32" (default), "bf16", "bf16-lean": as in tam_head_config, as the next three */
    size_t head_workspace;    /* bytes; 0: default; decides no bit of the result */
    double sample_rate;       /* 0 or 1: all classes in every step */
    int gradient_filter;      /* 0: exact */
    uint64_t seed;
    int loader_threads;     /* 1 */
    int checkpoint_seconds; /* between checkpoints; 0: 60. Where one takes more than a ninth of it to write, nine times
                               as long as that. Every epoch's end saves too */
    int log_every;          /* steps between lines of log.jsonl; 0: 20 */
    tam_resume resume;
    const volatile sig_atomic_t *stop; /* non-zero: finish the step, save, return TAM_STOPPED; may be NULL. A signal
                                          handler that sets it must not run on the stack of a thread that trains:
                                          docs/engine.md */
    /* Called at most a few times a second, and at the end; may be NULL. */
    void (*progress)(void *user, const struct tam_train_progress *progress);
    void *progress_user;
} tam_train_config;

typedef struct tam_train_progress {
    int64_t step, steps, epoch, epochs;
    double loss, mean_theta, accuracy; /* means since the last report; theta in radians */
    double lr;
    double images_per_second;
    double seconds;                               /* of this process so far */
    double load, forward, head, backward, update; /* shares of the time, adding up to at most 1 */
    double stall;                                 /* seconds that this process has waited for images so far */
    double validation;                            /* the last validation's EER, NaN if none */
    double pairs_accuracy;                        /* its accuracy over the folds of listed pairs, NaN if none */
    int64_t unreadable, no_pairs;                 /* as in the result, so far */
} tam_train_progress;

typedef struct tam_train_result {
    int64_t step;
    double loss, accuracy;
    double images_per_second;
    double load, forward, head, backward, update; /* shares of the time */
    double stall;                                 /* seconds of waiting for images */
    size_t peak_bytes;
    int64_t skipped;    /* batches skipped for a NaN or infinite loss or gradient */
    int64_t unreadable; /* images left out of their batches because they could not be read; in each epoch anew */
    int64_t no_pairs;   /* batches in which no two images had the same class, so that a pair loss learned nothing */
    int resumed;        /* 1 if an earlier checkpoint was continued */
} tam_train_result;

/* Trains until the end, a stop, or a failure. Writes config.yaml, log.jsonl, classes.txt, last.safetensors and
 * best.safetensors to `out`. A head that the free memory cannot hold is refused before anything large is made
 * (TAM_RESOURCES; tam_head_plan_check). */
TAM_API TAM_MUST_USE tam_status tam_train(tam_ctx *ctx, const tam_train_config *config, tam_train_result *result);

/* Whether the configuration fits its data, which is open already, and its run directory: for those who plan several
 * trainings and want to hear of a fault before the first. Makes no net and no file. Fails with the status and sentence
 * that tam_train would; what it does not look at (net, validation, memory beside the head's) may still fail there. */
TAM_API TAM_MUST_USE tam_status tam_train_check(tam_ctx *ctx, const tam_train_config *config, const tam_dataset *data);

#ifdef __cplusplus
}
#endif
#endif
