/* IJB-A, B and C: which faces make a template, which templates are compared (1:1), who is enrolled and who is looked
 * for (1:N); read from the lists that the field passes around. tammes/templates.h makes templates of faces. */
#ifndef TAMMES_IJB_H
#define TAMMES_IJB_H

#include "tammes/data.h"
#include "tammes/eval.h"
#include "tammes/openset.h"
#include "tammes/templates.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_ijb tam_ijb;

/* The templates of a 1:N list, each once, in the order of their ids. */
typedef struct tam_ijb_members {
    const char *path; /* NULL: there is no such list */
    int64_t count;
    const int64_t *place;   /* [count] which template of tam_ijb_info.templates */
    const int32_t *subject; /* [count] numbers from 0, the same in all lists */
} tam_ijb_members;

enum { TAM_IJB_GALLERIES = 2 };

/* Arrays are owned by the set. */
typedef struct tam_ijb_info {
    int64_t faces;
    const char *const *face_name; /* [faces] of the aligned images, in the order of the list */
    const float *score;           /* [faces] of the detector, NaN: none; NULL: there is no such list */
    tam_template_faces templates; /* rising by their ids */
    const int64_t *template_id;   /* [templates] */
    int64_t pairs;                /* 0: there is no such list */
    const int64_t *pair;          /* [pairs, 2] places of templates */
    const uint8_t *same;          /* [pairs] */
    int64_t subjects;             /* of the 1:N lists */
    tam_ijb_members gallery[TAM_IJB_GALLERIES], probes;
    /* What tam_ijb_find_images left out, for images are missing: */
    int64_t missing_faces, missing_templates, missing_pairs, missing_members;
} tam_ijb_info;

/* Reads X_face_tid_mid.txt of the folder and, each where it is there, X_name_5pts_score.txt, whose rows must be the
 * same faces, X_template_pair_label.txt, X_1N_gallery_G1.csv and _G2.csv (or S1, S2) and X_1N_probe_mixed.csv. *out is
 * the caller's (tam_ijb_free). Fails with TAM_INPUT: a list is damaged, names a template without faces, gives a
 * template two subjects, calls a template another person than itself; lists of several sets lie in the folder, or none.
 */
TAM_API TAM_MUST_USE tam_status tam_ijb_open(tam_ctx *ctx, const char *folder, tam_ijb **out);
TAM_API void tam_ijb_free(tam_ijb *ijb);
TAM_API tam_ijb_info tam_ijb_describe(const tam_ijb *ijb);

/* image [faces] (owned by the set): the number of each face's image in the data set, by its key, or by the name of its
 * file where only one image has it; the ending of the file may be another. Faces without an image are an error that
 * counts them all and names the first (TAM_INPUT); with `leave_out` they are taken out of their templates, templates
 * without faces out of the lists, and both are counted in the description, which changes. Call it once. */
TAM_API TAM_MUST_USE tam_status tam_ijb_find_images(tam_ijb *ijb, const tam_dataset *dataset, int leave_out,
                                                    const int64_t **image);

/* 1:1 over the listed pairs, x [templates, d] as tam_templates_pool makes them. */
typedef struct tam_ijb_verification {
    tam_verification exact;           /* with TAR at FAR by the exact definition of tam_eval_pairs */
    double published[TAM_FAR_LEVELS]; /* TAR at the same FARs as tam_eval_published_tar, as IJB's tables have it */
} tam_ijb_verification;
/* far [levels]; NULL: 1e-1 ... 1e-6. Takes 20 bytes for a pair. Fails with TAM_CONFIG where no pairs are listed. */
TAM_API TAM_MUST_USE tam_status tam_ijb_verify(const tam_ijb *ijb, int d, const float *x, int levels, const double *far,
                                               tam_ijb_verification *result);

/* 1:N: the probes against a gallery. Ranks are shares of the probes whose subject is enrolled there; the others are the
 * non-mated ones of the open set. NaN: there are none. */
typedef struct tam_ijb_identification {
    double rank1, rank5, rank10;
    tam_openset open; /* at FPIR 1e-1 and 1e-2 */
} tam_ijb_identification;
/* gallery: 0 or 1; TAM_IJB_GALLERIES: both as one, where every probe is enrolled and there is no open set. Of equally
 * similar templates that of the first gallery, then the lower id, comes first. Fails with TAM_CONFIG where the gallery
 * or the probes are not listed. */
TAM_API TAM_MUST_USE tam_status tam_ijb_identify(const tam_ijb *ijb, int gallery, int d, const float *x,
                                                 tam_ijb_identification *result);

#ifdef __cplusplus
}
#endif
#endif
