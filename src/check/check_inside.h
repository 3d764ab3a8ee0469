/* The inside of a check. */
#ifndef CHECK_CHECK_INSIDE_H
#define CHECK_CHECK_INSIDE_H

#include "base/memory.h"
#include "check/album.h"
#include "check/centres.h"

struct tam_check {
    tam_ctx *ctx;
    tam_arena *arena; /* of the lists of the info */
    tam_album album;
    int64_t least;
    bool pairs; /* a set of pairs, in which an image stands once for each of its pairs */
    const volatile sig_atomic_t *stop;
    tam_check_classes *alike;
    tam_check_info info;
};

/* Copies, conflicts, near duplicates and leaks. order, end [images of all sets]: scratch. */
TAM_MUST_USE tam_status tam_check_twins(tam_check *check, uint32_t *order, uint32_t *end, bool without_near);
/* Class names that evaluation sets share with the data. */
TAM_MUST_USE tam_status tam_check_shared_names(tam_check *check);

#endif
