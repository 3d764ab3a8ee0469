/* NormFace: softmax on scaled cosines, no margin. */
#include "loss/class_loss.h"

enum { S };
static const tam_key keys[] = {
    TAM_NUMBER("s", 64.0, 1e-3, 1e4, "scale of the logits"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    return (tam_logit){.z = state->key[S] * own->c, .slope_c = state->key[S]};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = state->key[S]};
}

const tam_class_loss tam_class_loss_normface = {
    .name = "normface",
    .formula = "s c_y",
    .source = "Wang et al., NormFace, ACM Multimedia 2017, arXiv 1704.06369, eq. 6",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = scale,
};
