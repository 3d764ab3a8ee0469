/* The options of a head: what each takes, and which to choose. */
#include "head/plan.h"

#include <stdbool.h>

#include "base/ctx.h"

/* Of all that could be kept from the first pass for the second, the share that the workspace has room for. */
static tam_status share_kept(tam_ctx *ctx, const tam_head_config *config, tam_head_option *option) {
    tam_head_bytes all;
    tam_head_config keeping = *config;
    keeping.workspace = TAM_HEAD_KEEP_ALL;
    TAM_TRY(tam_head_count_bytes(ctx, &keeping, &all));
    double most = (double)(all.workspace - all.least);
    option->kept = most > 0.0 ? (double)(option->bytes.workspace - option->bytes.least) / most : 0.0;
    return TAM_OK;
}

static double step_seconds(const tam_head_config *config, const tam_head_speeds *speeds,
                           const tam_head_option *option) {
    int dtype = tam_head_dtype_number(config->dtype);
    const tam_head_speed *kept = &speeds->kept[dtype], *again = &speeds->again[dtype];
    double part = (double)config->classes * option->sample_rate;
    double seconds_kept = kept->fixed + kept->each * part, seconds_again = again->fixed + again->each * part;
    double seconds = option->kept * seconds_kept + (1.0 - option->kept) * seconds_again;
    return option->sample_rate < 1.0 ? seconds + speeds->drawn[dtype] * part : seconds;
}

tam_status tam_head_plan_predict(tam_ctx *ctx, const tam_head_config *config, const tam_head_speeds *speeds,
                                 tam_head_option *option) {
    *option = (tam_head_option){
        .dtype = tam_head_dtype_names[tam_head_dtype_number(config->dtype)],
        .workspace = config->workspace,
        .sample_rate = config->sample_rate > 0.0 ? config->sample_rate : 1.0,
    };
    TAM_TRY(tam_head_count_bytes(ctx, config, &option->bytes));
    TAM_TRY(share_kept(ctx, config, option));
    option->fits = tam_head_need(config, &option->bytes) <= tam_head_memory_left("");
    option->seconds = speeds != NULL ? step_seconds(config, speeds, option) : 0.0;
    return TAM_OK;
}

tam_status tam_head_plan_options(tam_ctx *ctx, const tam_head_config *config, const tam_head_speeds *speeds,
                                 double rate, tam_head_option *options) {
    static const size_t workspaces[] = {0, TAM_HEAD_LEAST_WORKSPACE};
    tam_head_config tried = *config;
    for (int k = 0; k < TAM_HEAD_OPTIONS; k++) {
        tried.dtype = tam_head_dtype_names[k / 2 % TAM_HEAD_DTYPES];
        tried.workspace = workspaces[k % 2];
        tried.sample_rate = k < TAM_HEAD_OPTIONS / 2 ? 1.0 : rate;
        TAM_TRY(tam_head_plan_predict(ctx, &tried, speeds, &options[k]));
    }
    return TAM_OK;
}

int tam_head_plan_choose(const tam_head_option *options, int count) {
    int best = -1;
    for (int k = 0; k < count; k++) {
        const tam_head_option *option = &options[k];
        if (!option->fits || option->sample_rate < 1.0) {
            continue;
        }
        if (best < 0) {
            best = k;
            continue;
        }
        int chosen = tam_head_dtype_number(options[best].dtype), other = tam_head_dtype_number(option->dtype);
        bool lean = other == TAM_HEAD_DTYPES - 1 && chosen != other;
        best = !lean && option->seconds < 0.9 * options[best].seconds ? k : best;
    }
    return best;
}
