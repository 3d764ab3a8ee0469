/* SphereFace (A-Softmax): the angle multiplied by m, mixed with the plain cosine while lambda falls. */
#include <math.h>

#include "loss/class_loss.h"

enum { M, LAMBDA_BASE, LAMBDA_MIN, GAMMA };
static const tam_key keys[] = {
    TAM_WHOLE("m", 4.0, 1.0, 8.0, "factor of the angle"),
    TAM_NUMBER("lambda-base", 1000.0, 0.0, 1e6, "weight of the plain cosine at the first step"),
    TAM_NUMBER("lambda-min", 5.0, 0.0, 1e6, "weight at which it stays"),
    TAM_NUMBER("gamma", 0.12, 0.0, 1e3, "speed: lambda = max(lambda-min, lambda-base / (1 + gamma step))"),
};

/* psi(theta) = (-1)^k cos(m theta) - 2k on [k pi/m, (k+1) pi/m]: falls from 1 to 1 - 2m over [0, pi]. With Chebyshev's
 * polynomials cos(m theta) = T_m(c), and its slope by c is m U_{m-1}(c), finite at both ends. */
static tam_logit psi(double c, int m) {
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

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double falling = state->key[LAMBDA_BASE] / (1.0 + state->key[GAMMA] * state->running[TAM_RUNNING_STEP]);
    double lambda = fmax(state->key[LAMBDA_MIN], falling);
    tam_logit margin = psi(own->c, (int)state->key[M]);
    double mixed = (margin.z + lambda * own->c) / (1.0 + lambda);
    double slope = (margin.slope_c + lambda) / (1.0 + lambda);
    return (tam_logit){.z = own->a * mixed, .slope_c = own->a * slope, .slope_a = mixed};
}

static tam_scale scale(const tam_loss_state *state, double a) {
    (void)state;
    return (tam_scale){.value = a, .slope_a = 1.0};
}

const tam_class_loss tam_class_loss_sphereface = {
    .name = "sphereface",
    .formula = "a (psi(theta_y) + lambda c_y) / (1 + lambda), a = |x|",
    .source = "Liu et al., SphereFace, CVPR 2017, arXiv 1704.08063, eq. 7",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = scale,
};
