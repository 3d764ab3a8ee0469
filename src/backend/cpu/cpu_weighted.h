/* What conv and fc share: a layer of oneDNN with a weight (parameter 0) and perhaps a bias (parameter 1). */
#ifndef BACKEND_CPU_CPU_WEIGHTED_H
#define BACKEND_CPU_CPU_WEIGHTED_H

#include "backend/cpu/cpu_plan.h"

/* Makes the layer, converts the input to the layout that it wishes for and sets the output's. */
TAM_MUST_USE tam_status tam_cpu_weighted_create(tam_plan *plan, tam_cpu_step *step, tam_dnnl_shape *shape);
TAM_MUST_USE tam_status tam_cpu_weighted_bind(tam_plan *plan, tam_cpu_step *step);
void tam_cpu_weighted_forward(tam_plan *plan, tam_cpu_step *step, int n);
void tam_cpu_weighted_backward(tam_plan *plan, tam_cpu_step *step);

#endif
