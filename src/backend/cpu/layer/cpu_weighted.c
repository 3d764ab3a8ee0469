#include "backend/cpu/layer/cpu_weighted.h"

#include "backend/cpu/plan/cpu_fold.h"

static tam_status make_layer(tam_plan *plan, tam_cpu_step *step, const tam_layer_shape *shape) {
    return tam_layer_create(plan->ctx, plan->dnnl, plan->config.tuning, step->node->name, shape, &step->layer);
}

tam_status tam_cpu_weighted_create(tam_plan *plan, tam_cpu_step *step, tam_layer_shape *shape) {
    tam_cpu_value *in = tam_cpu_in(plan, step, 0);
    shape->dtype = plan->config.dtype;
    shape->training = plan->config.training;
    shape->deterministic = plan->config.deterministic;
    shape->bias = step->node->parameter_count > 1;
    tam_cpu_fold_shape(step, shape);
    /* Nobody else writes the gradient of the net's input, so it may lie as the layer likes. */
    shape->free_gradient = step->input[0] == 0 && tam_graph_readers(plan->graph, 0) == 1;
    TAM_TRY(make_layer(plan, step, shape));
    tam_layout x = step->layer->x;
    if (tam_layout_same(&x, &in->layout)) {
        in->gradient_layout = shape->training ? step->layer->dx : in->layout;
    } else if (shape->free_gradient) {
        /* The change of layout stands between: its gradient must lie as its values do. */
        tam_layer_free(step->layer);
        step->layer = NULL;
        TAM_TRY(tam_cpu_convert(plan, step, 0, &x));
        shape->in = x;
        shape->free_gradient = false;
        TAM_TRY(make_layer(plan, step, shape));
    } else {
        TAM_TRY(tam_cpu_convert(plan, step, 0, &x));
    }
    if (step->inputs > 1) {
        TAM_TRY(tam_cpu_convert(plan, step, 1, &step->layer->y));
    }
    tam_cpu_out(plan, step)->layout = step->layer->y;
    tam_cpu_ask_scratch(plan, step->layer->scratch_bytes);
    size_t packed = step->layer->packed_bytes;
    if (!plan->config.training) {
        step->packed = tam_cpu_ask(plan, step, packed, true);
        tam_cpu_fold_ask(plan, step);
    } else if (packed > plan->packed_bytes) {
        plan->packed_bytes = packed;
    }
    return TAM_OK;
}

static tam_layer_memory memory_of(tam_plan *plan, const tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    bool bias = step->node->parameter_count > 1;
    tam_layer_memory memory = {
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
    if (!plan->config.training) {
        tam_cpu_fold_memory(plan, step, &memory);
    }
    return memory;
}

/* The layer was made for the whole batch and runs on it; rows do not mix. */
void tam_cpu_weighted_forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_layer_memory memory = memory_of(plan, step);
    if (plan->pack && !plan->config.training) {
        tam_cpu_fold_pack(plan, step);
    }
    if (plan->pack && step->layer->kind->pack != NULL) {
        step->layer->kind->pack(step->layer, &memory);
    }
    step->layer->kind->forward(step->layer, &memory);
    if (!plan->config.training) {
        tam_cpu_fold_finish(plan, step, n);
    }
}

void tam_cpu_weighted_backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_layer_memory memory = memory_of(plan, step);
    double began = tam_cpu_now();
    step->layer->kind->backward_weights(step->layer, &memory);
    step->seconds[TAM_CPU_BACKWARD_WEIGHTS] = tam_cpu_now() - began;
    if (step->wanted[0]) {
        began = tam_cpu_now();
        step->layer->kind->backward_data(step->layer, &memory);
        step->seconds[TAM_CPU_BACKWARD_DATA] = tam_cpu_now() - began;
    }
}
