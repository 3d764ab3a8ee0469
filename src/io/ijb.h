/* The lists of IJB-A, B and C: which images make a template, which templates are compared, who is enrolled. */
#ifndef IO_IJB_H
#define IO_IJB_H

#include <stdbool.h>

#include "base/memory.h"
#include "io/landmarks.h"
#include "io/text_lines.h"

/* `image template media` (ijbX_face_tid_mid.txt): row i is face i. */
typedef struct tam_ijb_faces {
    int64_t count;
    const char **name; /* [count] */
    int64_t *template_id, *media_id;
    tam_arena *names;
} tam_ijb_faces;

/* `template template 0|1` (ijbX_template_pair_label.txt); 15,658,489 of them in IJB-C. */
typedef struct tam_ijb_pairs {
    int64_t count;
    int64_t *template_id; /* [count, 2] */
    uint8_t *same;        /* [count] */
} tam_ijb_pairs;

/* `template,subject,...` behind a line of names: galleries and probes of 1:N (ijbX_1N_gallery_G1.csv). A template may
 * take several lines. */
typedef struct tam_ijb_gallery {
    int64_t count;
    int64_t *template_id, *subject_id;
} tam_ijb_gallery;

/* The images of each template, media by media. */
typedef struct tam_ijb_templates {
    int64_t count;
    int64_t *id;    /* [count] rising */
    int64_t *first; /* [count + 1] where the faces of each begin */
    int64_t *face;  /* [faces.count] rows of the faces, template by template, in each by media, in each by row */
} tam_ijb_templates;

/* Read all lines; numbers are of 64 bits. Fail with TAM_INPUT and the line; nothing is held then. */
TAM_MUST_USE tam_status tam_ijb_read_faces(tam_lines *lines, tam_ijb_faces *faces);
TAM_MUST_USE tam_status tam_ijb_read_pairs(tam_lines *lines, tam_ijb_pairs *pairs);
TAM_MUST_USE tam_status tam_ijb_read_gallery(tam_lines *lines, tam_ijb_gallery *gallery);
void tam_ijb_free_faces(tam_ctx *ctx, tam_ijb_faces *faces);
void tam_ijb_free_pairs(tam_ctx *ctx, tam_ijb_pairs *pairs);
void tam_ijb_free_gallery(tam_ctx *ctx, tam_ijb_gallery *gallery);

/* Whether row i of the landmarks (ijbX_name_5pts_score.txt) is of face i, as the lists promise. TAM_INPUT with the
 * first row that is not; the names are for sentences. */
TAM_MUST_USE tam_status tam_ijb_check_points(tam_ctx *ctx, const char *faces_path, const tam_ijb_faces *faces,
                                             const char *points_path, const tam_landmarks *points);

TAM_MUST_USE tam_status tam_ijb_group(tam_ctx *ctx, const tam_ijb_faces *faces, tam_ijb_templates *templates);
void tam_ijb_free_templates(tam_ctx *ctx, tam_ijb_templates *templates);
/* The place of a template in templates->id, or -1. */
int64_t tam_ijb_find(const tam_ijb_templates *templates, int64_t id);

/* What a text that begins so is. The list of landmarks is read by io/landmarks.h; its rows are those of the faces. */
typedef enum tam_ijb_kind { TAM_IJB_NONE, TAM_IJB_FACES, TAM_IJB_PAIRS, TAM_IJB_GALLERY, TAM_IJB_POINTS } tam_ijb_kind;
tam_ijb_kind tam_ijb_recognise(const char *start, size_t size);

#endif
