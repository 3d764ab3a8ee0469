/* Defaults and ranges of a training's configuration. */
#include <math.h>
#include <string.h>

#include "base/spec.h"
#include "data/augment.h"
#include "data/sampler.h"
#include "model/contract.h"
#include "train/run.h"

/* Zero: the default; negative: off. */
static double unless_zero(double value, double otherwise) {
    return value == 0.0 ? otherwise : value < 0.0 ? 0.0 : value;
}

static int whole_unless_zero(int value, int otherwise) {
    return value == 0 ? otherwise : value;
}

static const char *text_unless_null(const char *text, const char *otherwise) {
    return text != NULL ? text : otherwise;
}

static tam_status check_range(tam_ctx *ctx, const char *name, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
        return tam_fail(ctx, TAM_CONFIG, "%s is %g, outside [%g, %g]", name, value, low, high);
    }
    return TAM_OK;
}

static tam_status check(tam_ctx *ctx, const tam_train_config *config) {
    if (config->data.path == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "training needs data (--data)");
    }
    if (config->out == NULL || *config->out == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "training needs a run directory (--out)");
    }
    TAM_TRY(check_range(ctx, "dim", config->dim, 1, 65536));
    TAM_TRY(check_range(ctx, "epochs", config->epochs, 1, 1e6));
    TAM_TRY(check_range(ctx, "steps", (double)config->steps, 0, 1e12));
    TAM_TRY(check_range(ctx, "batch", config->batch, 1, 1 << 20));
    TAM_TRY(check_range(ctx, "accumulate", config->accumulate, 1, 1 << 16));
    TAM_TRY(check_range(ctx, "batch times accumulate", (double)config->batch * config->accumulate, 1, 1 << 20));
    TAM_TRY(check_range(ctx, "momentum", config->momentum, 0, 0.9999));
    TAM_TRY(check_range(ctx, "weight decay", config->weight_decay, 0, 1));
    TAM_TRY(check_range(ctx, "warm-up", config->warmup, 0, 0.9));
    TAM_TRY(check_range(ctx, "clip", config->clip, 0, 1e30));
    TAM_TRY(check_range(ctx, "log-every", config->log_every, 1, 1e9));
    TAM_TRY(check_range(ctx, "checkpoint-seconds", config->checkpoint_seconds, 1, 1e9));
    TAM_TRY(check_range(ctx, "loader-threads", config->loader_threads, 1, 256));
    TAM_TRY(check_range(ctx, "gradient-filter", config->gradient_filter, 0, 60));
    if (!(config->sample_rate > 0.0 && config->sample_rate <= 1.0)) {
        return tam_fail(ctx, TAM_CONFIG, "sample-rate is %g, not above 0 and at most 1", config->sample_rate);
    }
    if (!(config->lr > 0.0 && isfinite(config->lr))) {
        return tam_fail(ctx, TAM_CONFIG, "lr is %g, not above 0", config->lr);
    }
    return TAM_OK;
}

static tam_status check_word(tam_ctx *ctx, const char *what, const char *word, const char *const *words) {
    return tam_name_find(ctx, what, word, words, 3) < 0 ? TAM_CONFIG : TAM_OK;
}

/* How the net runs. What "auto" means is settled here: a run that goes on elsewhere is still the same run. */
static tam_status resolve_plan(tam_ctx *ctx, tam_train_config *resolved) {
    static const char *const dtypes[] = {"f32", "bf16", "auto"}, *const recomputes[] = {"sweeps", "none", "units"};
    static const char *const tunes[] = {"off", "fast", "full"};
    resolved->dtype = text_unless_null(resolved->dtype, "f32");
    resolved->recompute = text_unless_null(resolved->recompute, "sweeps");
    resolved->tune = text_unless_null(resolved->tune, "off");
    resolved->deterministic = resolved->deterministic != 0;
    TAM_TRY(check_word(ctx, "dtype", resolved->dtype, dtypes));
    TAM_TRY(check_word(ctx, "recomputation", resolved->recompute, recomputes));
    TAM_TRY(check_word(ctx, "tuning", resolved->tune, tunes));
    if (strcmp(resolved->dtype, "auto") == 0) {
        resolved->dtype = tam_net_suited_dtype(NULL);
    }
    return TAM_OK;
}

