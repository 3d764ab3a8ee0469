/* The parameters of a graph as arrays on the host, in plain row-major layout: what every backend that computes on the
 * host puts into its table. A plan takes the pointers below; they are aligned to TAM_ALIGNMENT and never move. */
#ifndef BACKEND_PARAMETERS_H
#define BACKEND_PARAMETERS_H

#include "backend/backend.h"

/* The functions of tam_backend. The graph must outlive the parameters. */
TAM_MUST_USE tam_status tam_parameters_create(tam_ctx *ctx, const tam_graph *graph, const uint64_t *seed,
                                              tam_parameters **out);
void tam_parameters_free(tam_parameters *parameters);
TAM_MUST_USE tam_status tam_parameters_read(tam_parameters *parameters, int index, tam_parameter_part part,
                                            float *values);
TAM_MUST_USE tam_status tam_parameters_write(tam_parameters *parameters, int index, tam_parameter_part part,
                                             const float *values);
double tam_parameters_gradient_norm(tam_parameters *parameters);
void tam_parameters_update(tam_parameters *parameters, const tam_sgd *sgd);

/* The array of parameter `index`. A running statistic has a value only; its gradient and momentum stay zero. */
float *tam_parameters_value(tam_parameters *parameters, int index);
float *tam_parameters_gradient(tam_parameters *parameters, int index);

/* Grows whenever write or update changed values: a plan that keeps a reordered copy of the weights compares it. A plan
 * that writes values itself (running statistics) says so by tam_parameters_touch. */
uint64_t tam_parameters_version(const tam_parameters *parameters);
void tam_parameters_touch(tam_parameters *parameters);

#endif
