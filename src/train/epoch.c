/* The end of an epoch: validation and the best model. */
#include <math.h>

#include "train/run.h"

/* Without a usable validation the last epoch's model is the best one. A model that cannot be written now is written
 * after a later epoch, or at the end. */
static tam_status keep_best(tam_run *run, double eer) {
    bool better = isnan(run->sums.best_eer) || eer < run->sums.best_eer;
    if (run->best_exists && !better) {
        return TAM_OK;
    }
    tam_status status = tam_snapshot_take(run->snapshot);
    if (status == TAM_OK) {
        status = tam_snapshot_write_model(run->snapshot, run->directory.best, run->counters.step);
    }
    if (status == TAM_OK) {
        run->best_exists = true;
        run->sums.best_eer = eer;
    } else if (status == TAM_RESOURCES || status == TAM_NEGATIVE) {
        tam_warn(run->ctx, "the model after step %lld was not kept: %s", (long long)run->counters.step,
                 tam_ctx_message(run->ctx));
        return TAM_OK;
    }
    return status;
}

static void log_epoch(tam_run *run, const tam_verification *result) {
    tam_log *log = &run->log;
    tam_log_begin(log, "epoch");
    tam_log_whole(log, "epoch", run->counters.epochs_ended + 1);
    tam_log_whole(log, "step", run->counters.step);
    tam_log_real(log, "loss", run->sums.last_loss);
    tam_log_real(log, "accuracy", run->sums.last_accuracy);
    tam_log_real(log, "eer", run->sums.last_eer);
    tam_log_raw(log, ",\"tar\":[");
    for (int i = 0, written = 0; i < result->levels; i++) {
        if (result->at[i].sufficient) {
            tam_log_raw(log, "%s{\"far\":%.9g,\"tar\":%.9g}", written++ > 0 ? "," : "", result->at[i].far,
                        result->at[i].tar);
        }
    }
    tam_log_raw(log, "]");
    if (run->validation_pairs != NULL) {
        tam_log_real(log, "pairs_accuracy", run->validation_accuracy);
    }
    tam_log_real(log, "seconds", tam_seconds() - run->epoch_began);
    tam_log_write(log);
}

tam_status tam_run_end_epoch(tam_run *run) {
    tam_verification result = {.eer = NAN};
    if (run->validation != NULL) {
        tam_status status = tam_run_validate(run, &result);
        if (status == TAM_INPUT) {
            /* Embeddings that are not finite: a bad epoch, not a bad run. */
            tam_warn(run->ctx, "validation after step %lld: %s", (long long)run->counters.step,
                     tam_ctx_message(run->ctx));
            result = (tam_verification){.eer = NAN};
        } else if (status != TAM_OK) {
            return status;
        }
        run->sums.last_eer = result.eer;
    }
    run->sums.last_loss = tam_mean(run->sums.epoch.loss, run->sums.epoch.steps);
    run->sums.last_accuracy = tam_mean(run->sums.epoch.correct, run->sums.epoch.counted);
    TAM_TRY(keep_best(run, result.eer));
    log_epoch(run, &result);
    run->sums.epoch = (tam_sums){0};
    run->counters.epochs_ended++;
    run->epoch_began = tam_seconds();
    return TAM_OK;
}
