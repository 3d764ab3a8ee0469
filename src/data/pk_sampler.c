#include "data/pk_sampler.h"

#include <stdbool.h>

#include "base/ctx.h"
#include "base/memory.h"
#include "base/random.h"

struct tam_pk_sampler {
    tam_ctx *ctx;
    int p, k;
    uint64_t seed;
    uint32_t classes;    /* that have images */
    uint32_t *order;     /* [classes] numbers of classes, in the order of the round below */
    uint32_t *image;     /* [images] class after class */
    uint32_t *first;     /* [classes of the data set + 1] where each class begins in `image` */
    uint32_t *exchanged; /* [K] for one class's drawing */
    int64_t epoch, round;
};

static tam_status take_memory(tam_pk_sampler *sampler, tam_dataset_info info) {
    sampler->order = tam_allocate(sampler->ctx, (size_t)info.classes, sizeof(uint32_t), "the order of the classes");
    sampler->image = tam_allocate(sampler->ctx, (size_t)info.count, sizeof(uint32_t), "the images of the classes");
    sampler->first = tam_allocate(sampler->ctx, (size_t)info.classes + 1, sizeof(uint32_t), "the sizes of the classes");
    sampler->exchanged = tam_allocate(sampler->ctx, (size_t)sampler->k, sizeof(uint32_t), "the images of a class");
    bool all = sampler->order != NULL && sampler->image != NULL && sampler->first != NULL && sampler->exchanged != NULL;
    return all ? TAM_OK : TAM_RESOURCES;
}

static uint32_t images_of(const tam_pk_sampler *sampler, int64_t label) {
    return sampler->first[label + 1] - sampler->first[label];
}

/* Lists the images by class, those of a class in the order of the data set. */
static void sort_images(tam_pk_sampler *sampler, const tam_dataset *dataset, tam_dataset_info info) {
    uint32_t *first = sampler->first;
    for (int64_t i = 0; i < info.count; i++) {
        first[tam_dataset_label(dataset, i) + 1]++;
    }
    for (int64_t c = 0; c < info.classes; c++) {
        first[c + 1] += first[c];
    }
    for (int64_t i = 0; i < info.count; i++) {
        sampler->image[first[tam_dataset_label(dataset, i)]++] = (uint32_t)i;
    }
    for (int64_t c = info.classes; c > 0; c--) { /* each entry had moved on to where the next class begins */
        first[c] = first[c - 1];
    }
    first[0] = 0;
    for (int64_t c = 0; c < info.classes; c++) {
        sampler->classes += images_of(sampler, c) > 0;
    }
}

tam_status tam_pk_sampler_create(tam_ctx *ctx, const tam_dataset *dataset, int classes, int images, uint64_t seed,
                                 tam_pk_sampler **out) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    *out = NULL;
    tam_pk_sampler *sampler = tam_allocate(ctx, 1, sizeof *sampler, "the sampler");
    if (sampler == NULL) {
        return TAM_RESOURCES;
    }
    *sampler = (tam_pk_sampler){.ctx = ctx, .p = classes, .k = images, .seed = seed, .epoch = -1, .round = -1};
    tam_status status = take_memory(sampler, info);
    if (status == TAM_OK) {
        sort_images(sampler, dataset, info);
        if (sampler->classes < (uint32_t)classes) {
            status = tam_fail(ctx, TAM_CONFIG, "pk: P=%d is more than the %lu classes of the data set", classes,
                              (unsigned long)sampler->classes);
        }
    }
    if (status != TAM_OK) {
        tam_pk_sampler_free(sampler);
        return status;
    }
    *out = sampler;
    return TAM_OK;
}

void tam_pk_sampler_free(tam_pk_sampler *sampler) {
    if (sampler != NULL) {
        tam_release(sampler->ctx, sampler->order);
        tam_release(sampler->ctx, sampler->image);
        tam_release(sampler->ctx, sampler->first);
        tam_release(sampler->ctx, sampler->exchanged);
        tam_release(sampler->ctx, sampler);
    }
}

static void order_classes(tam_pk_sampler *sampler, int64_t epoch, int64_t round) {
    tam_random random = tam_random_at(sampler->seed, TAM_PURPOSE_CLASS_ORDER, (uint32_t)epoch, (uint32_t)round);
    uint32_t label = 0;
    for (uint32_t i = 0; i < sampler->classes; label++) {
        if (images_of(sampler, label) > 0) {
            sampler->order[i++] = label;
        }
    }
    tam_random_shuffle(&random, sampler->order, sampler->classes);
    sampler->epoch = epoch;
    sampler->round = round;
}

static void exchange(uint32_t *items, uint32_t a, uint32_t b) {
    uint32_t item = items[a];
    items[a] = items[b];
    items[b] = item;
}

/* A shuffle of the class's images, cut off after K of them or begun again as often as they run out. It is undone at the
 * end: what a batch holds may not depend on the batches before. */
static void draw_images(tam_pk_sampler *sampler, int64_t step, int place, uint32_t label, int64_t *index) {
    tam_random random = tam_random_at(sampler->seed, TAM_PURPOSE_CLASS_IMAGES, (uint32_t)step, (uint32_t)place);
    uint32_t *image = sampler->image + sampler->first[label], count = images_of(sampler, label);
    for (int k = 0; k < sampler->k; k++) {
        uint32_t at = (uint32_t)k % count;
        sampler->exchanged[k] = at + tam_random_below(&random, count - at);
        exchange(image, at, sampler->exchanged[k]);
        index[k] = image[at];
    }
    for (int k = sampler->k; k-- > 0;) {
        exchange(image, (uint32_t)k % count, sampler->exchanged[k]);
    }
}

void tam_pk_sampler_batch(tam_pk_sampler *sampler, int64_t step, int64_t epoch, int64_t step_of_epoch, int64_t *index) {
    int64_t batches_a_round = (int64_t)sampler->classes / sampler->p;
    int64_t round = step_of_epoch / batches_a_round, first = step_of_epoch % batches_a_round * sampler->p;
    if (epoch != sampler->epoch || round != sampler->round) {
        order_classes(sampler, epoch, round);
    }
    for (int place = 0; place < sampler->p; place++) {
        draw_images(sampler, step, place, sampler->order[first + place], index + (int64_t)place * sampler->k);
    }
}
