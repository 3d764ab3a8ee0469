/* CosFace, also known as AM-Softmax: a margin taken off the cosine. */
#include "loss/class_loss.h"

enum { S, M };
static const tam_key keys[] = {
    {"s", 64.0, 1e-3, 1e4, false, "scale of the logits"},
    {"m", 0.35, 0.0, 1.0, false, "margin on the cosine"},
};

static tam_logit target(const tam_loss_state *state, double c, double a) {
    (void)a;
    double s = state->key[S], m = state->key[M];
    return (tam_logit){.z = s * (c - m), .slope_c = s};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = state->key[S]};
}

const tam_class_loss tam_class_loss_cosface = {
    .name = "cosface",
    .formula = "s (c_y - m)",
    .source = "Wang et al., CosFace, CVPR 2018, arXiv 1801.09414, eq. 4",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = scale,
};
