/* SphereFace with normalised embeddings: s in the place of the embedding's length. */
#include "loss/psi.h"
#include "loss/scaled.h"

enum { S, PSI };
static const tam_key keys[] = {TAM_KEY_S(64.0), TAM_PSI_KEYS(5.0)};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S];
    tam_logit psi = tam_psi_mixed(state, state->key + PSI, own->c);
    return (tam_logit){.z = s * psi.z, .slope_c = s * psi.slope_c};
}

const tam_class_loss tam_class_loss_sphereface_norm = {
    .name = "sphereface-norm",
    .formula = "s (psi(theta_y) + lambda c_y) / (1 + lambda)",
    .source = "Deng et al., ArcFace, 2018, arXiv 1801.07698v1",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
};
