/* Modified softmax: class weights normalised, no bias; the embedding's length is the scale. */
#include "loss/class_loss.h"

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    (void)state;
    return (tam_logit){.z = own->a * own->c, .slope_c = own->a, .slope_a = own->c};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)state;
    return (tam_scale){.value = a, .slope_a = 1.0};
}

const tam_class_loss tam_class_loss_modified_softmax = {
    .name = "modified-softmax",
    .formula = "a c_y, a = |x|",
    .source = "Liu et al., SphereFace, CVPR 2017, arXiv 1704.08063",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .target = target,
    .scale = scale,
};