tam_status tam_train_resolve(tam_ctx *ctx, const tam_train_config *config, tam_train_config *resolved) {
    *resolved = *config;
    resolved->net = text_unless_null(config->net, "conv4");
    resolved->loss = text_unless_null(config->loss, "arcface");
    resolved->schedule = text_unless_null(config->schedule, "cosine");
    resolved->augment = text_unless_null(config->augment, "none");
    resolved->alignment = text_unless_null(config->alignment, "none");
    resolved->sampler = text_unless_null(config->sampler, "shuffle");
    resolved->head_dtype = text_unless_null(config->head_dtype, "f32");
    resolved->sample_rate = config->sample_rate == 0.0 ? 1.0 : config->sample_rate;
    TAM_TRY(tam_train_net_dim(ctx, resolved, &resolved->dim));
    resolved->dim = whole_unless_zero(resolved->dim, 512);
    resolved->epochs = whole_unless_zero(config->epochs, 10);
    resolved->loader_threads = whole_unless_zero(config->loader_threads, 1);
    resolved->checkpoint_seconds = whole_unless_zero(config->checkpoint_seconds, 60);
    resolved->log_every = whole_unless_zero(config->log_every, 20);
    resolved->lr = config->lr == 0.0 ? 0.03 : config->lr;
    resolved->momentum = unless_zero(config->momentum, 0.9);
    resolved->weight_decay = unless_zero(config->weight_decay, 5e-4);
    resolved->warmup = unless_zero(config->warmup, 0.02);
    resolved->clip = unless_zero(config->clip, 5.0);
    resolved->accumulate = whole_unless_zero(config->accumulate, 1);
    TAM_TRY(resolve_plan(ctx, resolved));
    tam_augment augment; /* only to hear of a fault before any file is made */
    tam_sampler_plan plan;
    TAM_TRY(tam_augment_read(ctx, resolved->augment, &augment));
    TAM_TRY(tam_alignment_check(ctx, resolved->alignment));
    TAM_TRY(tam_sampler_read(ctx, resolved->sampler, &plan));
    TAM_TRY(tam_sampler_fit(ctx, &plan, 0, &resolved->batch));
    resolved->batch = whole_unless_zero(resolved->batch, 128);
    return check(ctx, resolved);
}

tam_status tam_train_fit(tam_ctx *ctx, tam_train_config *resolved, const tam_dataset_info *info,
                         int64_t *steps_per_epoch, int64_t *steps) {
    tam_sampler_plan plan;
    TAM_TRY(tam_sampler_read(ctx, resolved->sampler, &plan));
    TAM_TRY(tam_sampler_fit(ctx, &plan, info->classes, &resolved->batch));
    int64_t images = (int64_t)resolved->batch * resolved->accumulate;
    *steps_per_epoch = info->count / images;
    if (*steps_per_epoch == 0 && resolved->accumulate > 1) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %lld images are fewer than one step of %d batches of %d",
                        resolved->data.path, (long long)info->count, resolved->accumulate, resolved->batch);
    }
    if (*steps_per_epoch == 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %lld images are fewer than one batch of %d", resolved->data.path,
                        (long long)info->count, resolved->batch);
    }
    *steps = resolved->steps > 0 ? resolved->steps : resolved->epochs * *steps_per_epoch;
    return TAM_OK;
}

tam_head_config tam_train_head(const tam_train_config *resolved, int64_t classes) {
    return (tam_head_config){.loss = resolved->loss,
                             .classes = classes,
                             .dim = resolved->dim,
                             .batch = resolved->batch,
                             .parts = resolved->accumulate,
                             .seed = resolved->seed,
                             .dtype = resolved->head_dtype,
                             .workspace = resolved->head_workspace,
                             .sample_rate = resolved->sample_rate,
                             .gradient_filter = resolved->gradient_filter};
}
