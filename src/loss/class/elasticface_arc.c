/* ElasticFace-Arc: ArcFace with a margin drawn anew for each sample. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M, SIGMA };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.5, 0.0, 1.5, "mean margin on the angle, radians"),
    TAM_NUMBER("sigma", 0.0125, 0.0, 0.2, "its deviation"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double m = fmax(0.0, state->key[M] + state->key[SIGMA] * own->normal);
    return tam_arc_logit(state, own->c, state->key[S], m * tam_margin_share(state));
}

const tam_class_loss tam_class_loss_elasticface_arc = {
    .name = "elasticface-arc",
    .formula = "s cos(theta_y + m), m drawn from N(m, sigma)",
    .source = "Boutros et al., ElasticFace, CVPRW 2022, arXiv 2109.09416",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
};
