/* What is kept from forward for backward, what is made again, and in which order backward runs. */
#include "backend/cpu/plan/cpu_plan.h"

bool tam_cpu_needs_input(const tam_plan *plan, const tam_cpu_step *step, int k) {
    (void)plan;
    (void)step;
    (void)k;
    return true;
}

static bool needs(const tam_plan *plan, const tam_cpu_step *step, int k) {
    return step->kind->needs != NULL && step->kind->needs(plan, step, k);
}

static bool is_sweep(const tam_cpu_step *step) {
    return step->kind->sweeps;
}

static bool has_factors(const tam_cpu_step *step) {
    return step->factor[0] > 0 || step->factor[1] > 0;
}

/* It has parameters or factors whose gradients are sums over its output's gradient. */
static bool has_sums(const tam_cpu_step *step) {
    return has_factors(step) || step->norm[0] != NULL || step->norm[1] != NULL ||
           (step->activation != NULL && step->activation->parameter_count > 0);
}

/* Statistics of a value are taken by the sweep that makes it, piece by piece while it is in the cache, or else by the
 * first norm that reads it. */
static void assign_statistics(tam_plan *plan) {
    for (int s = 0; s < plan->step_count; s++) {
        const tam_cpu_step *step = &plan->steps[s];
        for (int k = 0; k < step->terms; k++) {
            tam_cpu_value *in = tam_cpu_in(plan, step, k);
            if (step->norm[k] == NULL || in->statistics_by != TAM_NONE) {
                continue;
            }
            const tam_cpu_step *producer = in->producer < 0 ? NULL : &plan->steps[in->producer];
            in->statistics_by = producer != NULL && is_sweep(producer) && producer->pool == NULL ? in->producer : s;
        }
    }
}

/* So are the sums of its gradient: by the sweep that completes the gradient, or else by the one that made the value. */
static void assign_sums(tam_plan *plan) {
    for (int s = 0; s < plan->step_count; s++) {
        const tam_cpu_step *producer = &plan->steps[s];
        tam_cpu_value *out = tam_cpu_out(plan, producer);
        if (!is_sweep(producer) || !has_sums(producer)) {
            continue;
        }
        out->sums_by = s;
        if (out->readers == 0 || has_factors(producer)) {
            continue;
        }
        const tam_cpu_step *last = &plan->steps[out->first_reader];
        bool repeated = last->terms > 1 && last->input[0] == last->input[1];
        bool writes = is_sweep(last) && last->pool == NULL && !repeated;
        for (int k = 0; k < last->terms && writes; k++) {
            if (last->input[k] == producer->output && (tam_cpu_changes_term(last, k) || last->activation != NULL)) {
                out->sums_by = last->number;
            }
        }
    }
}

/* Values that alone cross from the steps up to their producer to the later ones. */
static bool is_crossing(const tam_plan *plan, int v) {
    int producer = plan->values[v].producer;
    for (int u = 0; u < plan->value_count; u++) {
        const tam_cpu_value *other = &plan->values[u];
        bool other_memory = other->root != plan->values[v].root;
        if (other_memory && other->producer <= producer && other->readers > 0 && other->last_reader > producer) {
            return false;
        }
    }
    return true;
}

static void choose_dropped(tam_plan *plan) {
    for (int v = 1; v < plan->value_count; v++) {
        tam_cpu_value *value = &plan->values[v];
        const tam_cpu_step *producer = &plan->steps[value->producer];
        bool sweep = is_sweep(producer) && producer->terms == 1 && producer->pool == NULL;
        bool simple = sweep || producer->kind->made_again;
        bool last = v == plan->steps[plan->step_count - 1].output;
        bool inside = plan->config.recompute == TAM_RECOMPUTE_UNITS && !is_crossing(plan, v);
        value->dropped =
            !last && value->root == v && plan->config.recompute != TAM_RECOMPUTE_NONE && (simple || inside);
    }
}

/* Makes sure that a value is there before the next action. */
static void provide(tam_plan *plan, int value) {
    tam_cpu_value *root = &plan->values[plan->values[value].root];
    root->needed = true;
    if (!root->dropped || root->present) {
        return;
    }
    const tam_cpu_step *producer = &plan->steps[root->producer];
    for (int k = 0; k < producer->inputs; k++) {
        provide(plan, producer->input[k]);
    }
    plan->actions[plan->action_count++] = (tam_cpu_action){.step = producer->number, .again = true};
    root->present = true;
}

static void provide_inputs(tam_plan *plan, const tam_cpu_step *step) {
    for (int k = 0; k < step->inputs; k++) {
        if (needs(plan, step, k)) {
            provide(plan, step->input[k]);
        }
    }
}

static void schedule_backward(tam_plan *plan) {
    for (int s = plan->step_count - 1; s >= 0; s--) {
        tam_cpu_step *step = &plan->steps[s];
        provide_inputs(plan, step);
        for (int v = 0; v < plan->value_count; v++) {
            if (plan->values[v].sums_by == s && plan->values[v].producer != s) {
                provide_inputs(plan, &plan->steps[plan->values[v].producer]);
            }
        }
        step->backward_time = plan->step_count + plan->action_count;
        plan->actions[plan->action_count++] = (tam_cpu_action){.step = s};
    }
}

void tam_cpu_schedule(tam_plan *plan) {
    if (!plan->config.training) {
        return;
    }
    assign_statistics(plan);
    assign_sums(plan);
    choose_dropped(plan);
    schedule_backward(plan);
    for (int v = 1; v < plan->value_count; v++) {
        plan->values[v].dropped = plan->values[v].dropped && plan->values[v].needed;
    }
}

static void read_needed(tam_plan *plan, const tam_cpu_step *step, int time,
                        void (*read)(tam_plan *plan, tam_cpu_value *root, int time)) {
    for (int k = 0; k < step->inputs; k++) {
        if (needs(plan, step, k)) {
            read(plan, &plan->values[tam_cpu_in(plan, step, k)->root], time);
        }
    }
}

void tam_cpu_action_reads(tam_plan *plan, const tam_cpu_action *action, int time,
                          void (*read)(tam_plan *plan, tam_cpu_value *root, int time)) {
    const tam_cpu_step *step = &plan->steps[action->step];
    if (action->again) {
        for (int k = 0; k < step->inputs; k++) {
            read(plan, &plan->values[tam_cpu_in(plan, step, k)->root], time);
        }
        return;
    }
    read_needed(plan, step, time, read);
    for (int v = 0; v < plan->value_count; v++) {
        const tam_cpu_value *value = &plan->values[v];
        if (value->sums_by == step->number && value->producer != step->number) {
            read_needed(plan, &plan->steps[value->producer], time, read);
        }
    }
}
