/* A margin on the angle, as a function of c = cos(theta): shared by the losses that have one. */
#ifndef LOSS_ANGULAR_H
#define LOSS_ANGULAR_H

#include <math.h>

#include "loss/class_loss.h"

/* dtheta/dc = -1 / sin(theta) has no bound at the ends: a sine that divides is never taken smaller. */
#define TAM_SMALLEST_SINE 1e-4

/* cos(theta + m) and its slope by c, m >= 0; beyond theta + m = pi by the option beyond-pi. */
static inline tam_logit tam_angular_margin(const tam_loss_state *state, double c, double m) {
    double sine = sqrt(fmax(0.0, 1.0 - c * c));
    double shifted = c * cos(m) - sine * sin(m);
    double slope = cos(m) + c * sin(m) / fmax(sine, TAM_SMALLEST_SINE); /* sin(theta + m) / sin(theta) */
    if (c < -cos(m)) {
        switch (state->options.beyond_pi) {
        case TAM_BEYOND_PI_LINEAR:
            return (tam_logit){.z = c - m * sin(m), .slope_c = 1.0};
        case TAM_BEYOND_PI_SMOOTH:
            return (tam_logit){.z = -2.0 - shifted, .slope_c = -slope};
        case TAM_BEYOND_PI_NONE:
        case TAM_BEYOND_PI_EASY: /* there is no margin where c <= 0: tam_class_loss_target */
            break;
        }
    }
    return (tam_logit){.z = shifted, .slope_c = slope};
}

#endif
