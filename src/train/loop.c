/* The training loop. */
#include <math.h>

#include "base/memory.h"
#include "train/run.h"

static const double report_interval = 0.2; /* seconds */

static bool asked_to_stop(const tam_run *run) {
    return run->config.stop != NULL && *run->config.stop != 0;
}

static bool epoch_is_over(const tam_run *run) {
    const tam_counters *done = &run->counters;
    bool boundary = done->step == run->steps || done->step % run->steps_per_epoch == 0;
    return boundary && done->epochs_ended * run->steps_per_epoch < done->step && done->epochs_ended < run->epochs;
}

static void report(tam_run *run, bool always) {
    double now = tam_seconds();
    if (run->config.progress == NULL || (!always && now - run->reported < report_interval)) {
        return;
    }
    const tam_sums *sums = &run->report;
    double wall = run->times.wall - run->times_at_report.wall, share[TAM_SHARES];
    for (int i = 0; i < TAM_SHARES; i++) {
        share[i] = wall > 0.0 ? (run->times.share[i] - run->times_at_report.share[i]) / wall : 0.0;
    }
    tam_train_progress progress = {
        .step = run->counters.step,
        .steps = run->steps,
        .epoch = run->counters.epochs_ended + (run->counters.epochs_ended < run->epochs),
        .epochs = run->epochs,
        .loss = tam_mean(sums->loss, sums->steps),
        .mean_theta = tam_mean(sums->theta, sums->steps),
        .accuracy = tam_mean(sums->correct, sums->counted),
        .lr = run->rate,
        .images_per_second = tam_mean(run->times.images - run->times_at_report.images, wall),
        .seconds = now - run->began,
        .load = share[TAM_SHARE_LOAD],
        .forward = share[TAM_SHARE_FORWARD],
        .head = share[TAM_SHARE_HEAD],
        .backward = share[TAM_SHARE_BACKWARD],
        .update = share[TAM_SHARE_UPDATE],
        .stall = tam_loader_stall(run->loader),
        .validation = run->sums.last_eer,
        .pairs_accuracy = run->validation_accuracy,
        .unreadable = run->counters.unreadable,
        .no_pairs = run->counters.no_pairs,
    };
    run->config.progress(run->config.progress_user, &progress);
    run->reported = now;
    run->report = (tam_sums){0};
    run->times_at_report = run->times;
}

/* A checkpoint that cannot be written now is tried again later; the one before stays whole. */
static tam_status save_if_possible(tam_run *run) {
    tam_status status = tam_checkpoint_save(run);
    if (status == TAM_RESOURCES || status == TAM_NEGATIVE) {
        tam_warn(run->ctx, "no checkpoint after step %lld: %s; trying again later", (long long)run->counters.step,
                 tam_ctx_message(run->ctx));
        return TAM_OK;
    }
    return status;
}

static tam_status stop(tam_run *run) {
    TAM_TRY(tam_checkpoint_save(run));
    return tam_fail(run->ctx, TAM_STOPPED, "stopped after step %lld of %lld; the same command goes on from there",
                    (long long)run->counters.step, (long long)run->steps);
}

static tam_status train_steps(tam_run *run) {
    while (true) {
        if (epoch_is_over(run)) {
            tam_status status = asked_to_stop(run) ? TAM_STOPPED : tam_run_end_epoch(run);
            if (status == TAM_STOPPED) {
                return stop(run);
            }
            TAM_TRY(status);
            TAM_TRY(save_if_possible(run));
            report(run, false);
        }
        if (run->counters.step >= run->steps) {
            return TAM_OK;
        }
        if (asked_to_stop(run)) {
            return stop(run);
        }
        TAM_TRY(tam_run_step(run));
        if (run->counters.step % run->config.log_every == 0) {
            tam_log_step(run);
        }
        report(run, false);
        if (tam_checkpoint_is_due(run, tam_seconds())) {
            TAM_TRY(save_if_possible(run));
        }
    }
}

/* What failed to be written on the way must be written now. */
static tam_status finish(tam_run *run) {
    if (run->saved_step != run->counters.step) {
        tam_status status = tam_checkpoint_save(run);
        if (status != TAM_OK) {
            return status == TAM_NEGATIVE ? tam_run_diverged(run, "a weight was not finite after") : status;
        }
    }
    if (!run->best_exists) {
        TAM_TRY(tam_snapshot_take(run->snapshot));
        TAM_TRY(tam_snapshot_write_model(run->snapshot, run->directory.best, run->counters.step));
    }
    tam_log_end(run);
    return TAM_OK;
}

static void fill_result(const tam_run *run, tam_train_result *result) {
    double wall = run->times.wall, share[TAM_SHARES];
    for (int i = 0; i < TAM_SHARES; i++) {
        share[i] = wall > 0.0 ? run->times.share[i] / wall : 0.0;
    }
    *result = (tam_train_result){
        .step = run->counters.step,
        .loss = run->sums.last_loss,
        .accuracy = run->sums.last_accuracy,
        .images_per_second = wall > 0.0 ? run->times.images / wall : 0.0,
        .load = share[TAM_SHARE_LOAD],
        .forward = share[TAM_SHARE_FORWARD],
        .head = share[TAM_SHARE_HEAD],
        .backward = share[TAM_SHARE_BACKWARD],
        .update = share[TAM_SHARE_UPDATE],
        .stall = tam_loader_stall(run->loader),
        .peak_bytes = tam_ctx_memory(run->ctx).peak_bytes,
        .skipped = run->counters.skipped,
        .unreadable = run->counters.unreadable,
        .no_pairs = run->counters.no_pairs,
        .resumed = run->resumed,
    };
}

tam_status tam_train(tam_ctx *ctx, const tam_train_config *config, tam_train_result *result) {
    *result = (tam_train_result){.loss = NAN, .accuracy = NAN};
    tam_run *run = tam_allocate(ctx, 1, sizeof *run, "a run");
    if (run == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_run_open(ctx, config, run);
    if (status == TAM_OK) {
        status = train_steps(run);
        if (status == TAM_OK) {
            status = finish(run);
        }
        report(run, true);
        fill_result(run, result);
    }
    tam_run_close(run);
    tam_release(ctx, run);
    return status;
}
