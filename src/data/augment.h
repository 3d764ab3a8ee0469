/* Augmentation, and the way from bytes [H, W, C] to normalised numbers [C, H, W]. Keys, policies and order:
 * tammes/data.h. What is drawn depends only on (seed, epoch, image). */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "base/ctx.h"
#include "tammes/data.h"

typedef struct tam_augment {
    float flip, shift, rotate, scale, shear, erase; /* rotate in degrees */
} tam_augment;

/* text: "none", NULL, a policy's name, or keys. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_augment_read(tam_ctx *ctx, const char *text, tam_augment *augment);

/* Floats that tam_augment_run needs as scratch for such images. */
size_t tam_augment_scratch(int height, int width);

/* pixels [height, width, channels] -> image [channels, height, width], (value - 127.5) / 127.5. All strengths zero:
 * exactly that and nothing else. */
void tam_augment_run(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int channels, int height,
                     int width, const uint8_t *pixels, float *scratch, float *image);

#endif
