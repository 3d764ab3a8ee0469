/* What each part of a step costs: its time, and the arithmetic and memory traffic that it cannot do without. Numbers
 * that stay in the cache from one sweep to the next (statistics behind a sweep) are not traffic. */
#include "backend/cpu/sweep/cpu_activation.h"
#include "backend/cpu/sweep/cpu_sweep_factor.h"

static double map_bytes(const tam_plan *plan, int value) {
    return (double)tam_layout_bytes(&plan->values[value].layout);
}

/* Bytes of the inputs that backward of a sweep reads. */
static double needed_bytes(const tam_plan *plan, const tam_cpu_step *step) {
    double bytes = 0;
    for (int k = 0; k < step->inputs; k++) {
        bytes += step->kind->needs(plan, step, k) ? map_bytes(plan, step->input[k]) : 0;
    }
    return bytes;
}

static double all_inputs(const tam_plan *plan, const tam_cpu_step *step) {
    double bytes = 0;
    for (int k = 0; k < step->inputs; k++) {
        bytes += map_bytes(plan, step->input[k]);
    }
    return bytes;
}

static double sweep_forward(const tam_plan *plan, const tam_cpu_step *step, bool again) {
    double bytes = all_inputs(plan, step) + map_bytes(plan, step->output);
    for (int k = 0; k < step->terms && !again; k++) {
        bool taken = step->norm[k] != NULL && plan->values[step->input[k]].statistics_by == step->number;
        bytes += taken ? map_bytes(plan, step->input[k]) : 0;
    }
    return bytes;
}

static double sweep_backward(const tam_plan *plan, const tam_cpu_step *step) {
    const tam_cpu_value *out = &plan->values[step->output];
    double read = needed_bytes(plan, step) + map_bytes(plan, step->output), bytes = 0;
    bool writes = false;
    bytes += out->sums_by == step->number && !tam_sweep_sums_together(step) ? read : 0;
    for (int k = 0; k < step->inputs; k++) {
        const tam_cpu_value *in = &plan->values[step->input[k]];
        if (step->wanted[k] && !step->passed[k]) {
            writes = true;
            bytes += map_bytes(plan, step->input[k]) * (step->add[k] ? 2 : 1);
        }
        if (in->sums_by == step->number) {
            bytes += needed_bytes(plan, &plan->steps[in->producer]);
        }
    }
    return bytes + (writes ? read : 0);
}

/* Of a step that is neither a layer nor a sweep. */
static double other_backward(const tam_plan *plan, const tam_cpu_step *step) {
    double bytes = map_bytes(plan, step->output);
    for (int k = 0; k < step->inputs; k++) {
        bool needed = step->kind->needs != NULL && step->kind->needs(plan, step, k);
        bytes += needed ? map_bytes(plan, step->input[k]) : 0;
        bytes += step->wanted[k] ? map_bytes(plan, step->input[k]) * (step->add[k] ? 2 : 1) : 0;
    }
    return bytes;
}

/* Gradients are f32, and so are weights that a layer reads as they are. */
static double weight_bytes(const tam_plan *plan, const tam_cpu_step *step, tam_cpu_part part) {
    const tam_parameter *weight = tam_graph_parameter_at(plan->graph, step->node->first_parameter);
    bool as_they_are = part == TAM_CPU_BACKWARD_WEIGHTS || step->layer->packed_bytes == 0;
    return (double)weight->count * (double)tam_dtype_bytes(as_they_are ? TAM_F32 : step->layer->shape.dtype);
}

static double part_bytes(const tam_plan *plan, const tam_cpu_step *step, tam_cpu_part part) {
    if (step->layer != NULL) {
        return all_inputs(plan, step) + map_bytes(plan, step->output) + weight_bytes(plan, step, part);
    }
    if (step->channels != NULL) {
        return tam_cpu_channels_bytes(plan, step, part == TAM_CPU_BACKWARD);
    }
    if (step->kind->sweeps) {
        return part == TAM_CPU_BACKWARD ? sweep_backward(plan, step) : sweep_forward(plan, step, part == TAM_CPU_AGAIN);
    }
    return part == TAM_CPU_BACKWARD ? other_backward(plan, step)
                                    : all_inputs(plan, step) + map_bytes(plan, step->output);
}

