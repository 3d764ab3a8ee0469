/* Sub-centre ArcFace: a class has K weights, of which the nearest to the sample stands for it, so that odd and wrongly
 * labelled images may gather at one of their own. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M, K };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.5, 0.0, 1.5, "margin on the angle, radians"),
    TAM_WHOLE("K", 3.0, 1.0, 16.0, "sub-centres of a class"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    return tam_arc_logit(state, own->c, state->key[S], state->key[M] * tam_margin_share(state));
}

static int sub_centres(const tam_loss_state *state) {
    return (int)state->key[K];
}

const tam_class_loss tam_class_loss_subcenter_arcface = {
    .name = "subcenter-arcface",
    .formula = "s cos(theta_y + m), c_j the largest of K sub-centres",
    .source = "Deng et al., Sub-center ArcFace, ECCV 2020",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
    .sub_centres = sub_centres,
};
