/* The plain softmax cross-entropy: z = w.x + b, nothing normalised. */
#include "loss/class_loss.h"

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    (void)state;
    return (tam_logit){.z = own->c, .slope_c = 1.0};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)state;
    (void)a;
    return (tam_scale){.value = 1.0};
}

const tam_class_loss tam_class_loss_softmax = {
    .name = "softmax",
    .formula = "w_y.x + b_y",
    .source = "cross-entropy on a linear layer",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_BIAS,
    .target = target,
    .scale = scale,
};
