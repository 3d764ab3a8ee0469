/* Templates: several images and video frames of one person as one embedding, as IJB-A, B and C compare them. Arrays in,
 * numbers out, as in tammes/eval.h. */
#ifndef TAMMES_TEMPLATES_H
#define TAMMES_TEMPLATES_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The field's variants, named after what is done to an image's embedding before it is pooled. */
typedef struct tam_template_variant {
    int add_halves; /* F1: rows are [original | mirrored] and the halves are added; F0: the first half alone */
    int keep_norms; /* N1: lengths stay, and long embeddings weigh more; N0: each is divided by its length */
    int detector;   /* D1: multiplied by the detector's score, after N */
} tam_template_variant;

/* Which rows make a template: those of template t are face[first[t]] ... face[first[t + 1] - 1], rows of one medium one
 * after another. */
typedef struct tam_template_faces {
    int64_t templates;
    const int64_t *first; /* [templates + 1] */
    const int64_t *face;  /* [first[templates]] */
    const int64_t *media; /* [faces] medium of each face */
} tam_template_faces;

/* A template is the sum over its media of the mean over a medium's images, divided by its length (zero stays zero), in
 * f64; out [templates, d]. x [faces, width], width = d or, [original | mirrored], 2 d; score [faces] is needed with
 * `detector` only. Fails with TAM_INPUT for a row that holds no number, naming it, TAM_CONFIG for F1 of rows without
 * halves. */
TAM_API TAM_MUST_USE tam_status tam_templates_pool(tam_ctx *ctx, int64_t faces, int width, int d, const float *x,
                                                   const float *score, const tam_template_faces *which,
                                                   const tam_template_variant *variant, float *out);

/* TAR at FARs as IJB's published tables have it (insightface's evaluation, on scikit-learn's roc_curve): of the ROC's
 * points, collinear ones dropped, the one whose FAR is nearest to the wanted one, of equally near ones that with the
 * higher TAR. It may lie above the FAR; tam_eval_pairs has the exact definition. scores [pairs] without NaN, same
 * [pairs]; tar [levels], NaN without pairs of both kinds. */
TAM_API TAM_MUST_USE tam_status tam_eval_published_tar(tam_ctx *ctx, int64_t pairs, const float *scores,
                                                       const uint8_t *same, int levels, const double *far, double *tar);

#ifdef __cplusplus
}
#endif
#endif
