/* Who shares whose memory: values that a step writes over its input, views, and gradients that are passed on. */
#include "backend/cpu/cpu_plan.h"

/* Forward may write the output over input k: nobody needs the input's memory afterwards. */
static bool may_overwrite(const tam_plan *plan, const tam_cpu_step *step, int k) {
    const tam_cpu_value *in = &plan->values[step->input[k]], *out = &plan->values[step->output];
    bool needed = plan->config.training && step->kind->reads_x;
    return step->kind->in_place && in->readers == 1 && !in->kept && !needed &&
           tam_layout_same(&in->layout, &out->layout);
}

static void place_output(tam_plan *plan, const tam_cpu_step *step) {
    tam_cpu_value *out = &plan->values[step->output];
    out->kept = plan->config.training && step->kind->reads_y;
    if (step->view) {
        const tam_cpu_value *in = &plan->values[step->input[0]];
        out->buffer = in->buffer;
        out->kept = in->kept || in->readers > 1;
        return;
    }
    for (int k = 0; k < step->inputs; k++) {
        if (may_overwrite(plan, step, k)) {
            out->buffer = plan->values[step->input[k]].buffer;
            return;
        }
    }
    int time = tam_cpu_forward_time(step);
    out->buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&out->layout), time, time);
}

/* How long the values of a step live. */
static void extend_values(tam_plan *plan, const tam_cpu_step *step) {
    int forward = tam_cpu_forward_time(step), backward = tam_cpu_backward_time(plan, step);
    bool training = plan->config.training;
    for (int k = 0; k < step->inputs; k++) {
        int buffer = plan->values[step->input[k]].buffer;
        tam_cpu_memory_extend(plan->memory, buffer, forward);
        if (training && step->kind->reads_x) {
            tam_cpu_memory_extend(plan->memory, buffer, backward);
        }
    }
    int buffer = plan->values[step->output].buffer;
    tam_cpu_memory_extend(plan->memory, buffer, forward);
    if (training && step->kind->reads_y) {
        tam_cpu_memory_extend(plan->memory, buffer, backward);
    }
}

/* The gradient of an input that one step alone reads may be the output's gradient itself. */
static bool place_with_output(tam_plan *plan, const tam_cpu_step *step, tam_cpu_value *in, int passed) {
    const tam_cpu_value *out = &plan->values[step->output];
    bool passes = step->view || step->kind->passes_gradient;
    bool written =
        step->kind->in_place && !out->gradient_shared && tam_layout_same(&in->gradient_layout, &out->gradient_layout);
    if (in->readers != 1 || (!passes && !written)) {
        return false;
    }
    in->gradient_buffer = out->gradient_buffer;
    in->gradient_shared = out->gradient_shared || (passes && passed > 1);
    return true;
}

/* The inputs to which a step can pass its output's gradient as it is. */
static int passed_inputs(const tam_plan *plan, const tam_cpu_step *step) {
    int passed = 0;
    for (int k = 0; k < step->inputs; k++) {
        passed += plan->values[step->input[k]].readers == 1;
    }
    return passed;
}

/* In the order of backward: the last reader of a value writes its gradient, the others add to it. */
static void place_gradients(tam_plan *plan, tam_cpu_step *step) {
    int time = tam_cpu_backward_time(plan, step);
    int passed = passed_inputs(plan, step);
    for (int k = 0; k < step->inputs; k++) {
        tam_cpu_value *in = &plan->values[step->input[k]];
        size_t bytes = tam_layout_bytes(&in->gradient_layout);
        bool repeated = k > 0 && step->input[k] == step->input[0];
        if (in->last_reader != step->number || repeated) {
            step->dx_buffer[k] = tam_cpu_memory_ask(plan->memory, bytes, time, time);
            continue;
        }
        step->dx_buffer[k] = -1;
        if (!place_with_output(plan, step, in, passed)) {
            in->gradient_buffer = tam_cpu_memory_ask(plan->memory, bytes, time, time);
        }
        int until = in->producer < 0 ? 2 * plan->step_limit : tam_cpu_backward_time(plan, &plan->steps[in->producer]);
        tam_cpu_memory_extend(plan->memory, in->gradient_buffer, until);
    }
}

void tam_cpu_place(tam_plan *plan) {
    tam_cpu_value *first = &plan->values[0], *last = &plan->values[plan->steps[plan->step_count - 1].output];
    first->buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&first->layout), -1, 0);
    for (int s = 0; s < plan->step_count; s++) {
        place_output(plan, &plan->steps[s]);
        extend_values(plan, &plan->steps[s]);
    }
    tam_cpu_memory_extend(plan->memory, last->buffer, plan->step_count);
    if (!plan->config.training) {
        return;
    }
    /* The caller's dy is copied in before the last step's backward. */
    int start = tam_cpu_backward_time(plan, &plan->steps[plan->step_count - 1]);
    last->gradient_buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&last->layout), start - 1, start);
    for (int s = plan->step_count - 1; s >= 0; s--) {
        place_gradients(plan, &plan->steps[s]);
    }
}
