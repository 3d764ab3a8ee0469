#include "data/block_sampler.h"

#include "base/memory.h"
#include "base/random.h"

struct tam_block_sampler {
    tam_ctx *ctx;
    int64_t count, block, window, blocks;
    uint64_t seed;
    int64_t epoch;       /* that `order` is for; -1: none yet */
    int64_t begin;       /* the image with which the ring begins */
    int64_t short_place; /* in `order`, of the last block, which may have fewer images */
    uint32_t *order;     /* [blocks] */
    int64_t open;        /* the window whose images are below; -1: none yet */
    uint32_t *images;    /* [window block] */
    int64_t taken;       /* the place in the epoch behind the last one that was taken */
    int64_t prefetched;  /* blocks of the order that were asked for */
};

tam_status tam_block_sampler_create(tam_ctx *ctx, int64_t count, int block, int window, uint64_t seed,
                                    tam_block_sampler **out) {
    *out = NULL;
    tam_block_sampler *sampler = tam_allocate(ctx, 1, sizeof *sampler, "the sampler");
    if (sampler == NULL) {
        return TAM_RESOURCES;
    }
    int64_t blocks = (count + block - 1) / block, at_once = window < blocks ? window : blocks;
    *sampler = (tam_block_sampler){.ctx = ctx,
                                   .count = count,
                                   .block = block,
                                   .window = at_once,
                                   .blocks = blocks,
                                   .seed = seed,
                                   .epoch = -1,
                                   .open = -1};
    sampler->order = tam_allocate(ctx, (size_t)blocks, sizeof *sampler->order, "the order of the blocks");
    sampler->images = tam_allocate(ctx, (size_t)at_once, (size_t)block * sizeof *sampler->images, "a window of images");
    if (sampler->order == NULL || sampler->images == NULL) {
        tam_block_sampler_free(sampler);
        return TAM_RESOURCES;
    }
    *out = sampler;
    return TAM_OK;
}

void tam_block_sampler_free(tam_block_sampler *sampler) {
    if (sampler != NULL) {
        tam_release(sampler->ctx, sampler->order);
        tam_release(sampler->ctx, sampler->images);
        tam_release(sampler->ctx, sampler);
    }
}

static int64_t size_of(const tam_block_sampler *sampler, int64_t block) {
    return block + 1 < sampler->blocks ? sampler->block : sampler->count - block * sampler->block;
}

/* The place in the epoch at which a window begins. */
static int64_t begin_of(const tam_block_sampler *sampler, int64_t window) {
    int64_t missing = sampler->block - size_of(sampler, sampler->blocks - 1);
    return window * sampler->window * sampler->block - (window > sampler->short_place / sampler->window ? missing : 0);
}

static void order_blocks(tam_block_sampler *sampler, int64_t epoch) {
    tam_random random = tam_random_at(sampler->seed, TAM_PURPOSE_BLOCKS, (uint32_t)epoch, 0);
    sampler->begin = tam_random_below(&random, (uint32_t)sampler->count);
    for (int64_t i = 0; i < sampler->blocks; i++) {
        sampler->order[i] = (uint32_t)i;
    }
    tam_random_shuffle(&random, sampler->order, (uint32_t)sampler->blocks);
    for (int64_t i = 0; i < sampler->blocks; i++) {
        if (sampler->order[i] == sampler->blocks - 1) {
            sampler->short_place = i;
        }
    }
    sampler->epoch = epoch;
    sampler->open = -1;
}

static void open_window(tam_block_sampler *sampler, int64_t window) {
    tam_random random =
        tam_random_at(sampler->seed, TAM_PURPOSE_BLOCKS, (uint32_t)sampler->epoch, (uint32_t)(window + 1));
    int64_t first = window * sampler->window, end = first + sampler->window, images = 0;
    for (int64_t i = first; i < end && i < sampler->blocks; i++) {
        int64_t block = sampler->order[i];
        for (int64_t k = 0; k < size_of(sampler, block); k++) {
            sampler->images[images++] = (uint32_t)((sampler->begin + block * sampler->block + k) % sampler->count);
        }
    }
    tam_random_shuffle(&random, sampler->images, (uint32_t)images);
    if (window != sampler->open + 1 || sampler->open < 0) {
        sampler->prefetched = first;
    }
    sampler->open = window;
}

void tam_block_sampler_take(tam_block_sampler *sampler, int64_t epoch, int64_t first, int n, int64_t *index) {
    if (epoch != sampler->epoch) {
        order_blocks(sampler, epoch);
    }
    int64_t window = first / (sampler->window * sampler->block);
    for (int k = 0; k < n; k++) {
        while (first + k >= begin_of(sampler, window + 1)) { /* at most twice: one block is short */
            window++;
        }
        if (window != sampler->open) {
            open_window(sampler, window);
        }
        index[k] = sampler->images[first + k - begin_of(sampler, window)];
    }
    sampler->taken = first + n;
}

void tam_block_sampler_prefetch(tam_block_sampler *sampler, const tam_dataset *dataset) {
    int64_t into = (sampler->taken - begin_of(sampler, sampler->open)) / sampler->block;
    int64_t until = (sampler->open + 1) * sampler->window + into;
    for (; sampler->prefetched < until && sampler->prefetched < sampler->blocks; sampler->prefetched++) {
        int64_t block = sampler->order[sampler->prefetched];
        int64_t first = (sampler->begin + block * sampler->block) % sampler->count, size = size_of(sampler, block);
        int64_t straight = sampler->count - first < size ? sampler->count - first : size;
        tam_dataset_prefetch(dataset, first, straight);
        if (straight < size) { /* where the ring closes */
            tam_dataset_prefetch(dataset, 0, size - straight);
        }
    }
}
