/* The combined margin of the ArcFace paper: on the angle twice, and on the cosine. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M1, M2, M3 };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m1", 1.0, 1.0, 8.0, "factor of the angle"),
    TAM_NUMBER("m2", 0.3, 0.0, 1.5, "margin on the angle, radians"),
    TAM_NUMBER("m3", 0.2, 0.0, 1.0, "margin on the cosine"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S], share = tam_margin_share(state);
    double m1 = 1.0 + share * (state->key[M1] - 1.0), m2 = share * state->key[M2], m3 = share * state->key[M3];
    tam_angular shifted = tam_angular_margin(state, own->c, m1, m2);
    return (tam_logit){.z = s * (shifted.z - m3), .slope_c = s * shifted.slope_c};
}

const tam_class_loss tam_class_loss_combined = {
    .name = "combined",
    .formula = "s (cos(m1 theta_y + m2) - m3)",
    .source = "Deng et al., ArcFace, CVPR 2019, arXiv 1801.07698, eq. 4",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
};
