/* AdaCos with a fixed scale: the one that the number of classes asks for. */
#include "loss/adacos_scale.h"

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = tam_adacos_first_scale(state);
    return (tam_logit){.z = s * own->c, .slope_c = s};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = tam_adacos_first_scale(state)};
}

const tam_class_loss tam_class_loss_adacos_fixed = {
    .name = "adacos-fixed",
    .formula = "s c_y, s = sqrt(2) ln(C - 1)",
    .source = "Zhang et al., AdaCos, CVPR 2019, arXiv 1905.00292",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .target = target,
    .scale = scale,
};
