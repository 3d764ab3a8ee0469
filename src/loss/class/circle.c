/* Circle loss with class weights: each similarity is weighed by its distance from where it should be. */
#include "base/kernel.h"
#include "loss/class_loss.h"

enum { GAMMA, M };
static const tam_key keys[] = {
    TAM_NUMBER("gamma", 256.0, 1e-3, 1e4, "scale of the logits"),
    TAM_NUMBER("m", 0.25, 0.0, 1.0, "own cosines are to exceed 1 - m, others to stay below m"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double m = state->key[M], missing = 1.0 + m - own->held;
    double slope = state->key[GAMMA] * (missing > 0.0 ? missing : 0.0);
    return (tam_logit){.z = slope * (own->c - (1.0 - m)), .slope_c = slope};
}

static tam_logit other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)own;
    double m = state->key[M], excess = held + m;
    double slope = state->key[GAMMA] * (excess > 0.0 ? excess : 0.0);
    return (tam_logit){.z = slope * (c - m), .slope_c = slope};
}

TAM_KERNEL static void other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *restrict c,
                                 float *restrict z, float *restrict slope_c) {
    (void)own;
    float gamma = (float)state->key[GAMMA], m = (float)state->key[M];
    for (int64_t j = 0; j < n; j++) {
        float excess = c[j] + m;
        slope_c[j] = gamma * (excess > 0.0f ? excess : 0.0f);
        z[j] = slope_c[j] * (c[j] - m);
    }
}

const tam_class_loss tam_class_loss_circle = {
    .name = "circle",
    .formula = "gamma [1 + m - c_y]+ (c_y - (1 - m)), others gamma [c_j + m]+ (c_j - m)",
    .source = "Sun et al., Circle Loss, CVPR 2020, arXiv 2002.10857",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .other = other,
    .other_row = other_row,
};
