/* Changes of layout: what the plan puts between two layers, and flatten. Nothing at all where the numbers already lie
 * in the order wanted. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"

static tam_status create_reorder(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout *in = &tam_cpu_in(plan, step, 0)->layout, *out = &tam_cpu_out(plan, step)->layout;
    step->view = tam_layout_is_plain(in) && tam_layout_is_plain(out) && in->dtype == out->dtype;
    return TAM_OK;
}

static tam_status create_flatten(tam_plan *plan, tam_cpu_step *step) {
    tam_layout *out = &tam_cpu_out(plan, step)->layout;
    *out = tam_layout_plain(plan->config.batch, step->node->shape);
    out->dtype = tam_cpu_in(plan, step, 0)->layout.dtype;
    return create_reorder(plan, step);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    tam_layout_copy(plan->ctx, n, &in->layout, in->data, &out->layout, out->data);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    if (step->dx[0] != out->gradient) {
        tam_layout_copy(plan->ctx, plan->config.batch, &out->layout, out->gradient, &in->gradient_layout, step->dx[0]);
    }
}

const tam_cpu_kind tam_cpu_kind_reorder = {
    .op = "reorder",
    .create = create_reorder,
    .forward = forward,
    .backward = backward,
};

const tam_cpu_kind tam_cpu_kind_flatten = {
    .op = "flatten",
    .create = create_flatten,
    .forward = forward,
    .backward = backward,
};
