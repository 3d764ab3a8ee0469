#include "data/sampler.h"

#include "base/memory.h"
#include "base/random.h"

struct tam_sampler {
    tam_ctx *ctx;
    int64_t count, steps_per_epoch;
    int batch;
    uint64_t seed;
    int64_t epoch;   /* that `order` is for; -1: none yet */
    uint32_t *order; /* NULL: unshuffled */
};

tam_status tam_sampler_create(tam_ctx *ctx, int64_t count, int batch, bool shuffle, uint64_t seed, tam_sampler **out) {
    *out = NULL;
    if (batch < 1) {
        return tam_fail(ctx, TAM_CONFIG, "a batch of %d images", batch);
    }
    if (count < 1 || count > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "cannot draw from %lld images", (long long)count);
    }
    if (shuffle && count < batch) {
        return tam_fail(ctx, TAM_CONFIG, "a batch of %d is more than the %lld images of the data set", batch,
                        (long long)count);
    }
    tam_sampler *sampler = tam_allocate(ctx, 1, sizeof *sampler, "the sampler");
    if (sampler == NULL) {
        return TAM_RESOURCES;
    }
    *sampler = (tam_sampler){.ctx = ctx, .count = count, .batch = batch, .seed = seed, .epoch = -1};
    sampler->steps_per_epoch = shuffle ? count / batch : (count + batch - 1) / batch;
    if (shuffle) {
        sampler->order = tam_allocate(ctx, (size_t)count, sizeof *sampler->order, "the order of the images");
        if (sampler->order == NULL) {
            tam_sampler_free(sampler);
            return TAM_RESOURCES;
        }
    }
    *out = sampler;
    return TAM_OK;
}

void tam_sampler_free(tam_sampler *sampler) {
    if (sampler != NULL) {
        tam_release(sampler->ctx, sampler->order);
        tam_release(sampler->ctx, sampler);
    }
}

int64_t tam_sampler_steps_per_epoch(const tam_sampler *sampler) {
    return sampler->steps_per_epoch;
}

static void shuffle_for(tam_sampler *sampler, int64_t epoch) {
    tam_random random = tam_random_at(sampler->seed, TAM_PURPOSE_SHUFFLE, (uint32_t)epoch, 0);
    for (int64_t i = 0; i < sampler->count; i++) {
        sampler->order[i] = (uint32_t)i;
    }
    tam_random_shuffle(&random, sampler->order, (uint32_t)sampler->count);
    sampler->epoch = epoch;
}

int tam_sampler_batch(tam_sampler *sampler, int64_t step, int64_t *index, int64_t *epoch) {
    bool shuffled = sampler->order != NULL;
    *epoch = shuffled ? step / sampler->steps_per_epoch : 0;
    int64_t first = (shuffled ? step % sampler->steps_per_epoch : step) * sampler->batch;
    int n = sampler->batch;
    if (shuffled && *epoch != sampler->epoch) {
        shuffle_for(sampler, *epoch);
    }
    if (!shuffled && step >= sampler->steps_per_epoch) {
        return 0;
    }
    if (sampler->count - first < n) {
        n = (int)(sampler->count - first);
    }
    for (int k = 0; k < n; k++) {
        index[k] = shuffled ? sampler->order[first + k] : first + k;
    }
    return n;
}
