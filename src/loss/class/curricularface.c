/* CurricularFace: ArcFace whose hard other classes weigh little at first and more as training succeeds. */
#include "base/kernel.h"
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, M };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("m", 0.5, 0.0, 1.5, "margin on the angle, radians"),
};

enum { T = TAM_RUNNING_OWN }; /* the mean own cosine, followed slowly */
static const double pace = 0.01;

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    return tam_arc_logit(state, own->c, state->key[S], state->key[M] * tam_margin_share(state));
}

/* A class is hard when its logit would be above the own one's. */
static tam_logit other(const tam_loss_state *state, const tam_sample *own, double c, double held) {
    (void)held;
    double s = state->key[S], t = state->running[T];
    if (s * c > own->z) {
        return (tam_logit){.z = s * c * (t + c), .slope_c = s * (t + 2.0 * c)};
    }
    return (tam_logit){.z = s * c, .slope_c = s};
}

TAM_KERNEL static void other_row(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *restrict c,
                                 float *restrict z, float *restrict slope_c) {
    float s = (float)state->key[S], t = (float)state->running[T], own_z = (float)own->z;
    for (int64_t j = 0; j < n; j++) {
        float easy = s * c[j];
        z[j] = easy > own_z ? easy * (t + c[j]) : easy;
        slope_c[j] = easy > own_z ? s * (t + 2.0f * c[j]) : s;
    }
}

static void observe(tam_loss_state *state, const tam_loss_batch *batch) {
    double sum = 0.0;
    for (int i = 0; i < batch->n; i++) {
        sum += batch->c[i];
    }
    if (batch->n > 0 && isfinite(sum)) {
        state->running[T] += pace * (sum / batch->n - state->running[T]);
    }
}

const tam_class_loss tam_class_loss_curricularface = {
    .name = "curricularface",
    .formula = "s cos(theta_y + m), hard others s c_j (t + c_j)",
    .source = "Huang et al., CurricularFace, CVPR 2020, arXiv 2004.00288",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .other = other,
    .other_row = other_row,
    .observe = observe,
};
