/* Thresholds for rates of false matches, and the logistic regression behind a score's confidence. */
#include "tammes/calibration.h"

#include <math.h>
#include <stdbool.h>

#include "eval/interval.h"
#include "eval/pair_list.h"
#include "eval/score_counts.h"

enum { MOST_STEPS = 200, MOST_HALVINGS = 60 };

/* The loss of a line slope s + offset, its gradient and its second derivatives. */
typedef struct fit {
    double loss, gradient[2], curve[3];
} fit;

/* log(1 + exp(x)) without overflow. */
static double soft_plus(double x) {
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* `weight` pairs of which a share `target` counts as same. */
static void add_scores(double score, double weight, double target, double slope, double offset, fit *sum) {
    double z = slope * score + offset, p = 1 / (1 + exp(-z));
    double first = weight * (p - target), second = weight * p * (1 - p);
    sum->loss += weight * (target * soft_plus(-z) + (1 - target) * soft_plus(z));
    sum->gradient[0] += first * score;
    sum->gradient[1] += first;
    sum->curve[0] += second * score * score;
    sum->curve[1] += second * score;
    sum->curve[2] += second;
}

static fit measure(const tam_score_counts *counts, const tam_calibration *of, double slope, double offset) {
    const double pairs[2] = {(double)of->impostor, (double)of->genuine};
    const double target[2] = {1 / (pairs[0] + 2), (pairs[1] + 1) / (pairs[1] + 2)};
    fit sum = {0};
    for (int same = 0; same < 2; same++) {
        for (int bin = 0; bin < TAM_SCORE_BINS; bin++) {
            if (counts->bins[same][bin] > 0) {
                double weight = 0.5 * (double)counts->bins[same][bin] / pairs[same];
                add_scores(tam_score_of_bin(bin), weight, target[same], slope, offset, &sum);
            }
        }
    }
    return sum;
}

/* Newton's method; a step that does not lower the loss is halved. The loss is convex, and strictly so where there are
 * two scores; where there is one only, the curvature gets what it lacks. */
static void fit_confidence(const tam_score_counts *counts, tam_calibration *result) {
    double slope = 0, offset = 0;
    fit now = measure(counts, result, slope, offset);
    for (int step = 0; step < MOST_STEPS; step++) {
        double a = now.curve[0] + 1e-15, b = now.curve[1], c = now.curve[2] + 1e-15, scale = 1;
        double determinant = a * c - b * b;
        double turn[2] = {(c * now.gradient[0] - b * now.gradient[1]) / determinant,
                          (a * now.gradient[1] - b * now.gradient[0]) / determinant};
        fit next = now;
        int halvings = 0;
        do {
            next = measure(counts, result, slope - scale * turn[0], offset - scale * turn[1]);
            scale = next.loss <= now.loss ? scale : scale / 2;
        } while (!(next.loss <= now.loss) && ++halvings < MOST_HALVINGS);
        if (!(next.loss <= now.loss)) {
            break;
        }
        slope -= scale * turn[0];
        offset -= scale * turn[1];
        bool settled =
            fabs(scale * turn[0]) <= 1e-10 * (1 + fabs(slope)) && fabs(scale * turn[1]) <= 1e-10 * (1 + fabs(offset));
        now = next;
        if (settled) {
            break;
        }
    }
    result->slope = slope > 0 && isfinite(slope) && isfinite(offset) ? slope : NAN;
    result->offset = isfinite(result->slope) ? offset : NAN;
}

static void take_level(const tam_tar_at_far *from, int64_t impostor, tam_calibration_level *level) {
    double low;
    *level = (tam_calibration_level){from->far, NAN, NAN, NAN, NAN, NAN, NAN, from->sufficient};
    if (from->sufficient) {
        level->threshold = from->threshold;
        level->achieved = from->achieved_far;
        tam_clopper_pearson(llround(from->achieved_far * (double)impostor), impostor, &low, &level->achieved_high);
        level->fnmr = 1 - from->tar;
        level->fnmr_low = 1 - from->high;
        level->fnmr_high = 1 - from->low;
    }
}

static void take_levels(const tam_verification *from, tam_calibration *result) {
    *result = (tam_calibration){.genuine = from->genuine,
                                .impostor = from->impostor,
                                .levels = from->levels,
                                .chosen = -1,
                                .slope = NAN,
                                .offset = NAN};
    for (int i = 0; i < from->levels; i++) {
        take_level(&from->at[i], from->impostor, &result->at[i]);
    }
}

static bool has_both(const tam_calibration *result) {
    return result->genuine > 0 && result->impostor > 0;
}

tam_status tam_calibrate_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                               const uint8_t *same, int levels, const double *fmr, tam_calibration *result) {
    tam_verification verification;
    tam_score_counts counts = {0};
    TAM_TRY(tam_eval_pairs(ctx, n, d, e, pairs, a, same, levels, fmr, &verification));
    take_levels(&verification, result);
    tam_status status = has_both(result) ? tam_score_counts_listed(ctx, d, e, pairs, a, same, &counts) : TAM_OK;
    if (status == TAM_OK && has_both(result)) {
        fit_confidence(&counts, result);
    }
    tam_score_counts_free(ctx, &counts);
    return status;
}

tam_status tam_calibrate_all_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels, int levels,
                                   const double *fmr, tam_calibration *result) {
    tam_verification verification;
    tam_score_counts counts = {0};
    TAM_TRY(tam_eval_all_pairs(ctx, n, d, e, labels, levels, fmr, &verification));
    take_levels(&verification, result);
    tam_status status = has_both(result) ? tam_score_counts_all(ctx, n, d, e, labels, &counts) : TAM_OK;
    if (status == TAM_OK && has_both(result)) {
        fit_confidence(&counts, result);
    }
    tam_score_counts_free(ctx, &counts);
    return status;
}

double tam_confidence(const tam_calibration *calibration, double score) {
    return 1 / (1 + exp(-(calibration->slope * score + calibration->offset)));
}

tam_status tam_score_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                           double *scores) {
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    tam_pairs_cosines(ctx, d, e, pairs, a, scores);
    for (int64_t i = 0; i < pairs; i++) {
        scores[i] = (double)(float)scores[i];
    }
    return TAM_OK;
}
