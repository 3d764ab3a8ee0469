#include "backend/cpu/plan/cpu_plan.h"

#include <limits.h>
#include <string.h>

#include "backend/plan_check.h"
#include "base/memory.h"
#include "base/team.h"

/* The buffers that a step may ask for beside one for dx of each input after the first: value, made again, gradient,
 * statistics, sums, dx, its own, packed weights, and those on their way. */
enum { STEP_BUFFERS = 10, SHARED_BUFFERS = 4 };

const tam_cpu_kind *tam_cpu_kind_find(const char *op) {
    static const tam_cpu_kind *const kinds[] = {
#define X(op) &tam_cpu_kind_##op,
#include "backend/cpu/op/cpu_steps.def"
#undef X
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i]->op, op) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

int tam_cpu_ask(tam_plan *plan, const tam_cpu_step *step, size_t bytes, bool always) {
    return always ? tam_cpu_memory_ask(plan->memory, bytes, -1, INT_MAX)
                  : tam_cpu_memory_ask(plan->memory, bytes, step->number, step->number);
}

void tam_cpu_ask_scratch(tam_plan *plan, size_t bytes) {
    plan->scratch_bytes = bytes > plan->scratch_bytes ? bytes : plan->scratch_bytes;
}

static void note_reader(tam_cpu_value *value, int step) {
    value->first_reader = value->readers == 0 ? step : value->first_reader;
    value->last_reader = step;
    value->readers++;
}

static bool is_trained(const tam_plan *plan, const tam_node *node) {
    for (int p = 0; node != NULL && p < node->parameter_count; p++) {
        if (tam_graph_parameter_at(plan->graph, node->first_parameter + p)->trained) {
            return true;
        }
    }
    return false;
}

/* Numbers the step and lets it choose; a change of layout that it asks for comes to stand before it. */
static tam_status create_step(tam_plan *plan, tam_cpu_step *step) {
    step->number = plan->step_count;
    step->output = plan->value_count++;
    step->packed = step->folded = step->own = TAM_NONE;
    tam_status status = step->kind->create(plan, step);
    plan->steps[plan->step_count] = *step; /* with what it holds, for whoever frees the plan */
    plan->step_count++;
    TAM_TRY(status);
    tam_cpu_value *out = &plan->values[step->output];
    bool trained = is_trained(plan, step->node) || is_trained(plan, step->activation);
    for (int k = 0; k < step->inputs; k++) {
        tam_cpu_value *in = &plan->values[step->input[k]];
        note_reader(in, step->number);
        trained = trained || in->trained || (k < step->terms && is_trained(plan, step->norm[k]));
    }
    out->gradient_layout = out->layout;
    out->producer = step->number;
    out->root = step->view ? plan->values[step->input[0]].root : step->output;
    out->trained = trained;
    out->statistics = out->sums = out->again = TAM_NONE;
    out->statistics_by = out->sums_by = TAM_NONE;
    return TAM_OK;
}

tam_status tam_cpu_convert(tam_plan *plan, tam_cpu_step *step, int k, const tam_layout *layout) {
    if (tam_layout_same(&plan->values[step->input[k]].layout, layout)) {
        return TAM_OK;
    }
    tam_cpu_step change = {
        .kind = tam_cpu_kind_find("reorder"),
        .inputs = 1,
        .input = {step->input[k]},
    };
    plan->values[plan->value_count].layout = *layout;
    TAM_TRY(create_step(plan, &change));
    step->input[k] = change.output;
    step->number = plan->step_count;
    return TAM_OK;
}

/* The caller's vectors are f32 in plain order. */
static tam_status finish_steps(tam_plan *plan) {
    int last = plan->steps[plan->step_count - 1].output;
    tam_layout layout = plan->values[last].layout;
    tam_cpu_step end = {.inputs = 1, .input = {last}, .kind = tam_cpu_kind_find("reorder")};
    if (layout.dtype == TAM_F32 && layout.lanes == layout.c) {
        return TAM_OK;
    }
    layout.dtype = TAM_F32;
    layout.lanes = layout.c;
    plan->values[plan->value_count].layout = layout;
    return create_step(plan, &end);
}

static tam_status create_steps(tam_plan *plan) {
    const tam_graph *graph = plan->graph;
    tam_layout layout = tam_layout_plain(plan->config.batch, tam_graph_node(graph, 0)->shape);
    plan->values[0] = (tam_cpu_value){.layout = layout,
                                      .gradient_layout = layout,
                                      .producer = TAM_NONE,
                                      .statistics = TAM_NONE,
                                      .statistics_by = TAM_NONE,
                                      .sums = TAM_NONE,
                                      .sums_by = TAM_NONE,
                                      .again = TAM_NONE};
    plan->value_count = 1;
    for (int i = 1; i < tam_graph_node_count(graph); i++) {
        tam_cpu_step step;
        int last;
        if (plan->value_of[i] > 0 || !tam_cpu_join(plan, i, &step, &last)) {
            continue; /* part of another step */
        }
        if (step.kind == NULL) {
            const tam_node *node = tam_graph_node(graph, i);
            return tam_fail(plan->ctx, TAM_CONFIG, "%s: the cpu backend has no %s", node->name, node->op->name);
        }
        TAM_TRY(create_step(plan, &step));
        plan->value_of[i] = step.output;
        for (int at = i; at != last; plan->value_of[at] = step.output) {
            at = tam_cpu_sole_reader(graph, tam_graph_node(graph, at))->id;
        }
    }
    return finish_steps(plan);
}

