/* Proxy-Anchor: each class weight is a proxy, around which the batch's samples are ranked. */
#include "base/kernel.h"
#include "loss/class_loss.h"

enum { ALPHA, DELTA };
/* The head sums e^z in f32: alpha (1 + delta) stays below 80. */
static const tam_key keys[] = {
    TAM_NUMBER("alpha", 32.0, 1e-3, 60.0, "scale"),
    TAM_NUMBER("delta", 0.1, 0.0, 0.25, "margin on the cosine"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double alpha = state->key[ALPHA];
    return (tam_logit){.z = -alpha * (own->c - state->key[DELTA]), .slope_c = -alpha};
}

static tam_logit other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)own;
    (void)held;
    double alpha = state->key[ALPHA];
    return (tam_logit){.z = alpha * (c + state->key[DELTA]), .slope_c = alpha};
}

TAM_KERNEL static void other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *restrict c,
                                 float *restrict z, float *restrict slope_c) {
    (void)own;
    float alpha = (float)state->key[ALPHA], delta = (float)state->key[DELTA];
    for (int64_t j = 0; j < n; j++) {
        z[j] = alpha * (c[j] + delta);
        slope_c[j] = alpha;
    }
}

const tam_class_loss tam_class_loss_proxy_anchor = {
    .name = "proxy-anchor",
    .formula = "-alpha (c_y - delta), others alpha (c_j + delta)",
    .source = "Kim et al., Proxy Anchor Loss, CVPR 2020, arXiv 2003.13911, eq. 4",
    .kind = TAM_LOSS_PROXY,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .other = other,
    .other_row = other_row,
};
