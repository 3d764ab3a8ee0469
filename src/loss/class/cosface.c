/* CosFace, also known as AM-Softmax: a margin taken off the cosine. */
#include "loss/scaled.h"

enum { S, M };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.35, 0.0, 1.0, "margin on the cosine"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S], m = state->key[M] * tam_margin_share(state);
    return (tam_logit){.z = s * (own->c - m), .slope_c = s};
}

const tam_class_loss tam_class_loss_cosface = {
    .name = "cosface",
    .formula = "s (c_y - m)",
    .source = "Wang et al., CosFace, CVPR 2018, arXiv 1801.09414, eq. 4",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
};
