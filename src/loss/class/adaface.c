/* AdaFace: the margin depends on the embedding's length, taken as image quality, beside the lengths seen so far: on the
 * angle for poor images, on the cosine for good ones. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M, H };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.4, 0.0, 1.0, "margin"),
    TAM_NUMBER("h", 0.333, 0.0, 1e3, "concentration: how soon a length counts as poor or good"),
};

enum { MEAN = TAM_RUNNING_OWN, DEVIATION };
static const double shortest = 1e-3, longest = 100.0, pace = 0.01;

static double counted_length(double a) {
    return fmin(longest, fmax(shortest, a));
}

/* As published no gradient goes through the length. */
static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S], m = state->key[M] * tam_margin_share(state);
    double apart = (counted_length(own->a) - state->running[MEAN]) / (state->running[DEVIATION] + 1e-3);
    double k = fmin(1.0, fmax(-1.0, state->key[H] * apart));
    tam_angular shifted = tam_angular_margin(state, own->c, 1.0, -m * k);
    return (tam_logit){.z = s * (shifted.z - (m * k + m)), .slope_c = s * shifted.slope_c};
}

static void start(tam_loss_state *state) {
    state->running[MEAN] = 20.0;
    state->running[DEVIATION] = 100.0;
}

/* One sample has no deviation: it moves the mean alone. */
static void observe(tam_loss_state *state, const tam_loss_batch *batch) {
    double sum = 0.0, squares = 0.0;
    if (batch->n == 0) {
        return;
    }
    for (int i = 0; i < batch->n; i++) {
        sum += counted_length(batch->a[i]);
    }
    double mean = sum / batch->n;
    for (int i = 0; i < batch->n; i++) {
        double apart = counted_length(batch->a[i]) - mean;
        squares += apart * apart;
    }
    state->running[MEAN] += pace * (mean - state->running[MEAN]);
    if (batch->n > 1) {
        state->running[DEVIATION] += pace * (sqrt(squares / (batch->n - 1)) - state->running[DEVIATION]);
    }
}

const tam_class_loss tam_class_loss_adaface = {
    .name = "adaface",
    .formula = "s (cos(theta_y - m k) - (m k + m)), k from |x| beside the lengths so far",
    .source = "Kim et al., AdaFace, CVPR 2022, arXiv 2204.00964",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
    .start = start,
    .observe = observe,
};
