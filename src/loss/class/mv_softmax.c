/* MV-Softmax: other classes that are nearer than the own one after its margin get a larger logit. */
#include "base/kernel.h"
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M, W, MARGIN };
enum { ARC, AM };
static const tam_key keys[] = {
    TAM_KEY_S(32.0),
    TAM_NUMBER("m", 0.35, 0.0, 1.5, "margin"),
    TAM_NUMBER("w", 1.12, 1.0, 10.0, "weight of hard classes: s (w c + w - 1)"),
    TAM_WORDS("margin", "arc|am", AM, "whether m is on the angle or on the cosine"),
};

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S], m = state->key[M] * tam_margin_share(state);
    if (state->key[MARGIN] == AM) {
        return (tam_logit){.z = s * (own->c - m), .slope_c = s};
    }
    return tam_arc_logit(state, own->c, s, m);
}

static tam_logit other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)held;
    double s = state->key[S], w = state->key[W];
    if (s * c > own->z) {
        return (tam_logit){.z = s * (w * c + w - 1.0), .slope_c = s * w};
    }
    return (tam_logit){.z = s * c, .slope_c = s};
}

TAM_KERNEL static void other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *restrict c,
                                 float *restrict z, float *restrict slope_c) {
    float s = (float)state->key[S], w = (float)state->key[W], own_z = (float)own->z;
    float hard_slope = s * w, hard_more = s * (w - 1.0f);
    for (int64_t j = 0; j < n; j++) {
        float easy = s * c[j];
        z[j] = easy > own_z ? hard_slope * c[j] + hard_more : easy;
        slope_c[j] = easy > own_z ? hard_slope : s;
    }
}

const tam_class_loss tam_class_loss_mv_softmax = {
    .name = "mv-softmax",
    .formula = "s cos(theta_y + m) or s (c_y - m), hard others s (w c_j + w - 1)",
    .source = "Wang et al., MV-Softmax, AAAI 2020, arXiv 1912.00833",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .other = other,
    .other_row = other_row,
};