/* Multiply-adds of a layer's part, or of products without weights, whose backward has one for each factor. */
static double part_flops(const tam_plan *plan, const tam_cpu_step *step, tam_cpu_part part) {
    if (step->node == NULL || step->kind->sweeps) {
        return 0;
    }
    double macs = (double)tam_node_macs(plan->graph, step->node->id) * plan->config.batch;
    return (step->layer == NULL && part == TAM_CPU_BACKWARD ? 4.0 : 2.0) * macs;
}

/* "norm + add + act + pool", as far as it goes. */
static const char *sweep_name(const tam_cpu_step *step) {
    static const char *const names[] = {
        "copy",
        "norm",
        "add",
        "norm, add",
        "act",
        "norm, act",
        "add, act",
        "norm, add, act",
        "copy, pool",
        "norm, pool",
        "add, pool",
        "norm, add, pool",
        "act, pool",
        "norm, act, pool",
        "add, act, pool",
        "norm, add, act, pool",
    };
    bool norm = step->norm[0] != NULL || step->norm[1] != NULL;
    return names[(norm ? 1 : 0) + (step->inputs > 1 ? 2 : 0) + (step->activation != NULL ? 4 : 0) +
                 (step->pool != NULL ? 8 : 0)];
}

static const char *algorithm_of(const tam_cpu_step *step, tam_cpu_part part) {
    if (step->layer != NULL) {
        return step->layer->algorithm[part == TAM_CPU_BACKWARD_DATA ? 1 : part == TAM_CPU_BACKWARD_WEIGHTS ? 2 : 0];
    }
    return step->kind->sweeps ? sweep_name(step) : step->kind->op;
}

static tam_plan_cost cost_of(const tam_plan *plan, const tam_cpu_step *step, tam_cpu_part part) {
    static const char *const parts[TAM_CPU_PARTS] = {
        [TAM_CPU_FORWARD] = "forward",
        [TAM_CPU_AGAIN] = "again",
        [TAM_CPU_BACKWARD] = "backward",
        [TAM_CPU_BACKWARD_DATA] = "backward data",
        [TAM_CPU_BACKWARD_WEIGHTS] = "backward weights",
    };
    const tam_node *node = step->node;
    return (tam_plan_cost){
        .node = node != NULL ? node->name : "layout",
        .part = parts[part],
        .algorithm = algorithm_of(step, part),
        .seconds = step->seconds[part],
        .flops = part_flops(plan, step, part),
        .bytes = part_bytes(plan, step, part),
    };
}

/* The parts of an action or of forward's step `s`; -1 ends the list. */
static void parts_of(const tam_cpu_step *step, bool forward, bool again, int parts[3]) {
    int count = 0;
    if (forward) {
        parts[count++] = TAM_CPU_FORWARD;
    } else if (again) {
        parts[count++] = TAM_CPU_AGAIN;
    } else if (step->layer != NULL) {
        parts[count++] = TAM_CPU_BACKWARD_WEIGHTS;
        if (step->wanted[0]) {
            parts[count++] = TAM_CPU_BACKWARD_DATA;
        }
    } else {
        parts[count++] = TAM_CPU_BACKWARD;
    }
    parts[count] = -1;
}

bool tam_cpu_plan_cost(const tam_plan *plan, int index, tam_plan_cost *cost) {
    int total = plan->step_count + plan->action_count;
    for (int at = 0; at < total; at++) {
        const tam_cpu_action action =
            at < plan->step_count ? (tam_cpu_action){.step = at} : plan->actions[at - plan->step_count];
        const tam_cpu_step *step = &plan->steps[action.step];
        int parts[3];
        if (step->view) {
            continue;
        }
        parts_of(step, at < plan->step_count, action.again, parts);
        for (int i = 0; parts[i] >= 0; i++) {
            if (index-- == 0) {
                *cost = cost_of(plan, step, (tam_cpu_part)parts[i]);
                return true;
            }
        }
    }
    return false;
}
