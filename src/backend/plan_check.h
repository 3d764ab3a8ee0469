/* What every backend refuses before it plans. */
#ifndef BACKEND_PLAN_CHECK_H
#define BACKEND_PLAN_CHECK_H

#include "backend/backend.h"

/* TAM_CONFIG when the batch is outside 1 .. 2^20, the values of one layer's batch overflow 2^40, or a batch norm would
 * be trained on one value a channel (its variance is then undefined). */
TAM_MUST_USE tam_status tam_plan_check(tam_ctx *ctx, const tam_graph *graph, const tam_plan_config *config);

/* TAM_CONFIG when a forward of n rows does not suit the plan. */
TAM_MUST_USE tam_status tam_plan_check_rows(tam_ctx *ctx, const tam_plan_config *config, int n);

#endif
