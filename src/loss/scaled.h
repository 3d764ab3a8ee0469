/* The many losses with z = s c for other classes have s as their first key. */
#ifndef LOSS_SCALED_H
#define LOSS_SCALED_H

#include "loss/class_loss.h"

#define TAM_KEY_S(otherwise) TAM_NUMBER("s", otherwise, 1e-3, 1e4, "scale of the logits")

/* `scale` of such a loss. */
static inline tam_scale tam_scale_s(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = state->key[0]};
}

#endif
