/* Who shares whose memory: values that a step writes over its input, views, and gradients that are passed on. */
#include <limits.h>

#include "backend/cpu/plan/cpu_plan.h"

/* One step reads the value, and nothing else what it is a view of. The net's input is the caller's. */
static bool is_read_once(const tam_plan *plan, int v) {
    const tam_cpu_value *value = &plan->values[v];
    while (value->readers == 1 && value->root != v) {
        v = plan->steps[value->producer].input[0];
        value = &plan->values[v];
    }
    return value->readers == 1 && value->producer >= 0;
}

/* Input k of a sweep is a vector that a term is multiplied by. */
static bool is_factor(const tam_cpu_step *step, int k) {
    return step->terms > 0 && k >= step->terms;
}

/* Forward may write the output over input k: nobody needs the input's memory afterwards. */
static bool may_overwrite(const tam_plan *plan, const tam_cpu_step *step, int k) {
    const tam_cpu_value *in = &plan->values[step->input[k]], *out = &plan->values[step->output];
    const tam_cpu_value *root = &plan->values[in->root];
    bool kept = root->needed || root->dropped || out->dropped;
    return step->kind->in_place && !is_factor(step, k) && !kept && is_read_once(plan, step->input[k]) &&
           tam_layout_same(&in->layout, &out->layout);
}

static void place_output(tam_plan *plan, const tam_cpu_step *step) {
    tam_cpu_value *out = &plan->values[step->output];
    out->buffer = TAM_NONE;
    if (step->view) {
        out->buffer = plan->values[out->root].buffer;
    }
    for (int k = 0; k < step->inputs && out->buffer == TAM_NONE; k++) {
        if (may_overwrite(plan, step, k)) {
            out->buffer = plan->values[step->input[k]].buffer;
        }
    }
    if (out->buffer == TAM_NONE) {
        out->buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&out->layout), step->number, step->number);
    }
    tam_cpu_memory_extend(plan->memory, out->buffer, step->number);
    for (int k = 0; k < step->inputs; k++) {
        tam_cpu_memory_extend(plan->memory, tam_cpu_in(plan, step, k)->buffer, step->number);
    }
}

/* Statistics live from the step that takes them to the last norm that reads them. */
static void place_statistics(tam_plan *plan) {
    for (int s = 0; s < plan->step_count; s++) {
        const tam_cpu_step *step = &plan->steps[s];
        for (int k = 0; k < step->terms; k++) {
            tam_cpu_value *in = tam_cpu_in(plan, step, k);
            if (step->norm[k] == NULL) {
                continue;
            }
            if (in->statistics == TAM_NONE) {
                tam_cpu_cut cut = tam_cpu_cut_of(&in->layout, in->layout.n);
                in->statistics = tam_cpu_memory_ask(plan->memory, tam_cpu_statistics_bytes(&cut), in->statistics_by,
                                                    in->statistics_by);
            }
            tam_cpu_memory_extend(plan->memory, in->statistics, s);
        }
    }
}

static void read_at(tam_plan *plan, tam_cpu_value *root, int time) {
    tam_cpu_memory_extend(plan->memory, root->dropped ? root->again : root->buffer, time);
}

/* How long values live in backward, and where those that are made again come to lie. */
static void extend_values(tam_plan *plan) {
    for (int a = 0; a < plan->action_count; a++) {
        const tam_cpu_action *action = &plan->actions[a];
        tam_cpu_step *step = &plan->steps[action->step];
        int time = plan->step_count + a;
        if (action->again) {
            tam_cpu_value *out = tam_cpu_out(plan, step);
            out->again = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&out->layout), time, time);
        }
        tam_cpu_action_reads(plan, action, time, read_at);
        if (step->own != TAM_NONE) {
            tam_cpu_memory_extend(plan->memory, step->own, time);
        }
    }
}

/* The gradient of a term as it is, without an activation behind it, is the output's as it is. */
static bool may_pass(const tam_cpu_step *step, int k) {
    bool linear = k < step->terms && !tam_cpu_changes_term(step, k) && step->activation == NULL && step->pool == NULL;
    return step->view || linear;
}

