#include "data/preparer.h"

#include "base/memory.h"

tam_status tam_preparer_create(const tam_preparation *rules, tam_preparer *preparer) {
    tam_ctx *ctx = rules->ctx;
    size_t count = rules->image_floats, scratch = tam_augment_scratch(rules->info.height, rules->info.width);
    bool mixes = rules->augment.mixup > 0;
    preparer->rules = rules;
    preparer->pixels = tam_allocate(ctx, count + TAM_IMAGE_SKEW, 1, "a loader thread's image");
    preparer->scratch = tam_allocate(ctx, scratch, sizeof *preparer->scratch, "a loader thread's image");
    if (mixes) {
        preparer->other = tam_allocate(ctx, count, sizeof *preparer->other, "a loader thread's image");
    }
    bool whole = preparer->pixels != NULL && preparer->scratch != NULL && (!mixes || preparer->other != NULL);
    return whole ? TAM_OK : TAM_RESOURCES;
}

void tam_preparer_free(tam_preparer *preparer) {
    if (preparer->rules != NULL) {
        tam_ctx *ctx = preparer->rules->ctx;
        tam_release(ctx, preparer->pixels);
        tam_release(ctx, preparer->scratch);
        tam_release(ctx, preparer->other);
    }
    *preparer = (tam_preparer){0};
}

/* Not mixed yet. */
static tam_status prepare_alone(tam_preparer *preparer, int64_t epoch, int64_t i, float *image) {
    const tam_preparation *rules = preparer->rules;
    const uint8_t *pixels;
    if (rules->info.vectors) {
        return tam_dataset_read_vector(rules->dataset, i, image);
    }
    TAM_TRY(tam_dataset_pixels(rules->dataset, i, preparer->pixels + TAM_IMAGE_SKEW, &pixels));
    return tam_augment_run(&rules->augment, rules->seed, epoch, i, rules->info.channels, rules->info.height,
                           rules->info.width, pixels, preparer->scratch, image);
}

/* An image whose partner cannot be read stays as it is: the partner is counted where it is an image of its own. */
tam_status tam_prepare(tam_preparer *preparer, int64_t epoch, int64_t i, float *image) {
    const tam_preparation *rules = preparer->rules;
    int64_t partner;
    float share;
    TAM_TRY(prepare_alone(preparer, epoch, i, image));
    if (!tam_augment_partner(&rules->augment, rules->seed, epoch, i, rules->info.count, &partner, &share)) {
        return TAM_OK;
    }
    tam_status status = prepare_alone(preparer, epoch, partner, preparer->other);
    if (status == TAM_OK) {
        tam_augment_mix(share, preparer->other, rules->image_floats, image);
    }
    return status == TAM_INPUT ? TAM_OK : status;
}
