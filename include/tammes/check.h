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

/* Opens the data and looks at every image once, on all threads. *out is the caller's (tam_check_free). Takes about 320
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

/* Label noise, as a trained model sees it. Zero means default; angles in degrees. */
typedef struct tam_clean_config {
    tam_dataset_config data; /* opened as the model wants it */
    const char *model;       /* no default */
    int against_count;
    const tam_dataset_config *against; /* evaluation sets with labels: whose people should not be in the data. With any,
                                          the data need no labels */
    double margin;  /* an image is in the wrong class when it is so much nearer to another centre; 0: 10 */
    double far;     /* an image further from its centre belongs to nobody; 0: from the data, docs/data.md */
    double same;    /* classes whose centres are nearer are one; 0: 30, negative: not looked for */
    double overlap; /* an image nearer to a person of an evaluation set is of that person; 0: from that set */
} tam_clean_config;

/* An image with the angles to its own centre and to the nearest other one. */
typedef struct tam_clean_image {
    int64_t image;
    int32_t own, other;
    float own_angle, other_angle;
} tam_clean_image;

/* An image that shows a person of an evaluation set. */
typedef struct tam_clean_overlap {
    int64_t image;
    int set; /* against[set] */
    int32_t person;
    float angle;
} tam_clean_overlap;

/* How the overlap with one evaluation set was measured. */
typedef struct tam_clean_against {
    int64_t images, people;
    double limit;  /* degrees */
    double missed; /* share of that set's own images that are further from their person; NaN: no person has two */
} tam_clean_against;

/* Arrays are owned by the clean. */
typedef struct tam_clean_info {
    int64_t images, classes;
    double own_angle, other_angle; /* medians over the images: to the own centre, to the nearest other */
    double margin, far, same;      /* the limits that were used */
    int64_t move_count;
    const tam_clean_image *move; /* [move_count] nearer to another class, the largest margin first */
    int64_t drop_count;
    const tam_clean_image *drop; /* [drop_count] far from every centre, the largest margin first */
    int64_t merge_count;
    const tam_check_classes
        *merge; /* [merge_count] split identities: b goes into a, which has as many images or more */
    int64_t overlap_count;
    const tam_clean_overlap *overlap; /* [overlap_count] the nearest first */
    const tam_clean_against *against; /* [against_count] */
} tam_clean_info;

typedef struct tam_clean tam_clean;

/* Embeds all images and compares them with all centres. *out is the caller's (tam_clean_free). Memory: one embedding
 * for each image, and two for each class. Fails as tam_model_open_dataset; a corrupt image fails with its name:
 * tam_check finds them all. */
TAM_API TAM_MUST_USE tam_status tam_clean_run(tam_ctx *ctx, const tam_clean_config *config, tam_clean **out);
TAM_API void tam_clean_free(tam_clean *clean);
TAM_API tam_clean_info tam_clean_describe(const tam_clean *clean);
/* The data; owned by the clean. */
TAM_API const tam_dataset *tam_clean_data(const tam_clean *clean);
TAM_API const char *tam_clean_person(const tam_clean *clean, int set, int32_t person);
/* Writes the findings as a list of fixes, each with its reason. Fails with TAM_CONFIG when the file exists. */
TAM_API TAM_MUST_USE tam_status tam_clean_write_fixes(tam_clean *clean, const char *path, int64_t *fixes);
/* Writes one HTML page with small pictures of the findings, at most `most` of each kind (0: 100). Fails with TAM_CONFIG
 * when the file exists. */
TAM_API TAM_MUST_USE tam_status tam_clean_write_page(tam_clean *clean, const char *path, int most);

#ifdef __cplusplus
}
#endif
#endif
