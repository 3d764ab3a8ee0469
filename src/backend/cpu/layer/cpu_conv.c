/* Convolution, in the layout that its layer wishes for; what follows stays in that layout. */
#include "backend/cpu/layer/cpu_weighted.h"

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layer_shape shape = {
        .op = TAM_LAYER_CONVOLUTION,
        .in = tam_cpu_in(plan, step, 0)->layout,
        .out_dtype = plan->config.dtype,
        .out = step->node->shape.c,
        .out_h = step->node->shape.h,
        .out_w = step->node->shape.w,
        .window = tam_conv_window(step->node),
        .groups = (int)step->node->key[TAM_CONV_GROUPS],
    };
    return tam_cpu_weighted_create(plan, step, &shape);
}

const tam_cpu_kind tam_cpu_kind_conv = {
    .op = "conv",
    .create = create,
    .forward = tam_cpu_weighted_forward,
    .backward = tam_cpu_weighted_backward,
    .needs = tam_cpu_needs_input,
};