/* The first to write a gradient: in the output's memory if it can. *taken: another input has it already. */
static void place_first(tam_plan *plan, tam_cpu_step *step, int k, int time, bool *taken) {
    tam_cpu_value *in = tam_cpu_in(plan, step, k), *out = tam_cpu_out(plan, step);
    bool same = tam_layout_same(&in->gradient_layout, &out->gradient_layout);
    step->dx_buffer[k] = TAM_NONE;
    if (!*taken && may_pass(step, k) && (same || step->view)) {
        step->passed[k] = true;
        in->gradient_buffer = out->gradient_buffer;
        *taken = true;
    } else if (!*taken && step->kind->in_place && !is_factor(step, k) && step->pool == NULL && same) {
        in->gradient_buffer = out->gradient_buffer;
        *taken = true;
    } else {
        in->gradient_buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&in->gradient_layout), time, time);
    }
}

static bool is_repeated(const tam_cpu_step *step, int k) {
    for (int i = 0; i < k; i++) {
        if (step->input[i] == step->input[k]) {
            return true;
        }
    }
    return false;
}

/* The terms that take over the output's memory as it is come before those that write over it. */
static void place_inputs(tam_plan *plan, tam_cpu_step *step, bool passing, bool *taken) {
    int time = step->backward_time;
    for (int k = 0; k < step->inputs; k++) {
        tam_cpu_value *in = tam_cpu_in(plan, step, k);
        bool repeated = is_repeated(step, k);
        if (may_pass(step, k) != passing) {
            continue;
        }
        if (in->last_reader == step->number && !repeated) {
            place_first(plan, step, k, time, taken);
        } else if (step->kind->adds_gradient && step->pool == NULL && !repeated) {
            step->dx_buffer[k] = TAM_NONE;
            step->add[k] = true;
        } else {
            step->dx_buffer[k] = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&in->gradient_layout), time, time);
        }
    }
}

/* Gradients live until the step that made the value has used them. */
static void extend_gradients(tam_plan *plan, const tam_cpu_step *step) {
    for (int k = 0; k < step->inputs; k++) {
        const tam_cpu_value *in = tam_cpu_in(plan, step, k);
        int until = in->producer < 0 ? INT_MAX : plan->steps[in->producer].backward_time;
        tam_cpu_memory_extend(plan->memory, in->gradient_buffer, until);
    }
}

static void place_sums(tam_plan *plan, int v) {
    tam_cpu_value *value = &plan->values[v];
    if (value->sums_by == TAM_NONE) {
        return;
    }
    tam_cpu_cut cut = tam_cpu_cut_of(&value->layout, value->layout.n);
    size_t bytes = (size_t)(cut.tasks * (2 + TAM_SWEEP_TERMS) * cut.period) * sizeof(float);
    value->sums = tam_cpu_memory_ask(plan->memory, bytes, plan->steps[value->sums_by].backward_time,
                                     plan->steps[value->producer].backward_time);
}

static void place_training(tam_plan *plan) {
    tam_cpu_value *last = tam_cpu_out(plan, &plan->steps[plan->step_count - 1]);
    place_statistics(plan);
    extend_values(plan);
    /* The caller's dy is copied in before the last step's backward. */
    last->gradient_buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&last->layout), plan->step_count,
                                               plan->steps[plan->step_count - 1].backward_time);
    for (int s = plan->step_count - 1; s >= 0; s--) {
        bool taken = false;
        place_inputs(plan, &plan->steps[s], true, &taken);
        place_inputs(plan, &plan->steps[s], false, &taken);
        extend_gradients(plan, &plan->steps[s]);
    }
    for (int v = 0; v < plan->value_count; v++) {
        place_sums(plan, v);
    }
}

void tam_cpu_place(tam_plan *plan) {
    tam_cpu_value *first = &plan->values[0], *last = tam_cpu_out(plan, &plan->steps[plan->step_count - 1]);
    first->buffer = tam_cpu_memory_ask(plan->memory, tam_layout_bytes(&first->layout), -1, 0);
    for (int s = 0; s < plan->step_count; s++) {
        place_output(plan, &plan->steps[s]);
    }
    tam_cpu_memory_extend(plan->memory, last->buffer, plan->step_count);
    if (plan->config.training) {
        place_training(plan);
    }
}
