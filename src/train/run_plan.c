/* How a run's net runs: the plan of training and that of the validation. */
#include <stdio.h>
#include <string.h>

#include "backend/tuning.h"
#include "base/file.h"
#include "base/free_memory.h"
#include "data/sampler.h"
#include "train/run.h"

/* What would need less memory, as flags. */
static void advise(const tam_train_config *config, char *text, size_t room) {
    bool units = strcmp(config->recompute, "units") == 0, drawn = tam_sampler_sets_batch(config->sampler);
    char batch[96] = "";
    if (config->batch > 1 && drawn) {
        snprintf(batch, sizeof batch, "a smaller batch of the sampler with --accumulate %d", 2 * config->accumulate);
    } else if (config->batch > 1) {
        snprintf(batch, sizeof batch, "--batch %d --accumulate %d", (config->batch + 1) / 2, 2 * config->accumulate);
    }
    const char *between = !units && batch[0] != '\0' ? " or " : "";
    const char *less = units && batch[0] == '\0' ? "a smaller net" : "";
    snprintf(text, room, "%s%s%s%s needs less", less, units ? "" : "--recompute units", between, batch);
}

static tam_status explain(tam_run *run) {
    char what[512], instead[192], left[64] = "";
    size_t bytes = tam_free_memory("");
    snprintf(what, sizeof what, "%s", tam_ctx_message(run->ctx));
    advise(&run->config, instead, sizeof instead);
    if (bytes != SIZE_MAX) {
        snprintf(left, sizeof left, "%.3f GB can be had now; ", (double)bytes / 1e9);
    }
    return tam_fail(run->ctx, TAM_RESOURCES, "training %s with batches of %d: %s; %s%s", run->config.net,
                    run->config.batch, what, left, instead);
}

static bool tunes(const tam_run *run) {
    return !run->resumed && strcmp(run->config.tune, "off") != 0;
}

/* Adds choices of one file to another, whose folder is made. */
static tam_status add_choices(tam_run *run, const char *from, const char *to) {
    const char *end = strrchr(to, '/');
    if (end != NULL && end != to) {
        char *folder = tam_arena_string(run->arena, to, (size_t)(end - to));
        TAM_TRY(folder != NULL ? tam_folder_make(run->ctx, folder) : TAM_RESOURCES);
    }
    return tam_tuning_merge(run->ctx, from, to);
}

/* Choices pass between the run's file and the one that other runs share. That the latter cannot be used does no harm.
 */
static tam_status share_choices(tam_run *run, const char *from, const char *to) {
    if (!tunes(run) || run->config.tuning_cache == NULL) {
        return TAM_OK;
    }
    tam_status status = add_choices(run, from, to);
    if (status == TAM_INPUT || status == TAM_RESOURCES) {
        tam_warn(run->ctx, "choices of algorithms are not shared with other runs: %s", tam_ctx_message(run->ctx));
        return TAM_OK;
    }
    return status;
}

/* What is measured is kept with the run from before its first step, and nothing is measured after. */
static tam_status make_plan(tam_run *run, tam_net_plan_config *plan) {
    const char *cache = run->config.tuning_cache;
    plan->tune = tunes(run) ? run->config.tune : "off";
    plan->tuning_file = run->directory.tuning;
    TAM_TRY(share_choices(run, cache, run->directory.tuning));
    tam_status status = tam_net_plan_create(run->net, plan, &run->plan);
    if (status == TAM_RESOURCES) {
        return explain(run);
    }
    TAM_TRY(status);
    return share_choices(run, run->directory.tuning, cache);
}

tam_status tam_run_plan(tam_run *run) {
    const tam_train_config *config = &run->config;
    tam_net_plan_config plan = {.batch = config->batch,
                                .training = 1,
                                .dtype = config->dtype,
                                .recompute = config->recompute,
                                .deterministic = config->deterministic};
    TAM_TRY(make_plan(run, &plan));
    if (run->validation == NULL) {
        return TAM_OK;
    }
    plan = (tam_net_plan_config){.dtype = config->dtype, .deterministic = config->deterministic};
    return tam_embedder_create(run->ctx, run->net, TAM_RUN_MEAN, TAM_RUN_SCALE, &plan, true, &run->embedder);
}
