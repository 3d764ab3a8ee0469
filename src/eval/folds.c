/* Ten-fold verification accuracy, as the face recognition papers quote it. */
#include <math.h>

#include "base/memory.h"
#include "eval/pair_list.h"
#include "tammes/eval.h"

/* Thresholds 0.00, 0.01 ... 3.99 on the squared distance; a pair is predicted the same from threshold number
 * first_accepting(distance) on. */
enum { THRESHOLDS = 400 };

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

static int64_t fold_start(int64_t pairs, int folds, int fold) {
    int64_t extra = pairs % folds;
    return pairs / folds * fold + (fold < extra ? fold : extra);
}

/* right [folds, THRESHOLDS]: pairs of each fold that each threshold predicts rightly. */
static void count_right(int64_t pairs, int folds, const double *distances, const uint8_t *same, int64_t *right) {
    for (int f = 0; f < folds; f++) {
        int64_t *row = right + (int64_t)f * THRESHOLDS;
        int64_t different = 0;
        for (int64_t i = fold_start(pairs, folds, f); i < fold_start(pairs, folds, f + 1); i++) {
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

/* right [folds + 1, THRESHOLDS], the last row for the sums; accuracy [folds]. */
static void judge_folds(int64_t pairs, int folds, int64_t *right, double *accuracy, tam_folds *result) {
    int64_t *total = right + (int64_t)folds * THRESHOLDS;
    double sum = 0, squares = 0, thresholds = 0;
    for (int f = 0; f < folds; f++) {
        for (int i = 0; i < THRESHOLDS; i++) {
            total[i] += right[(int64_t)f * THRESHOLDS + i];
        }
    }
    for (int f = 0; f < folds; f++) {
        double threshold;
        int64_t size = fold_start(pairs, folds, f + 1) - fold_start(pairs, folds, f);
        accuracy[f] = judge_fold(size, right + (int64_t)f * THRESHOLDS, total, folds, &threshold);
        sum += accuracy[f];
        thresholds += threshold;
    }
    for (int f = 0; f < folds; f++) {
        squares += (accuracy[f] - sum / folds) * (accuracy[f] - sum / folds);
    }
    *result = (tam_folds){folds, sum / folds, sqrt(squares / folds), thresholds / folds};
}

tam_status tam_eval_folds(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                          const uint8_t *same, int folds, tam_folds *result) {
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    if (folds < 1 || pairs < folds) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be cut into %d folds", (long long)pairs, folds);
    }
    tam_status status = TAM_RESOURCES;
    double *distances = tam_allocate(ctx, (size_t)pairs, sizeof *distances, "distances of pairs");
    double *accuracy = tam_allocate(ctx, (size_t)folds, sizeof *accuracy, "accuracies of folds");
    int64_t *right = tam_allocate(ctx, (size_t)folds + 1, THRESHOLDS * sizeof *right, "counts of folds");
    if (distances != NULL && accuracy != NULL && right != NULL) {
        tam_pairs_distances(ctx, d, e, pairs, a, distances);
        count_right(pairs, folds, distances, same, right);
        judge_folds(pairs, folds, right, accuracy, result);
        status = TAM_OK;
    }
    tam_release(ctx, distances);
    tam_release(ctx, accuracy);
    tam_release(ctx, right);
    return status;
}
