#include "loss/class_loss.h"

#include <math.h>

#define LOSS(name) extern const tam_class_loss tam_class_loss_##name;
#include "loss/class/losses.def"
#undef LOSS

static const tam_class_loss *const losses[] = {
#define LOSS(name) &tam_class_loss_##name,
#include "loss/class/losses.def"
#undef LOSS
};

int tam_class_loss_count(void) {
    return (int)(sizeof losses / sizeof losses[0]);
}

const tam_class_loss *tam_class_loss_at(int index) {
    return losses[index];
}

tam_logit tam_class_loss_other(const tam_class_loss *loss, const tam_loss_state *state, const tam_sample *own, double c,
                               double held) {
    if (loss->scale == NULL) {
        return loss->other(state, own, c, held);
    }
    tam_scale s = loss->scale(state, own->a);
    return (tam_logit){.z = s.value * c, .slope_c = s.value, .slope_a = s.slope_a * c};
}

/* The own class's logit as if it had no margin: that of another class which no comparison with the own one makes hard.
 */
static tam_logit plain(const tam_class_loss *loss, const tam_loss_state *state, const tam_sample *own) {
    tam_sample alone = *own;
    alone.z = INFINITY;
    return tam_class_loss_other(loss, state, &alone, own->c, own->held);
}

tam_logit tam_class_loss_target(const tam_class_loss *loss, const tam_loss_state *state, const tam_sample *own) {
    const tam_loss_options *options = &state->options;
    bool margin = (loss->traits & TAM_LOSS_MARGIN) != 0;
    if (margin && options->beyond_pi == TAM_BEYOND_PI_EASY && own->c <= 0.0) {
        return plain(loss, state, own);
    }
    if (!margin || options->slope == TAM_SLOPE_EXACT) {
        return loss->target(state, own);
    }
    /* The margin's value at the held cosine, the plain logit's slope. */
    tam_sample held = *own;
    held.c = own->held;
    tam_logit logit = loss->target(state, &held);
    double slope = plain(loss, state, &held).slope_c;
    logit.z += slope * (own->c - own->held);
    logit.slope_c = slope;
    return logit;
}

int tam_class_loss_sub_centres(const tam_class_loss *loss, const tam_loss_state *state) {
    return loss->sub_centres != NULL ? loss->sub_centres(state) : 1;
}
