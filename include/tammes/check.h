/* Looking after data: what is wrong with a data set, found before a week of training. Nothing is ever deleted: findings
 * become lists of fixes (docs/data.md), which every verb reads. */
#ifndef TAMMES_CHECK_H
#define TAMMES_CHECK_H

#include <signal.h>

#include "tammes/data.h"
#include "tammes/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default. */
typedef struct tam_check_config {
    tam_dataset_config data; /* `size`, `channels` and `cache_bytes` do not count: images are looked at as they are */
    int against_count;
    const tam_dataset_config *against; /* evaluation sets: none of their images should be in the data */
    int64_t least;                     /* a class with fewer images is small; 0: 2 */
    const char *model;                 /* finds classes that look the same; NULL: not asked */
    int without_near;                  /* 1: no search for near duplicates */
    const volatile sig_atomic_t *stop; /* non-zero: TAM_STOPPED; may be NULL */
    void (*progress)(void *user, int64_t done, int64_t all); /* after every few thousand images; may be NULL */
    void *progress_user;
} tam_check_config;

/* Images of one size and mode. */
typedef struct tam_check_size {
    int width, height, channels;
    int64_t count, first; /* how many, and the first of them */
} tam_check_size;

/* An image of the data and one that is like it. */
typedef struct tam_check_twin {
    int64_t image, twin; /* twin < image in the data themselves */
    int set;             /* where the twin is: 0 the data, k: against[k - 1] */
    int mirrored;
    float alike; /* 1: the same pixels; else the correlation of small grey versions */
} tam_check_twin;

/* Two classes that may be one. Angles in degrees. */
typedef struct tam_check_classes {
    int32_t a, b;
    float angle, limit; /* between their centres, and below which it is a finding */
} tam_check_classes;

/* Class names that an evaluation set shares. Names that are whole numbers name nobody and are not compared. */
typedef struct tam_check_shared {
    int64_t images, unreadable; /* of the evaluation set */
    int64_t classes, shared;    /* its classes, and those whose name is also one of the data's */
} tam_check_shared;

/* Arrays are owned by the check. Images by their numbers in the data set, in rising order where nothing else is said.
 */
typedef struct tam_check_info {
    int64_t images, classes;
    int64_t fewest, median, most; /* images per class */
    int64_t small_count;
    const int32_t *small; /* [small_count] classes with fewer than `least` images */
    int64_t sizes;
    const tam_check_size *size; /* [sizes] the most frequent first */
    int64_t corrupt_count;
    const int64_t *corrupt; /* [corrupt_count] images that cannot be read; tam_check_reason says why */
    int64_t blank_count;
    const int64_t *blank; /* [blank_count] images of a single value */
    int64_t copy_count;
    const tam_check_twin *copy; /* [copy_count] same pixels, same class; the twin is the first of them */
    int64_t conflict_count;
    const tam_check_twin *conflict; /* [conflict_count] same pixels in more than one class */
    int64_t near_count;
    const tam_check_twin *near; /* [near_count] near duplicates */
    int near_cut;               /* 1: there were so many that some were not looked for */
    int64_t leak_count;
    const tam_check_twin *leak;     /* [leak_count] of the data, that are in an evaluation set too; by its number */
    const tam_check_shared *shared; /* [against_count] */
    int64_t alike_count;
    const tam_check_classes *alike; /* [alike_count] the nearest first */
} tam_check_info;

typedef struct tam_check tam_check;

/* Opens the data and looks at every image once, on all threads. *out is the caller's (tam_check_free). Takes about 300
 * bytes for each image. Fails as tam_dataset_open and tam_model_open do; a corrupt image is no failure but a finding.
 */
TAM_API TAM_MUST_USE tam_status tam_check_run(tam_ctx *ctx, const tam_check_config *config, tam_check **out);
TAM_API void tam_check_free(tam_check *check);
TAM_API tam_check_info tam_check_describe(const tam_check *check);
/* 0: the data; k: against[k - 1]. Owned by the check. */
TAM_API const tam_dataset *tam_check_set(const tam_check *check, int set);
/* Why an image of the data cannot be read, without its name: reads it once more. */
TAM_API void tam_check_reason(tam_check *check, int64_t image, char *words, size_t room);
/* Writes the list of fixes: corrupt images, all but the first of copies within a class, and all images of a conflict
 * are dropped, for nobody can tell whose the image is; near duplicates, blank images, leaks and merges are proposals
 * for a person. Fails with TAM_CONFIG when the file exists. *fixes: lines that count without a person. */
TAM_API TAM_MUST_USE tam_status tam_check_write_fixes(tam_check *check, const char *path, int64_t *fixes);

#ifdef __cplusplus
}
#endif
#endif
