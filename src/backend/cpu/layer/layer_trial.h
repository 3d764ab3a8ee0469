/* How long a layer takes, on numbers of its own. */
#ifndef BACKEND_CPU_LAYER_TRIAL_H
#define BACKEND_CPU_LAYER_TRIAL_H

#include "backend/cpu/layer/cpu_layer.h"

/* Seconds of forward, backward data and backward weights, with what each does to the weights; the least of several
 * runs. In inference, and for the gradient of the net's input, which hardly anybody wants: 0. Inside tam_team_enter. */
TAM_MUST_USE tam_status tam_layer_trial(tam_ctx *ctx, tam_layer *layer, double seconds[3]);
/* Seconds of a change of layout; 0 where nothing changes. */
TAM_MUST_USE tam_status tam_layer_trial_change(tam_ctx *ctx, const tam_layout *from, const tam_layout *to,
                                               double *seconds);

#endif
