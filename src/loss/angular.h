/* A margin on the angle, as a function of c = cos(theta): shared by the losses that have one. */
#ifndef LOSS_ANGULAR_H
#define LOSS_ANGULAR_H

#include <math.h>

#include "loss/class_loss.h"

/* dtheta/dc = -1 / sin(theta) has no bound at the ends: a sine that divides is never taken smaller. */
#define TAM_SMALLEST_SINE 1e-4

/* A function of c with a margin m2: value and slopes. */
typedef struct tam_angular {
    double z, slope_c, slope_m2;
} tam_angular;

/* The line of slope 1 that takes over at theta* = (pi - m2) / m1, where m1 theta + m2 = pi. With d = pi - theta* it is
 * c - d sin(d): ArcFace's c - m sin(m), generalised. It may not begin above -1, the curve's end: d > 2.33, which only
 * m1 > 1 reaches, takes c - 1 + cos(d). */
static inline tam_angular tam_angular_line(double c, double m1, double m2) {
    double d = M_PI - (M_PI - m2) / m1;
    double below = d * sin(d), least = 1.0 - cos(d);
    if (below < least) {
        return (tam_angular){.z = c - least, .slope_c = 1.0, .slope_m2 = -sin(d) / m1};
    }
    return (tam_angular){.z = c - below, .slope_c = 1.0, .slope_m2 = -(sin(d) + d * cos(d)) / m1};
}

/* cos(m1 theta + m2), m1 >= 1; beyond m1 theta + m2 = pi by the option beyond-pi, below 0 (negative m2) the cosine
 * stays 1. */
static inline tam_angular tam_angular_margin(const tam_loss_state *state, double c, double m1, double m2) {
    double theta = acos(fmin(1.0, fmax(-1.0, c))), sine = sin(theta);
    double more = (m1 - 1.0) * theta + m2; /* m1 theta + m2 = theta + more */
    if (theta + more < 0.0) {
        return (tam_angular){.z = 1.0};
    }
    tam_angular shifted = {
        .z = c * cos(more) - sine * sin(more),
        /* m1 sin(theta + more) / sin(theta) */
        .slope_c = m1 * (cos(more) + c * sin(more) / fmax(sine, TAM_SMALLEST_SINE)),
        .slope_m2 = -(sine * cos(more) + c * sin(more)),
    };
    double turns = floor((theta + more) / M_PI);
    if (theta + more <= M_PI || state->options.beyond_pi == TAM_BEYOND_PI_NONE) {
        return shifted;
    }
    if (state->options.beyond_pi == TAM_BEYOND_PI_SMOOTH) {
        double sign = fmod(turns, 2.0) == 0.0 ? 1.0 : -1.0;
        return (tam_angular){sign * shifted.z - 2.0 * turns, sign * shifted.slope_c, sign * shifted.slope_m2};
    }
    return tam_angular_line(c, m1, m2); /* with beyond-pi=easy only where m1 theta + m2 > pi although c > 0 */
}

/* s cos(theta + m): the target of ArcFace and its kin. */
static inline tam_logit tam_arc_logit(const tam_loss_state *state, double c, double s, double m) {
    tam_angular shifted = tam_angular_margin(state, c, 1.0, m);
    return (tam_logit){.z = s * shifted.z, .slope_c = s * shifted.slope_c};
}

#endif
