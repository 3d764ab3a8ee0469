/* The bootstrap of listed pairs. */
#include "base/memory.h"
#include "eval/curve.h"
#include "eval/groups.h"
#include "eval/pair_list.h"
#include "eval/resample.h"

/* Subjects of the rows: their labels' ranks; returns how many. */
static tam_status number_rows(tam_ctx *ctx, int64_t n, const int32_t *labels, uint32_t *subject, int64_t *subjects) {
    tam_groups groups = {0};
    TAM_TRY(tam_groups_make(ctx, n, labels, &groups));
    *subjects = 0;
    for (int64_t at = 0; at < n; at = groups.end[at]) {
        for (int64_t i = at; i < groups.end[at]; i++) {
            subject[groups.order[i]] = (uint32_t)*subjects;
        }
        *subjects += 1;
    }
    tam_groups_free(ctx, &groups);
    return TAM_OK;
}

/* A genuine pair belongs to its first row's subject, whatever the second row's label says. */
static void add_pair(tam_resample_input *input, bool same, float score, uint32_t first, uint32_t second) {
    tam_subject_scores *scores = same ? &input->genuine : &input->impostor;
    scores->items[scores->count++] = (tam_subject_score){score, first, same ? first : second};
}

static tam_status fill(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels, int64_t pairs,
                       const int64_t *a, const uint8_t *same, tam_resample_input *input) {
    double *cosines = tam_allocate(ctx, (size_t)pairs, sizeof *cosines, "scores of pairs");
    uint32_t *subject = tam_allocate(ctx, labels != NULL ? (size_t)n : 0, sizeof *subject, "subjects");
    input->genuine.items = tam_allocate(ctx, (size_t)pairs, sizeof *input->genuine.items, "scores of subjects");
    input->impostor.items = tam_allocate(ctx, (size_t)pairs, sizeof *input->impostor.items, "scores of subjects");
    tam_status status = TAM_RESOURCES;
    if (cosines != NULL && subject != NULL && input->genuine.items != NULL && input->impostor.items != NULL) {
        status = labels != NULL ? number_rows(ctx, n, labels, subject, &input->subjects) : TAM_OK;
    }
    if (status == TAM_OK) {
        tam_pairs_cosines(ctx, d, e, pairs, a, cosines);
        input->subjects = labels != NULL ? input->subjects : pairs;
        for (int64_t i = 0; i < pairs; i++) {
            uint32_t first = labels != NULL ? subject[a[2 * i]] : (uint32_t)i;
            uint32_t second = labels != NULL ? subject[a[2 * i + 1]] : (uint32_t)i;
            add_pair(input, same[i] != 0, (float)cosines[i], first, second);
        }
    }
    tam_release(ctx, cosines);
    tam_release(ctx, subject);
    return status;
}

tam_status tam_eval_bootstrap_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                    int64_t pairs, const int64_t *a, const uint8_t *same, int levels, const double *far,
                                    const tam_bootstrap_config *config, tam_bootstrap *result) {
    static const tam_bootstrap_config usual = {0};
    tam_resample_input input = {.all_impostors = true};
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    if (pairs > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be resampled", (long long)pairs);
    }
    tam_status status = fill(ctx, n, d, e, labels, pairs, a, same, &input);
    if (status == TAM_OK && (input.genuine.count == 0 || input.impostor.count == 0 || input.subjects < 2)) {
        tam_resample_nothing(input.subjects, levels, far, result);
    } else if (status == TAM_OK) {
        status = tam_resample(ctx, &input, levels, far, config != NULL ? config : &usual, result);
    }
    tam_release(ctx, input.genuine.items);
    tam_release(ctx, input.impostor.items);
    return status;
}
