/* The update itself: one loop for the net's parameters and the head's. */
#ifndef BACKEND_SGD_H
#define BACKEND_SGD_H

#include "backend/backend.h"

/* v = momentum v + (gradient_scale g + weight_decay w); w = w - lr v, over n numbers. */
void tam_sgd_row(const tam_sgd *sgd, int64_t n, float *w, float *v, const float *g);

#endif
