/* The ops that a sweep does as its activation. */
#ifndef BACKEND_CPU_CPU_ACTIVATION_H
#define BACKEND_CPU_CPU_ACTIVATION_H

#include "backend/cpu/plan/cpu_layout.h"
#include "backend/cpu/sweep/cpu_sweep.h"

typedef struct tam_cpu_activation {
    const char *op;
    tam_sweep_curve curve;
    float top; /* 0: none */
} tam_cpu_activation;

/* NULL for another op, and for NULL. */
const tam_cpu_activation *tam_cpu_activation_of(const tam_node *node);
/* The pattern of slopes (tam_sweep.slope) that goes with it; `learned` is a prelu's, or NULL. */
void tam_cpu_activation_spread(const tam_layout *layout, const tam_node *node, const float *learned, float *slope);
/* Completes a sweep whose slope is set. */
void tam_cpu_activation_set(const tam_node *node, tam_sweep *sweep);

#endif
