#include "loss/class_loss.h"

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

tam_logit tam_class_loss_other(const tam_class_loss *loss, const tam_loss_state *state, double c, double a) {
    if (loss->scale == NULL) {
        return loss->other(state, c, a);
    }
    tam_scale s = loss->scale(state, a);
    return (tam_logit){.z = s.value * c, .slope_c = s.value, .slope_a = s.slope_a * c};
}
