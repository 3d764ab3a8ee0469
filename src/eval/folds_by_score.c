/* Thresholds on the cosine. All pairs are sorted once; the pairs of all folds but one are a walk along that order. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "eval/folds.h"
#include "eval/pair_list.h"

enum { STEPS = 1000 };

typedef struct scored_pair {
    double score;
    int32_t fold;
    bool same;
} scored_pair;

static int by_score(const void *a, const void *b) {
    double x = ((const scored_pair *)a)->score, y = ((const scored_pair *)b)->score;
    return (x > y) - (x < y);
}

/* The other folds' pairs; of a single fold its own. */
static bool chooses(const scored_pair *pair, int folds, int fold) {
    return folds == 1 || pair->fold != fold;
}

/* Rising through the scores, what lies below the threshold is called different. Before the first score: all are called
 * the same. */
static double choose_lfw(const scored_pair *sorted, int64_t pairs, int folds, int fold) {
    int64_t right = 0, most;
    double before = -INFINITY, best = -1;
    for (int64_t i = 0; i < pairs; i++) {
        right += chooses(&sorted[i], folds, fold) && sorted[i].same;
    }
    most = right - 1;
    for (int64_t i = 0; i < pairs; i++) {
        if (!chooses(&sorted[i], folds, fold)) {
            continue;
        }
        if (sorted[i].score > before && right > most) {
            most = right;
            best = isfinite(before) ? 0.5 * (before + sorted[i].score) : sorted[i].score;
        }
        right += sorted[i].same ? -1 : 1;
        before = sorted[i].score;
    }
    return right > most ? nextafter(before, INFINITY) : best;
}

/* NumPy rounds the product before it adds. */
static double step_at(double lowest, double step, int k) {
    volatile double product = step * k;
    return lowest + product;
}

/* NaN where the other folds have no pairs of one kind. */
static double choose_facexzoo(const scored_pair *sorted, int64_t pairs, int folds, int fold) {
    int64_t above[2] = {0}, count[2];
    double lowest = NAN, highest = NAN, best = NAN, most = -INFINITY;
    for (int64_t i = 0; i < pairs; i++) {
        if (chooses(&sorted[i], folds, fold)) {
            above[sorted[i].same]++;
            lowest = isnan(lowest) ? sorted[i].score : lowest;
            highest = sorted[i].score;
        }
    }
    count[0] = above[0];
    count[1] = above[1];
    double step = (highest - lowest) / STEPS;
    int64_t at = 0;
    for (int k = 1; k <= STEPS; k++) {
        double threshold = step_at(lowest, step, k);
        for (; at < pairs && !(sorted[at].score > threshold); at++) {
            above[sorted[at].same] -= chooses(&sorted[at], folds, fold);
        }
        double advantage = (double)above[1] / (double)count[1] - (double)above[0] / (double)count[0];
        if (advantage > most) {
            most = advantage;
            best = threshold;
        }
    }
    return best;
}

static double judge(const scored_pair *sorted, int64_t pairs, int fold, int64_t size, double threshold,
                    tam_fold_rule rule) {
    int64_t right = 0;
    for (int64_t i = 0; i < pairs; i++) {
        if (sorted[i].fold == fold) {
            bool accepted = rule == TAM_FOLDS_LFW ? sorted[i].score >= threshold : sorted[i].score > threshold;
            right += sorted[i].same ? accepted : sorted[i].score < threshold;
        }
    }
    return isnan(threshold) ? NAN : (double)right / (double)size;
}

tam_status tam_folds_by_score(tam_ctx *ctx, tam_fold_rule rule, int d, const float *e, int64_t pairs, const int64_t *a,
                              const uint8_t *same, int folds, double *accuracy, double *threshold) {
    scored_pair *sorted = tam_allocate(ctx, (size_t)pairs, sizeof *sorted, "scores of pairs");
    double *cosines = tam_allocate(ctx, (size_t)pairs, sizeof *cosines, "scores of pairs");
    tam_status status = sorted == NULL || cosines == NULL ? TAM_RESOURCES : TAM_OK;
    if (status == TAM_OK) {
        tam_pairs_cosines(ctx, d, e, pairs, a, cosines);
        for (int f = 0; f < folds; f++) {
            for (int64_t i = tam_fold_start(pairs, folds, f); i < tam_fold_start(pairs, folds, f + 1); i++) {
                sorted[i] = (scored_pair){cosines[i], f, same[i] != 0};
            }
        }
        qsort(sorted, (size_t)pairs, sizeof *sorted, by_score);
        for (int f = 0; f < folds; f++) {
            int64_t size = tam_fold_start(pairs, folds, f + 1) - tam_fold_start(pairs, folds, f);
            threshold[f] =
                rule == TAM_FOLDS_LFW ? choose_lfw(sorted, pairs, folds, f) : choose_facexzoo(sorted, pairs, folds, f);
            accuracy[f] = judge(sorted, pairs, f, size, threshold[f], rule);
        }
    }
    tam_release(ctx, sorted);
    tam_release(ctx, cosines);
    return status;
}
