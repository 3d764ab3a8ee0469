/* Ten-fold verification accuracy, as the face recognition papers quote it. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "eval/folds.h"
#include "eval/pair_list.h"

/* Thresholds 0.00, 0.01 ... 3.99 on the squared distance; a pair is predicted the same from threshold number
 * first_accepting(distance) on. */
enum { THRESHOLDS = TAM_FOLD_THRESHOLDS };

static double threshold_at(int i) {
    return i * 0.01;
}

static int first_accepting(double distance) {
    int i = (int)(distance * 100);
    i = i > 0 ? i - 1 : 0;
    while (i < THRESHOLDS && !(distance < threshold_at(i))) {
        i++;
    }
    return i;
}

/* right [folds, THRESHOLDS]: pairs of each fold that each threshold predicts rightly. */
static void count_right(int64_t pairs, int folds, const double *distances, const uint8_t *same, int64_t *right) {
    for (int f = 0; f < folds; f++) {
        int64_t *row = right + (int64_t)f * THRESHOLDS;
        int64_t different = 0;
        for (int64_t i = tam_fold_start(pairs, folds, f); i < tam_fold_start(pairs, folds, f + 1); i++) {
            int from = first_accepting(distances[i]);
            different += !same[i];
            if (from < THRESHOLDS) {
                row[from] += same[i] ? 1 : -1;
            }
        }
        row[0] += different;
        for (int i = 1; i < THRESHOLDS; i++) {
            row[i] += row[i - 1];
        }
    }
}

/* The fold's accuracy at the first threshold that is best on the other folds (a single fold judges itself). */
static double judge_fold(int64_t size, const int64_t *own, const int64_t *total, int folds, double *threshold) {
    int64_t most = -1;
    int best = 0;
    for (int i = 0; i < THRESHOLDS; i++) {
        int64_t others = folds > 1 ? total[i] - own[i] : total[i];
        if (others > most) {
            most = others;
            best = i;
        }
    }
    *threshold = threshold_at(best);
    return (double)own[best] / (double)size;
}

void tam_folds_by_distance(int64_t pairs, int folds, int first, int end, const double *distances, const uint8_t *same,
                           int64_t *right, double *accuracy, double *threshold) {
    int64_t *total = right + (int64_t)folds * THRESHOLDS;
    memset(right, 0, ((size_t)folds + 1) * THRESHOLDS * sizeof *right);
    count_right(pairs, folds, distances, same, right);
    for (int f = 0; f < folds; f++) {
        for (int i = 0; i < THRESHOLDS; i++) {
            total[i] += right[(int64_t)f * THRESHOLDS + i];
        }
    }
    for (int f = first; f < end; f++) {
        int64_t size = tam_fold_start(pairs, folds, f + 1) - tam_fold_start(pairs, folds, f);
        accuracy[f] = judge_fold(size, right + (int64_t)f * THRESHOLDS, total, folds, &threshold[f]);
    }
}

static tam_status by_distance(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, const uint8_t *same,
                              int folds, double *accuracy, double *threshold) {
    double *distances = tam_allocate(ctx, (size_t)pairs, sizeof *distances, "distances of pairs");
    int64_t *right = tam_allocate(ctx, (size_t)folds + 1, THRESHOLDS * sizeof *right, "counts of folds");
    tam_status status = TAM_RESOURCES;
    if (distances != NULL && right != NULL) {
        tam_pairs_distances(ctx, d, e, pairs, a, distances);
        tam_folds_by_distance(pairs, folds, 0, folds, distances, same, right, accuracy, threshold);
        status = TAM_OK;
    }
    tam_release(ctx, distances);
    tam_release(ctx, right);
    return status;
}

void tam_folds_sum_up(int folds, const double *accuracy, const double *threshold, tam_folds *result) {
    double sum = 0, squares = 0, thresholds = 0;
    for (int f = 0; f < folds; f++) {
        sum += accuracy[f];
        thresholds += threshold[f];
    }
    for (int f = 0; f < folds; f++) {
        squares += (accuracy[f] - sum / folds) * (accuracy[f] - sum / folds);
    }
    *result = (tam_folds){
        .folds = folds,
        .accuracy = sum / folds,
        .deviation = sqrt(squares / folds),
        .standard_error = folds > 1 ? sqrt(squares / (folds - 1)) / sqrt(folds) : NAN,
        .threshold = thresholds / folds,
    };
}

tam_status tam_eval_folds(tam_ctx *ctx, tam_fold_rule rule, int64_t n, int d, const float *e, int64_t pairs,
                          const int64_t *a, const uint8_t *same, int folds, tam_folds *result) {
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    if (folds < 1 || pairs < folds) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be cut into %d folds", (long long)pairs, folds);
    }
    double *numbers = tam_allocate(ctx, (size_t)folds, 2 * sizeof *numbers, "accuracies of folds");
    tam_status status = TAM_RESOURCES;
    if (numbers != NULL) {
        double *accuracy = numbers, *threshold = numbers + folds;
        status = rule == TAM_FOLDS_INSIGHTFACE
                     ? by_distance(ctx, d, e, pairs, a, same, folds, accuracy, threshold)
                     : tam_folds_by_score(ctx, rule, d, e, pairs, a, same, folds, accuracy, threshold);
    }
    if (status == TAM_OK) {
        tam_folds_sum_up(folds, numbers, numbers + folds, result);
    }
    tam_release(ctx, numbers);
    return status;
}
