/* L-Softmax: the angle to the own class multiplied by m, all lengths free. */
#include "loss/psi.h"

static const tam_key keys[] = {TAM_PSI_KEYS(0.0)};

/* own->c is the product w.x = a b cos(theta). */
static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double lengths = own->a * own->b;
    if (lengths < 1e-64) {
        return (tam_logit){.z = own->c, .slope_c = 1.0}; /* there is no angle */
    }
    double cosine = fmin(1.0, fmax(-1.0, own->c / lengths));
    tam_logit psi = tam_psi_mixed(state, state->key, cosine);
    double rest = psi.z - psi.slope_c * cosine;
    return (tam_logit){
        .z = lengths * psi.z, .slope_c = psi.slope_c, .slope_a = own->b * rest, .slope_b = own->a * rest};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)state;
    (void)a;
    return (tam_scale){.value = 1.0};
}

const tam_class_loss tam_class_loss_l_softmax = {
    .name = "l-softmax",
    .formula = "|w_y| a (psi(theta_y) + lambda cos(theta_y)) / (1 + lambda), a = |x|",
    .source = "Liu et al., Large-Margin Softmax, ICML 2016, arXiv 1612.02295",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = scale,
};
