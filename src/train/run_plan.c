/* How a run's net runs: the plan of training and that of the validation. */
#include <stdio.h>
#include <string.h>

#include "base/free_memory.h"
#include "train/run.h"

/* What would need less memory, as flags. */
static void advise(const tam_train_config *config, char *text, size_t room) {
    bool units = strcmp(config->recompute, "units") == 0, drawn = strcmp(config->sampler, "shuffle") != 0;
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

tam_status tam_run_plan(tam_run *run) {
    const tam_train_config *config = &run->config;
    tam_net_plan_config plan = {.batch = config->batch,
                                .training = 1,
                                .dtype = config->dtype,
                                .recompute = config->recompute,
                                .deterministic = config->deterministic};
    tam_status status = tam_net_plan_create(run->net, &plan, &run->plan);
    if (status != TAM_OK) {
        return status == TAM_RESOURCES ? explain(run) : status;
    }
    if (run->validation == NULL) {
        return TAM_OK;
    }
    plan = (tam_net_plan_config){.dtype = config->dtype, .deterministic = config->deterministic};
    return tam_embedder_create(run->ctx, run->net, TAM_RUN_MEAN, TAM_RUN_SCALE, &plan, &run->embedder);
}
