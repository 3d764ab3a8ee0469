/* The update of a net's parameters. The head's rows move by the same rule, in one sweep with their projection
 * (backend/class_rows.c). */
#ifndef BACKEND_SGD_H
#define BACKEND_SGD_H

#include "backend/backend.h"

/* v = momentum v + (gradient_scale g + weight_decay w); w = w - lr v, over n numbers. A gradient_scale of 0 leaves g
 * out, whatever it holds. */
void tam_sgd_row(const tam_sgd *sgd, int64_t n, float *w, float *v, const float *g);

#endif
