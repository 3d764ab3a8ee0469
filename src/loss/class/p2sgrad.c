/* P2SGrad: no loss function, only gradient lengths G_ij = c_ij - 1[j = y], without scale or margin. What is reported as
 * its loss is the surrogate (c - 1[j = y])^2 / 2, whose derivative they are. */
#include "base/kernel.h"
#include "loss/class_loss.h"

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    (void)state;
    double apart = own->c - 1.0;
    return (tam_logit){.z = 0.5 * apart * apart, .slope_c = apart};
}

static tam_logit other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)state;
    (void)own;
    (void)held;
    return (tam_logit){.z = 0.5 * c * c, .slope_c = c};
}

TAM_KERNEL static void other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *restrict c,
                                 float *restrict z, float *restrict slope_c) {
    (void)state;
    (void)own;
    for (int64_t j = 0; j < n; j++) {
        z[j] = 0.5f * c[j] * c[j];
        slope_c[j] = c[j];
    }
}

const tam_class_loss tam_class_loss_p2sgrad = {
    .name = "p2sgrad",
    .formula = "none: G = c - 1[j = y]",
    .source = "Zhang et al., P2SGrad, CVPR 2019, arXiv 1905.02479, eq. 12",
    .kind = TAM_LOSS_DIRECT,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .target = target,
    .other = other,
    .other_row = other_row,
};
