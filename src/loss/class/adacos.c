/* AdaCos: the scale at which the batch's median sample learns fastest, found anew at each step. */
#include <stdlib.h>

#include "loss/adacos_scale.h"

enum { SCALE = TAM_RUNNING_OWN };

/* Where s has a use: below, all probabilities are alike; far above, a batch of duplicates would drive it on for ever.
 */
static const double least_scale = 0.1, largest_scale = 1e3;

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    return (tam_logit){.z = state->running[SCALE] * own->c, .slope_c = state->running[SCALE]};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = state->running[SCALE]};
}

static void start(tam_loss_state *state) {
    state->running[SCALE] = tam_adacos_first_scale(state);
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median_angle(const tam_loss_batch *batch) {
    int n = batch->n;
    for (int i = 0; i < n; i++) {
        batch->room[i] = acos(fmin(1.0, fmax(-1.0, batch->c[i])));
    }
    qsort(batch->room, (size_t)n, sizeof *batch->room, by_size);
    return 0.5 * (batch->room[(n - 1) / 2] + batch->room[n / 2]);
}

/* ln B_avg, B_avg = (1/n) sum_i sum_{j != y} e^(s c_ij): e^(s c) itself could overflow. */
static double log_mean_exp(const tam_loss_batch *batch) {
    double max = -INFINITY, sum = 0.0;
    for (int i = 0; i < batch->n; i++) {
        max = fmax(max, batch->others[i]);
    }
    for (int i = 0; i < batch->n; i++) {
        sum += exp(batch->others[i] - max);
    }
    return max + log(sum / batch->n);
}

static void observe(tam_loss_state *state, const tam_loss_batch *batch) {
    if (batch->n == 0) {
        return;
    }
    double s = log_mean_exp(batch) / cos(fmin(M_PI / 4.0, median_angle(batch)));
    if (isfinite(s)) {
        state->running[SCALE] = fmin(largest_scale, fmax(least_scale, s));
    }
}

const tam_class_loss tam_class_loss_adacos = {
    .name = "adacos",
    .formula = "s_t c_y, s_t = ln(B_avg) / cos(min(pi/4, median theta))",
    .source = "Zhang et al., AdaCos, CVPR 2019, arXiv 1905.00292",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_SEES_OTHERS,
    .target = target,
    .scale = scale,
    .start = start,
    .observe = observe,
};
