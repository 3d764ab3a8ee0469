/* Which images of a data set can be aligned, by which landmarks, and what is wrong with the others. */
#ifndef DATA_ALIGN_PLAN_H
#define DATA_ALIGN_PLAN_H

#include "data/dataset.h"
#include "io/landmarks.h"
#include "tammes/align.h"

/* In the place of a fault: the image is to be written. */
enum { TAM_ALIGN_FINE = TAM_ALIGN_FAULTS };

typedef struct tam_align_plan {
    tam_ctx *ctx;
    const tam_dataset *dataset;
    const tam_align_config *config;
    tam_landmarks list;
    int64_t count; /* images */
    int64_t *row;  /* [count] of the list; -1: none */
    uint8_t *fault;
    tam_reader_scratch *scratch; /* [threads] */
    tam_align_result *result;
} tam_align_plan;

/* Reads the list and the headers of the images, and tells every finding. On failure everything is released. */
TAM_MUST_USE tam_status tam_align_plan_make(tam_ctx *ctx, const tam_dataset *dataset, const tam_align_config *config,
                                            tam_align_result *result, tam_align_plan *plan);
void tam_align_plan_free(tam_align_plan *plan);

/* Counts a finding and tells it; with `strict` that is a failure. An unreadable image: the context's sentence says why.
 */
TAM_MUST_USE tam_status tam_align_tell(tam_align_plan *plan, int64_t image, tam_align_fault fault, int64_t row);

bool tam_align_stopped(const tam_align_plan *plan);

#endif
