#include "data/sampler.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/spec.h"
#include "data/block_sampler.h"
#include "data/pk_sampler.h"

enum { LARGEST_BATCH = 1 << 20 };

struct tam_sampler {
    tam_ctx *ctx;
    int64_t count, steps_per_epoch;
    int batch;
    bool once; /* in order, one pass */
    uint64_t seed;
    int64_t epoch;   /* that `order` is for; -1: none yet */
    uint32_t *order; /* of shuffled images, else NULL */
    tam_pk_sampler *pk;
    tam_block_sampler *block;
};

tam_status tam_sampler_read(tam_ctx *ctx, const char *text, tam_sampler_plan *plan) {
    enum { SHUFFLE, PK, BLOCK, KINDS };
    static const char *const names[KINDS] = {"shuffle", "pk", "block"};
    static const tam_key pk_keys[] = {
        TAM_WHOLE("P", 16.0, 2.0, 65536.0, "classes in a batch"),
        TAM_WHOLE("K", 4.0, 1.0, 65536.0, "images of each class"),
    };
    static const tam_key block_keys[] = {
        TAM_WHOLE("images", 32.0, 1.0, 65536.0, "images that are read together"),
        TAM_WHOLE("blocks", 1024.0, 1.0, 65536.0, "blocks whose images are shuffled together"),
    };
    double value[2];
    char name[32];
    *plan = (tam_sampler_plan){0};
    text = text != NULL ? text : names[SHUFFLE];
    size_t length = strcspn(text, ":");
    if (length >= sizeof name) {
        return tam_fail(ctx, TAM_CONFIG, "unknown sampler '%s'", text);
    }
    memcpy(name, text, length);
    name[length] = '\0';
    int kind = tam_name_find(ctx, "sampler", name, names, KINDS);
    if (kind < 0) {
        return TAM_CONFIG;
    }
    const char *keys = text[length] == ':' ? text + length + 1 : NULL;
    TAM_TRY(
        tam_keys_read(ctx, names[kind], keys, kind == BLOCK ? block_keys : pk_keys, kind == SHUFFLE ? 0 : 2, value));
    if (kind == PK) {
        *plan = (tam_sampler_plan){.classes = (int)value[0], .images = (int)value[1]};
    } else if (kind == BLOCK) {
        *plan = (tam_sampler_plan){.block = (int)value[0], .window = (int)value[1]};
    }
    return TAM_OK;
}

bool tam_sampler_sets_batch(const char *text) {
    return text != NULL && strncmp(text, "pk", 2) == 0;
}

tam_status tam_sampler_fit(tam_ctx *ctx, const tam_sampler_plan *plan, int64_t classes, int *batch) {
    int64_t product = (int64_t)plan->classes * plan->images;
    if (product == 0) {
        return TAM_OK;
    }
    if (product > LARGEST_BATCH) {
        return tam_fail(ctx, TAM_CONFIG, "the sampler pk:P=%d,K=%d makes batches of %lld, more than %d", plan->classes,
                        plan->images, (long long)product, LARGEST_BATCH);
    }
    if (*batch != 0 && *batch != product) {
        return tam_fail(ctx, TAM_CONFIG,
                        "batch is %d, but the sampler pk:P=%d,K=%d makes batches of %lld; leave the batch out or give "
                        "that number",
                        *batch, plan->classes, plan->images, (long long)product);
    }
    if (classes != 0 && plan->classes > classes) {
        return tam_fail(ctx, TAM_CONFIG, "the sampler pk wants P=%d classes in a batch, the data set has %lld",
                        plan->classes, (long long)classes);
    }
    *batch = (int)product;
    return TAM_OK;
}

