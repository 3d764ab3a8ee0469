/* What IJB's lists measure: pairs of templates, and probes in galleries. */
#include <math.h>
#include <string.h>

#include "data/ijb_set.h"
#include "eval/curve.h"

tam_status tam_ijb_verify(const tam_ijb *ijb, int d, const float *x, int levels, const double *far,
                          tam_ijb_verification *result) {
    tam_ctx *ctx = ijb->ctx;
    int64_t pairs = ijb->pairs.count;
    if (pairs == 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: no list of pairs is beside it", ijb->faces_path);
    }
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    float *scores = tam_allocate(ctx, (size_t)pairs, sizeof *scores, "scores of pairs");
    if (scores == NULL) {
        return TAM_RESOURCES;
    }
    const uint8_t *same = ijb->pairs.same;
    tam_status status = tam_eval_pair_scores(ctx, ijb->templates.count, d, x, pairs, ijb->pairs.template_id, scores);
    if (status == TAM_OK) {
        status = tam_eval_scored_pairs(ctx, pairs, scores, same, levels, far, &result->exact);
    }
    if (status == TAM_OK) {
        status = tam_eval_published_tar(ctx, pairs, scores, same, levels, far, result->published);
    }
    tam_release(ctx, scores);
    return status;
}

/* Rows of members, gathered. */
typedef struct member_rows {
    int64_t count;
    float *x;         /* [count, d] */
    int32_t *subject; /* [count] */
} member_rows;

static void add_row(const float *x, int d, const tam_ijb_list *list, int64_t i, member_rows *rows) {
    memcpy(rows->x + rows->count * d, x + list->place[i] * d, (size_t)d * sizeof *x);
    rows->subject[rows->count++] = list->subject[i];
}

static bool take_room(tam_ctx *ctx, int64_t count, int d, member_rows *rows) {
    *rows = (member_rows){0};
    rows->x = tam_allocate(ctx, (size_t)count, (size_t)d * sizeof *rows->x, "templates of a list");
    rows->subject = tam_allocate(ctx, (size_t)count, sizeof *rows->subject, "templates of a list");
    return rows->x != NULL && rows->subject != NULL;
}

static void free_rows(tam_ctx *ctx, member_rows *rows) {
    tam_release(ctx, rows->x);
    tam_release(ctx, rows->subject);
}

static tam_status gather_gallery(const tam_ijb *ijb, int gallery, int d, const float *x, member_rows *rows) {
    int first = gallery == TAM_IJB_GALLERIES ? 0 : gallery, last = gallery == TAM_IJB_GALLERIES ? gallery - 1 : gallery;
    int64_t count = 0;
    for (int g = first; g <= last; g++) {
        if (ijb->list[g].path == NULL) {
            return tam_fail(ijb->ctx, TAM_CONFIG, "%s: no list of gallery %d is beside it", ijb->faces_path, g + 1);
        }
        count += ijb->list[g].count;
    }
    if (!take_room(ijb->ctx, count, d, rows)) {
        return TAM_RESOURCES;
    }
    for (int g = first; g <= last; g++) {
        for (int64_t i = 0; i < ijb->list[g].count; i++) {
            add_row(x, d, &ijb->list[g], i, rows);
        }
    }
    return TAM_OK;
}

/* All probes, and those whose subject is in the gallery. */
static tam_status gather_probes(const tam_ijb *ijb, int d, const float *x, const member_rows *gallery,
                                member_rows *probes, member_rows *mated) {
    const tam_ijb_list *list = &ijb->list[TAM_IJB_PROBES];
    uint8_t *enrolled = tam_allocate(ijb->ctx, (size_t)ijb->subjects, 1, "who is enrolled");
    bool room =
        enrolled != NULL && take_room(ijb->ctx, list->count, d, probes) && take_room(ijb->ctx, list->count, d, mated);
    for (int64_t i = 0; room && i < gallery->count; i++) {
        enrolled[gallery->subject[i]] = 1;
    }
    for (int64_t i = 0; room && i < list->count; i++) {
        add_row(x, d, list, i, probes);
        if (enrolled[list->subject[i]]) {
            add_row(x, d, list, i, mated);
        }
    }
    tam_release(ijb->ctx, enrolled);
    return room ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_ijb_identify(const tam_ijb *ijb, int gallery, int d, const float *x, tam_ijb_identification *result) {
    static const double fpir[] = {1e-1, 1e-2};
    tam_ctx *ctx = ijb->ctx;
    member_rows enrolled = {0}, probes = {0}, mated = {0};
    tam_identification ranks = {0, 0, NAN, NAN, NAN, NAN};
    if (gallery < 0 || gallery > TAM_IJB_GALLERIES || ijb->list[TAM_IJB_PROBES].path == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "%s: no probes for gallery %d", ijb->faces_path, gallery + 1);
    }
    tam_status status = gather_gallery(ijb, gallery, d, x, &enrolled);
    if (status == TAM_OK) {
        status = gather_probes(ijb, d, x, &enrolled, &probes, &mated);
    }
    if (status == TAM_OK) {
        status = tam_eval_openset(ctx, d, enrolled.count, enrolled.x, enrolled.subject, probes.count, probes.x,
                                  probes.subject, 2, fpir, &result->open);
    }
    if (status == TAM_OK && mated.count > 0) {
        status = tam_eval_identify(ctx, d, enrolled.count, enrolled.x, enrolled.subject, mated.count, mated.x,
                                   mated.subject, &ranks);
    }
    result->rank1 = ranks.rank1;
    result->rank5 = ranks.rank5;
    result->rank10 = ranks.rank10;
    free_rows(ctx, &enrolled);
    free_rows(ctx, &probes);
    free_rows(ctx, &mated);
    return status;
}
