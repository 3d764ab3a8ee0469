/* What one thread of a loader needs to make images of a data set ready for the network. */
#ifndef DATA_PREPARER_H
#define DATA_PREPARER_H

#include "data/augment.h"
#include "data/dataset.h"

/* All images of a loader are made by the same rules. */
typedef struct tam_preparation {
    tam_ctx *ctx;
    tam_dataset *dataset;
    tam_dataset_info info;
    size_t image_floats; /* of one image */
    tam_augment augment;
    uint64_t seed;
} tam_preparation;

/* One thread's buffers; start from {0}. */
typedef struct tam_preparer {
    const tam_preparation *rules;
    uint8_t *pixels; /* after TAM_IMAGE_SKEW bytes */
    float *scratch;
    float *other; /* the image that is mixed in; NULL without mixup */
} tam_preparer;

/* The rules must outlive the preparer. On failure tam_preparer_free is still to be called. */
TAM_MUST_USE tam_status tam_preparer_create(const tam_preparation *rules, tam_preparer *preparer);
void tam_preparer_free(tam_preparer *preparer);
/* Image i as the network sees it in that epoch: decoded, augmented, mixed, normalised. */
TAM_MUST_USE tam_status tam_prepare(tam_preparer *preparer, int64_t epoch, int64_t i, float *image);

#endif
