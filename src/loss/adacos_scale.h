/* The scale with which AdaCos begins, and stays in its fixed form. */
#ifndef LOSS_ADACOS_SCALE_H
#define LOSS_ADACOS_SCALE_H

#include <math.h>

#include "loss/class_loss.h"

/* sqrt(2) ln(C - 1). Two classes would give 0, and no gradient at all: they count as three. */
static inline double tam_adacos_first_scale(const tam_loss_state *state) {
    double others = (double)(state->classes - 1);
    return sqrt(2.0) * log(fmax(2.0, others));
}

#endif