static tam_status set_up(tam_sampler *sampler, const tam_dataset *dataset, const tam_loader_config *config) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    tam_sampler_plan plan;
    TAM_TRY(tam_sampler_read(sampler->ctx, config->sampler, &plan));
    TAM_TRY(tam_sampler_fit(sampler->ctx, &plan, info.classes, &sampler->batch));
    sampler->once = plan.classes == 0 && plan.block == 0 && config->shuffle == 0;
    const int64_t accumulate = config->accumulate > 1 ? config->accumulate : 1;
    if (sampler->batch < 1) {
        return tam_fail(sampler->ctx, TAM_CONFIG, "a batch of %d images", sampler->batch);
    }
    if (info.count < 1 || info.count > (int64_t)UINT32_MAX) {
        return tam_fail(sampler->ctx, TAM_CONFIG, "cannot draw from %lld images", (long long)info.count);
    }
    if (!sampler->once && info.count / accumulate < sampler->batch) {
        return tam_fail(sampler->ctx, TAM_CONFIG, "a batch of %lld is more than the %lld images of the data set",
                        (long long)(sampler->batch * accumulate), (long long)info.count);
    }
    sampler->count = info.count;
    sampler->steps_per_epoch = sampler->once ? (info.count + sampler->batch - 1) / sampler->batch
                                             : info.count / (sampler->batch * accumulate) * accumulate;
    if (plan.classes > 0) {
        return tam_pk_sampler_create(sampler->ctx, dataset, plan.classes, plan.images, sampler->seed, &sampler->pk);
    }
    if (plan.block > 0) {
        return tam_block_sampler_create(sampler->ctx, info.count, plan.block, plan.window, sampler->seed,
                                        &sampler->block);
    }
    if (!sampler->once) {
        sampler->order =
            tam_allocate(sampler->ctx, (size_t)info.count, sizeof *sampler->order, "the order of the images");
    }
    return sampler->once || sampler->order != NULL ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_sampler_create(tam_ctx *ctx, const tam_dataset *dataset, const tam_loader_config *config,
                              tam_sampler **out) {
    *out = NULL;
    tam_sampler *sampler = tam_allocate(ctx, 1, sizeof *sampler, "the sampler");
    if (sampler == NULL) {
        return TAM_RESOURCES;
    }
    *sampler = (tam_sampler){.ctx = ctx, .batch = config->batch, .seed = config->seed, .epoch = -1};
    tam_status status = set_up(sampler, dataset, config);
    if (status != TAM_OK) {
        tam_sampler_free(sampler);
        return status;
    }
    *out = sampler;
    return TAM_OK;
}

void tam_sampler_free(tam_sampler *sampler) {
    if (sampler != NULL) {
        tam_pk_sampler_free(sampler->pk);
        tam_block_sampler_free(sampler->block);
        tam_release(sampler->ctx, sampler->order);
        tam_release(sampler->ctx, sampler);
    }
}

int64_t tam_sampler_steps_per_epoch(const tam_sampler *sampler) {
    return sampler->steps_per_epoch;
}

int tam_sampler_batch_size(const tam_sampler *sampler) {
    return sampler->batch;
}

static void shuffle_for(tam_sampler *sampler, int64_t epoch) {
    tam_random random = tam_random_at(sampler->seed, TAM_PURPOSE_SHUFFLE, (uint32_t)epoch, 0);
    for (int64_t i = 0; i < sampler->count; i++) {
        sampler->order[i] = (uint32_t)i;
    }
    tam_random_shuffle(&random, sampler->order, (uint32_t)sampler->count);
    sampler->epoch = epoch;
}

/* The next images of the data set's own order. */
static int batch_in_order(const tam_sampler *sampler, int64_t step, int64_t *index) {
    int64_t first = step * sampler->batch, left = sampler->count - first;
    int n = step >= sampler->steps_per_epoch ? 0 : left < sampler->batch ? (int)left : sampler->batch;
    for (int k = 0; k < n; k++) {
        index[k] = first + k;
    }
    return n;
}

int tam_sampler_batch(tam_sampler *sampler, int64_t step, int64_t *index, int64_t *epoch) {
    if (sampler->once) {
        *epoch = 0;
        return batch_in_order(sampler, step, index);
    }
    int64_t step_of_epoch = step % sampler->steps_per_epoch;
    *epoch = step / sampler->steps_per_epoch;
    if (sampler->pk != NULL) {
        tam_pk_sampler_batch(sampler->pk, step, *epoch, step_of_epoch, index);
        return sampler->batch;
    }
    if (sampler->block != NULL) {
        tam_block_sampler_take(sampler->block, *epoch, step_of_epoch * sampler->batch, sampler->batch, index);
        return sampler->batch;
    }
    if (*epoch != sampler->epoch) {
        shuffle_for(sampler, *epoch);
    }
    for (int k = 0; k < sampler->batch; k++) {
        index[k] = sampler->order[step_of_epoch * sampler->batch + k];
    }
    return sampler->batch;
}

void tam_sampler_prefetch(tam_sampler *sampler, const tam_dataset *dataset) {
    if (sampler->block != NULL) {
        tam_block_sampler_prefetch(sampler->block, dataset);
    }
}
