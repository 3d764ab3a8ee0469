/* A scale that stays as its key says, or starts there and is learned: NormFace's s, L2-softmax's alpha. Such a loss has
 * TAM_LEARNED_SCALE_KEYS as its first keys. */
#ifndef LOSS_LEARNED_SCALE_H
#define LOSS_LEARNED_SCALE_H

#include <math.h>

#include "loss/class_loss.h"

#define TAM_LEAST_SCALE 1e-3
#define TAM_LARGEST_SCALE 1e4

enum { TAM_KEY_SCALE, TAM_KEY_LEARN };
enum { TAM_RUNNING_SCALE = TAM_RUNNING_OWN, TAM_RUNNING_SCALE_MOMENTUM };

#define TAM_LEARNED_SCALE_KEYS(name)                                                   \
    TAM_NUMBER(name, 64.0, TAM_LEAST_SCALE, TAM_LARGEST_SCALE, "scale of the logits"), \
        TAM_WORDS("learn", "no|yes", 1.0, "whether the scale is learned, from that value on")

static inline double tam_learned_scale(const tam_loss_state *state) {
    return state->key[TAM_KEY_LEARN] != 0.0 ? state->running[TAM_RUNNING_SCALE] : state->key[TAM_KEY_SCALE];
}

static inline tam_logit tam_learned_target(const tam_loss_state *state, const tam_sample *own) {
    double s = tam_learned_scale(state);
    return (tam_logit){.z = s * own->c, .slope_c = s};
}

static inline tam_scale tam_learned_others(const tam_loss_state *state, double a) {
    (void)a;
    return (tam_scale){.value = tam_learned_scale(state)};
}

static inline void tam_learned_start(tam_loss_state *state) {
    state->running[TAM_RUNNING_SCALE] = state->key[TAM_KEY_SCALE];
    state->running[TAM_RUNNING_SCALE_MOMENTUM] = 0.0;
}

/* With z = s c and G = dL/dc, dL/ds = sum_ij G_ij c_ij / s. The scale does not decay, and stays in the key's range. */
static inline void tam_learned_learn(tam_loss_state *state, double gc, double lr, double momentum) {
    double *s = &state->running[TAM_RUNNING_SCALE], *speed = &state->running[TAM_RUNNING_SCALE_MOMENTUM];
    if (state->key[TAM_KEY_LEARN] == 0.0) {
        return;
    }
    *speed = momentum * *speed + gc / *s;
    *s = fmin(TAM_LARGEST_SCALE, fmax(TAM_LEAST_SCALE, *s - lr * *speed));
}

#endif
