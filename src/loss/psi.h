/* The angular function of L-Softmax and SphereFace: the angle multiplied by m, mixed with the plain cosine while lambda
 * falls. */
#ifndef LOSS_PSI_H
#define LOSS_PSI_H

#include <math.h>

#include "loss/class_loss.h"

/* The four keys of a loss of this family, in this order. */
#define TAM_PSI_KEYS(lambda_min)                                                                     \
    TAM_WHOLE("m", 4.0, 1.0, 8.0, "factor of the angle"),                                            \
        TAM_NUMBER("lambda-base", 1000.0, 0.0, 1e6, "weight of the plain cosine at the first step"), \
        TAM_NUMBER("lambda-min", lambda_min, 0.0, 1e6, "weight at which it stays"),                  \
        TAM_NUMBER("gamma", 0.12, 0.0, 1e3, "speed: lambda = max(lambda-min, lambda-base / (1 + gamma step))")

/* psi(theta) = (-1)^k cos(m theta) - 2k on [k pi/m, (k+1) pi/m]: falls from 1 to 1 - 2m over [0, pi]. With Chebyshev's
 * polynomials cos(m theta) = T_m(c), and its slope by c is m U_{m-1}(c), finite at both ends. */
static inline tam_logit tam_psi(double c, int m) {
    double before = 1.0, t = c;     /* T_0, T_1 */
    double u_before = 0.0, u = 1.0; /* U_{-1}, U_0 */
    for (int degree = 2; degree <= m; degree++) {
        double next = 2.0 * c * t - before;
        double u_next = 2.0 * c * u - u_before;
        before = t;
        t = next;
        u_before = u;
        u = u_next;
    }
    int k = (int)(m * acos(fmin(1.0, fmax(-1.0, c))) / M_PI);
    k = k < m ? k : m - 1;
    double sign = k % 2 == 0 ? 1.0 : -1.0;
    return (tam_logit){.z = sign * t - 2.0 * k, .slope_c = sign * m * u};
}

/* (psi + lambda c) / (1 + lambda) at this step, and between it and c while the margin warms up. `key` is the first of
 * the four. */
static inline tam_logit tam_psi_mixed(const tam_loss_state *state, const double *key, double c) {
    double falling = key[1] / (1.0 + key[3] * state->running[TAM_RUNNING_STEP]);
    double share = tam_margin_share(state) / (1.0 + fmax(key[2], falling));
    tam_logit margin = tam_psi(c, (int)key[0]);
    return (tam_logit){.z = c + share * (margin.z - c), .slope_c = 1.0 + share * (margin.slope_c - 1.0)};
}

#endif
