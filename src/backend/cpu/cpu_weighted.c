#include "backend/cpu/cpu_weighted.h"

tam_status tam_cpu_weighted_create(tam_plan *plan, tam_cpu_step *step, tam_dnnl_shape *shape) {
    tam_cpu_value *in = tam_cpu_in(plan, step, 0);
    shape->in = in->layout;
    shape->training = plan->config.training;
    shape->bias = step->node->parameter_count > 1;
    /* Nobody else writes the gradient of the net's input, so it may lie as the layer likes. */
    shape->free_gradient = step->input[0] == 0 && tam_graph_readers(plan->graph, 0) == 1;
    TAM_TRY(tam_dnnl_layer_create(plan->ctx, plan->dnnl, step->node->name, shape, &step->layer));
    tam_layout x = tam_dnnl_layer_x(step->layer);
    if (tam_layout_same(&x, &in->layout)) {
        in->gradient_layout = shape->training ? tam_dnnl_layer_dx(step->layer) : in->layout;
    } else if (shape->free_gradient) {
        /* The change of layout stands between: its gradient must lie as its values do. */
        tam_dnnl_layer_free(step->layer);
        step->layer = NULL;
        TAM_TRY(tam_cpu_convert(plan, step, 0, &x));
        shape->in = x;
        shape->free_gradient = false;
        TAM_TRY(tam_dnnl_layer_create(plan->ctx, plan->dnnl, step->node->name, shape, &step->layer));
    } else {
        TAM_TRY(tam_cpu_convert(plan, step, 0, &x));
    }
    tam_cpu_out(plan, step)->layout = tam_dnnl_layer_y(step->layer);
    tam_cpu_ask_scratch(plan, tam_dnnl_layer_scratch_bytes(step->layer));
    size_t packed = tam_dnnl_layer_packed_bytes(step->layer);
    if (!plan->config.training) {
        step->packed = tam_cpu_ask(plan, step, packed, true);
    } else if (packed > plan->packed_bytes) {
        plan->packed_bytes = packed;
    }
    return TAM_OK;
}

tam_status tam_cpu_weighted_bind(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    bool bias = step->node->parameter_count > 1;
    tam_dnnl_memory memory = {
        .x = in->data,
        .y = out->data,
        .dx = step->dx[0],
        .dy = out->gradient,
        .weight = tam_cpu_parameter(plan, step->node, 0),
        .bias = bias ? tam_cpu_parameter(plan, step->node, 1) : NULL,
        .dweight = tam_cpu_parameter_gradient(plan, step->node, 0),
        .dbias = bias ? tam_cpu_parameter_gradient(plan, step->node, 1) : NULL,
        .packed = tam_cpu_memory_at(plan->memory, plan->config.training ? plan->packed : step->packed),
        .scratch = tam_cpu_scratch(plan),
    };
    return tam_dnnl_layer_bind(plan->ctx, step->layer, &memory);
}

/* The layer was made for the whole batch and runs on it; rows do not mix. */
void tam_cpu_weighted_forward(tam_plan *plan, tam_cpu_step *step, int n) {
    (void)n;
    tam_dnnl_layer_forward(step->layer, plan->pack);
}

void tam_cpu_weighted_backward(tam_plan *plan, tam_cpu_step *step) {
    (void)plan;
    tam_dnnl_layer_backward_weights(step->layer);
    if (step->wanted[0]) {
        tam_dnnl_layer_backward_data(step->layer);
    }
}
