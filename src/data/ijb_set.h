/* The inside of the lists of IJB. */
#ifndef DATA_IJB_SET_H
#define DATA_IJB_SET_H

#include "io/ijb.h"
#include "tammes/ijb.h"

/* A 1:N list as it is kept. */
typedef struct tam_ijb_list {
    char *path;
    int64_t count;
    int64_t *place;   /* [count] */
    int32_t *subject; /* [count] */
} tam_ijb_list;

enum { TAM_IJB_LISTS = TAM_IJB_GALLERIES + 1, TAM_IJB_PROBES = TAM_IJB_GALLERIES };

struct tam_ijb {
    tam_ctx *ctx;
    char *faces_path, *points_path, *pairs_path;
    tam_ijb_faces faces;
    float *score; /* [faces] or NULL */
    tam_ijb_templates templates;
    tam_ijb_pairs pairs; /* template_id holds places once they are found */
    int64_t subjects;
    int32_t *subject_of; /* [templates] while lists are read; -1: not known yet */
    int64_t *subject_id; /* [subjects] rising, while lists are read */
    tam_ijb_list list[TAM_IJB_LISTS];
    int64_t *image; /* [faces] */
    int64_t missing_faces, missing_templates, missing_pairs, missing_members;
};

/* Finds the templates and subjects of the lists as they were read; of a list that is not there `count` is 0. */
TAM_MUST_USE tam_status tam_ijb_place_lists(tam_ijb *ijb, const tam_ijb_gallery lists[TAM_IJB_LISTS]);
/* Finds the templates of the pairs. */
TAM_MUST_USE tam_status tam_ijb_place_pairs(tam_ijb *ijb);

#endif
