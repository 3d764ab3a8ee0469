/* Inference: a layer with weights takes over what follows it,
 *
 *     y = act(norm(w x + b) + added),
 *
 * where nobody else reads what lies between. A batch norm with running statistics is a factor and a summand of each
 * channel, and so goes into the weights and the bias when they are packed:
 *
 *     w'_o = scale_o w_o,  b'_o = beta_o + scale_o (b_o - mean_o),     scale = gamma / sqrt(variance + eps).
 *
 * One in front goes there too if the layer pads nothing: w'_oi = w_oi scale_i, b'_o = b_o + sum over i of w_oi
 * (beta_i - scale_i mean_i). What the layer cannot do itself is done by a sweep in place behind it. */
#ifndef BACKEND_CPU_CPU_FOLD_H
#define BACKEND_CPU_CPU_FOLD_H

#include "backend/cpu/plan/cpu_plan.h"

/* Whether the node becomes part of a layer behind it. */
bool tam_cpu_folds_away(const tam_plan *plan, const tam_node *node);
/* Takes into the step of a conv or fc what it can; *last is the node whose output it writes. */
void tam_cpu_fold_join(const tam_plan *plan, const tam_node *node, tam_cpu_step *step, int *last);

/* What the step asks its layer for. */
void tam_cpu_fold_shape(const tam_cpu_step *step, tam_layer_shape *shape);
/* Asks for memory, when the layer is made. */
void tam_cpu_fold_ask(tam_plan *plan, tam_cpu_step *step);
/* Weight, bias, slope and the map to add as the layer sees them. */
void tam_cpu_fold_memory(tam_plan *plan, const tam_cpu_step *step, tam_layer_memory *memory);
/* Folds, before the layer packs. */
void tam_cpu_fold_pack(tam_plan *plan, const tam_cpu_step *step);
/* What the layer has left undone. */
void tam_cpu_fold_finish(tam_plan *plan, const tam_cpu_step *step, int n);

#endif
