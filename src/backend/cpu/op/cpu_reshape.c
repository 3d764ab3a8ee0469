/* Reshape: the same numbers in (c, h, w) order, so nothing at all once they lie in it. */
#include "backend/cpu/plan/cpu_plan.h"

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout in = tam_cpu_in(plan, step, 0)->layout, *out;
    if (!tam_layout_is_plain(&in)) {
        in.lanes = 1;
        TAM_TRY(tam_cpu_convert(plan, step, 0, &in));
    }
    out = &tam_cpu_out(plan, step)->layout;
    *out = tam_layout_plain(plan->config.batch, step->node->shape);
    out->dtype = in.dtype;
    step->view = true;
    return TAM_OK;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    tam_layout_copy(plan->ctx, n, &in->layout, in->data, &out->layout, out->data);
}

/* Where the input has other readers, whose gradients came first. */
static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    if (step->wanted[0] && step->dx[0] != out->gradient) {
        tam_layout_copy(plan->ctx, plan->config.batch, &out->layout, out->gradient, &in->gradient_layout, step->dx[0]);
    }
}

const tam_cpu_kind tam_cpu_kind_reshape = {
    .op = "reshape",
    .create = create,
    .forward = forward,
    .backward = backward,
};
