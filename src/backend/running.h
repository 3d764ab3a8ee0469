/* Running statistics of batch norm: one definition for all backends. */
#ifndef BACKEND_RUNNING_H
#define BACKEND_RUNNING_H

#include <math.h>

/* (1 - momentum) old + momentum now. What is not finite never enters: a step that is skipped for a NaN or an infinity
 * would otherwise spoil every later inference and checkpoint. */
static inline float tam_running_next(float old, double momentum, double now) {
    float next = (float)((1 - momentum) * (double)old + momentum * now);
    return isfinite(next) ? next : old;
}

#endif
