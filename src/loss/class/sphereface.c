/* SphereFace (A-Softmax): the angle multiplied by m; the embedding's length is the scale. */
#include "loss/psi.h"

static const tam_key keys[] = {TAM_PSI_KEYS(5.0)};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    tam_logit psi = tam_psi_mixed(state, state->key, own->c);
    return (tam_logit){.z = own->a * psi.z, .slope_c = own->a * psi.slope_c, .slope_a = psi.z};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)state;
    return (tam_scale){.value = a, .slope_a = 1.0};
}

const tam_class_loss tam_class_loss_sphereface = {
    .name = "sphereface",
    .formula = "a (psi(theta_y) + lambda c_y) / (1 + lambda), a = |x|",
    .source = "Liu et al., SphereFace, CVPR 2017, arXiv 1704.08063, eq. 7",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = scale,
};
