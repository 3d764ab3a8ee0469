/* ArcFace: a margin added to the angle. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.5, 0.0, 1.5, "margin on the angle, radians"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    return tam_arc_logit(state, own->c, state->key[S], state->key[M] * tam_margin_share(state));
}

const tam_class_loss tam_class_loss_arcface = {
    .name = "arcface",
    .formula = "s cos(theta_y + m)",
    .source = "Deng et al., ArcFace, CVPR 2019, arXiv 1801.07698, eq. 3",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
};
