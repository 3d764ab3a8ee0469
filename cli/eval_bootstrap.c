/* Intervals by resampling people, beside the rates of a verification. */
#include <math.h>

#include "eval.h"

/* Without the flag: resampled where people are known and it is done in a moment. */
enum { USUAL_RESAMPLES = 400, MOST_USUAL_PAIRS = 4000000 };

static bool wanted(const eval_job *job, const eval_set *set, const tam_verification *result) {
    bool usual = set->info.classes > 1 && result->genuine + result->impostor <= MOST_USUAL_PAIRS;
    return isfinite(result->eer) && (job->resamples < 0 ? usual : job->resamples > 0);
}

tam_status eval_bootstrap(const eval_job *job, const eval_set *set, const tam_pairs_info *pairs,
                          const tam_verification *result, tam_bootstrap *intervals) {
    tam_ctx *ctx = job->call->ctx;
    const tam_bootstrap_config config = {.resamples = job->resamples > 0 ? job->resamples : USUAL_RESAMPLES,
                                         .seed = job->call->seed};
    *intervals = (tam_bootstrap){0};
    if (!wanted(job, set, result)) {
        return TAM_OK;
    }
    if (pairs == NULL) {
        return tam_eval_bootstrap(ctx, set->count, set->dim, set->x, set->labels, 0, NULL, &config, intervals);
    }
    return tam_eval_bootstrap_pairs(ctx, set->count, set->dim, set->x, set->info.classes > 0 ? set->labels : NULL,
                                    pairs->count, pairs->rows, pairs->same, 0, NULL, &config, intervals);
}

void eval_json_bootstrap(json_t *object, const tam_bootstrap *intervals) {
    json_t *levels = json_array();
    if (intervals->resamples == 0) {
        json_decref(levels);
        return;
    }
    for (int i = 0; i < intervals->levels; i++) {
        const tam_bootstrap_level *at = &intervals->at[i];
        json_array_append_new(levels, json_pack("{s:f, s:[o, o]}", "far", at->far, "interval", cli_json_real(at->low),
                                                cli_json_real(at->high)));
    }
    json_object_set_new(object, "bootstrap",
                        json_pack("{s:i, s:I, s:[o, o], s:o}", "resamples", intervals->resamples, "subjects",
                                  (json_int_t)intervals->subjects, "eer_interval", cli_json_real(intervals->eer_low),
                                  cli_json_real(intervals->eer_high), "tar_at_far", levels));
}

void eval_print_bootstrap(const tam_verification *result, const tam_bootstrap *intervals) {
    if (intervals->resamples == 0) {
        return;
    }
    printf("\n95%% intervals over people: %d resamples of %lld\n", intervals->resamples,
           (long long)intervals->subjects);
    if (isfinite(intervals->eer_low)) {
        printf("%-10s %.2f%% .. %.2f%%\n", "EER", 100 * intervals->eer_low, 100 * intervals->eer_high);
    }
    for (int i = 0; i < intervals->levels; i++) {
        const tam_bootstrap_level *at = &intervals->at[i];
        if (result->at[i].sufficient && isfinite(at->low)) {
            printf("TAR@%-6.0e %.2f%% .. %.2f%%\n", at->far, 100 * at->low, 100 * at->high);
        }
    }
}