static tam_status take_tables(tam_plan *plan) {
    int nodes = tam_graph_node_count(plan->graph);
    plan->value_of = tam_allocate(plan->ctx, (size_t)nodes, sizeof *plan->value_of, "a plan's nodes");
    plan->chains = tam_allocate(plan->ctx, (size_t)nodes, sizeof *plan->chains, "a plan's nodes");
    if (plan->value_of == NULL || plan->chains == NULL) {
        return TAM_RESOURCES;
    }
    int inputs = tam_cpu_channels_plan(plan);
    /* Every input of a node may need a change of layout, and so may the last output. */
    plan->step_limit = nodes + inputs + 1;
    size_t steps = (size_t)plan->step_limit;
    plan->values = tam_allocate(plan->ctx, steps + 1, sizeof *plan->values, "a plan's values");
    plan->steps = tam_allocate(plan->ctx, steps, sizeof *plan->steps, "a plan's steps");
    plan->actions = tam_allocate(plan->ctx, 2 * steps, sizeof *plan->actions, "a plan's actions");
    if (plan->values == NULL || plan->steps == NULL || plan->actions == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_cpu_memory_create(plan->ctx, plan->step_limit * STEP_BUFFERS + inputs + SHARED_BUFFERS, &plan->memory));
    return tam_dnnl_create(plan->ctx, &plan->dnnl);
}

static void bind(tam_plan *plan) {
    for (int v = 0; v < plan->value_count; v++) {
        tam_cpu_value *value = &plan->values[v];
        value->data = tam_cpu_memory_at(plan->memory, value->buffer);
        value->gradient = plan->config.training ? tam_cpu_memory_at(plan->memory, value->gradient_buffer) : NULL;
    }
    for (int s = 0; plan->config.training && s < plan->step_count; s++) {
        tam_cpu_step *step = &plan->steps[s];
        for (int k = 0; k < step->inputs; k++) {
            step->dx[k] = step->dx_buffer[k] < 0 ? plan->values[step->input[k]].gradient
                                                 : tam_cpu_memory_at(plan->memory, step->dx_buffer[k]);
        }
    }
}

static tam_status build(tam_plan *plan) {
    TAM_TRY(take_tables(plan));
    TAM_TRY(create_steps(plan));
    tam_cpu_schedule(plan);
    tam_cpu_place(plan);
    plan->scratch = tam_cpu_memory_ask(plan->memory, plan->scratch_bytes, -1, INT_MAX);
    plan->packed = tam_cpu_memory_ask(plan->memory, plan->packed_bytes, -1, INT_MAX);
    TAM_TRY(tam_cpu_memory_settle(plan->memory));
    bind(plan);
    return TAM_OK;
}

tam_status tam_cpu_plan_create(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                               const tam_plan_config *config, tam_plan **out) {
    *out = NULL;
    TAM_TRY(tam_plan_check(ctx, graph, config));
    tam_plan *plan = tam_allocate(ctx, 1, sizeof *plan, "a plan");
    if (plan == NULL) {
        return TAM_RESOURCES;
    }
    plan->ctx = ctx;
    plan->graph = graph;
    plan->parameters = parameters;
    plan->config = *config;
    if (config->dtype == TAM_BF16 && !tam_layer_has_bf16()) {
        plan->config.dtype = TAM_F32;
    }
    plan->kernels = tam_cpu_sweep_kernels();
    tam_team_enter(ctx); /* oneDNN cuts its work when a primitive is made */
    tam_status status = build(plan);
    if (status != TAM_OK) {
        tam_cpu_plan_free(plan);
        return status;
    }
    *out = plan;
    return TAM_OK;
}

void tam_cpu_plan_free(tam_plan *plan) {
    if (plan == NULL) {
        return;
    }
    for (int s = 0; s < plan->step_count; s++) {
        tam_layer_free(plan->steps[s].layer);
        tam_cpu_channels_free(plan->ctx, plan->steps[s].channels);
    }
    tam_dnnl_free(plan->dnnl);
    tam_cpu_memory_free(plan->memory);
    tam_release(plan->ctx, plan->chains);
    tam_release(plan->ctx, plan->value_of);
    tam_release(plan->ctx, plan->actions);
    tam_release(plan->ctx, plan->steps);
    tam_release(plan->ctx, plan->values);
    tam_release(plan->ctx, plan);
}

size_t tam_cpu_plan_bytes(const tam_plan *plan) {
    return tam_cpu_memory_bytes(plan->memory);
}

tam_dtype tam_cpu_plan_dtype(const tam_plan *plan) {
    return plan->config.dtype;
}
