/* A margin on the angle, as a function of c = cos(theta): shared by the losses that have one. */
#ifndef LOSS_ANGULAR_H
#define LOSS_ANGULAR_H

#include <math.h>

#include "loss/class_loss.h"

/* dtheta/dc = -1 / sin(theta) has no bound at the ends: a sine that divides is never taken smaller. */
#define TAM_SMALLEST_SINE 1e-4

/* cos(theta + m) and its slope by c. Beyond theta + m = pi, where the cosine would rise again and reward a larger
 * angle, the line c - m sin(m) replaces it. */
static inline tam_logit tam_angular_margin(double c, double m) {
    double sine = sqrt(fmax(0.0, 1.0 - c * c));
    if (c < -cos(m)) {
        return (tam_logit){.z = c - m * sin(m), .slope_c = 1.0};
    }
    return (tam_logit){
        .z = c * cos(m) - sine * sin(m),
        .slope_c = cos(m) + c * sin(m) / fmax(sine, TAM_SMALLEST_SINE), /* = sin(theta + m) / sin(theta) */
    };
}

#endif
