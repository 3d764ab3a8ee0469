/* What conv and fc share: a layer with a weight (parameter 0) and perhaps a bias (parameter 1). */
#ifndef BACKEND_CPU_CPU_WEIGHTED_H
#define BACKEND_CPU_CPU_WEIGHTED_H

#include "backend/cpu/plan/cpu_plan.h"

/* Makes the layer, converts the input to the layout that it wishes for and sets the output's. */
TAM_MUST_USE tam_status tam_cpu_weighted_create(tam_plan *plan, tam_cpu_step *step, tam_layer_shape *shape);
void tam_cpu_weighted_forward(tam_plan *plan, tam_cpu_step *step, int n);
void tam_cpu_weighted_backward(tam_plan *plan, tam_cpu_step *step);

#endif
