/* Augmentation, and the way from bytes [H, W, C] to normalised numbers [C, H, W]. Keys, policies and order:
 * tammes/data.h. What is drawn depends only on (seed, epoch, image). */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/data.h"

/* A strength for each key, by the key's name. */
typedef struct tam_augment {
    tam_ctx *ctx;    /* for sentences */
    bool past_cache; /* results are not read soon: they may be written past the caches. tam_augment_read: false */
    float flip;
    float crop, crop_area, crop_aspect;
    float shift, rotate, scale, shear; /* rotate in degrees */
    float colour, brightness, contrast, saturation, hue;
    float grey;
    float blur, blur_sigma;
    float jpeg, jpeg_quality;
    float lowres, lowres_side;
    float erase;
    float mixup, mixup_share;
} tam_augment;

/* text: "none", NULL, a policy's name, or keys. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_augment_read(tam_ctx *ctx, const char *text, tam_augment *augment);

/* TAM_CONFIG when such words are for data that are vectors. */
TAM_MUST_USE tam_status tam_augment_fit(tam_ctx *ctx, const char *text, const tam_dataset_info *info);

/* Floats that tam_augment_run needs as scratch for such images. */
size_t tam_augment_scratch(int height, int width);

/* pixels [height, width, channels], 1 channel or 3 -> image [channels, height, width], (value - 127.5) / 127.5. All
 * strengths zero: exactly that and nothing else. Mixup is the loader's. Fails only where an image is to go through JPEG
 * (TAM_RESOURCES): the image is then as it would be without. */
tam_status tam_augment_run(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int channels,
                           int height, int width, const uint8_t *pixels, float *scratch, float *image);

/* Whether this image is mixed with another one of `count`; then its number and the share that it takes. */
bool tam_augment_partner(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int64_t count,
                         int64_t *partner, float *share);
/* image [count] becomes (1 - share) image + share other. */
void tam_augment_mix(float share, const float *other, size_t count, float *image);

#endif
