#include "backend/cpu/cpu_plan.h"

#include <string.h>

#include "backend/plan_check.h"
#include "base/memory.h"
#include "base/team.h"

/* The buffers that a step may ask for: value, gradient, dx of each input, its own, packed weights. */
enum { STEP_BUFFERS = 4 + TAM_NODE_INPUTS, SHARED_BUFFERS = 4 };

const tam_cpu_kind *tam_cpu_kind_find(const char *op) {
    static const tam_cpu_kind *const kinds[] = {
#define X(op) &tam_cpu_kind_##op,
#include "backend/cpu/cpu_steps.def"
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
    int first = always ? -1 : tam_cpu_forward_time(step);
    int last = always                  ? 2 * plan->step_limit
               : plan->config.training ? tam_cpu_backward_time(plan, step)
                                       : tam_cpu_forward_time(step);
    return tam_cpu_memory_ask(plan->memory, bytes, first, last);
}

void tam_cpu_ask_scratch(tam_plan *plan, size_t bytes) {
    plan->scratch_bytes = bytes > plan->scratch_bytes ? bytes : plan->scratch_bytes;
}

/* Numbers the step and lets it choose; a change of layout that it asks for comes to stand before it. */
static tam_status create_step(tam_plan *plan, tam_cpu_step *step) {
    bool trained = false;
    step->number = plan->step_count;
    step->output = plan->value_count++;
    TAM_TRY(step->kind->create(plan, step));
    tam_cpu_value *out = &plan->values[step->output];
    for (int k = 0; k < step->inputs; k++) {
        tam_cpu_value *in = &plan->values[step->input[k]];
        in->readers++;
        in->last_reader = step->number;
        trained = trained || in->trained;
    }
    for (int p = 0; step->node != NULL && p < step->node->parameter_count; p++) {
        trained = trained || tam_graph_parameter_at(plan->graph, step->node->first_parameter + p)->trained;
    }
    out->gradient_layout = out->layout;
    out->producer = step->number;
    out->trained = trained || step->activation != NULL;
    plan->steps[plan->step_count++] = *step;
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

/* The node that alone reads `node`, if it has no other input. */
static const tam_node *sole_reader(const tam_graph *graph, const tam_node *node) {
    if (tam_graph_readers(graph, node->id) != 1) {
        return NULL;
    }
    for (int i = node->id + 1; i < tam_graph_node_count(graph); i++) {
        const tam_node *reader = tam_graph_node(graph, i);
        if (reader->op->inputs == 1 && reader->input[0] == node->id) {
            return reader;
        }
    }
    return NULL;
}

static bool is_op(const tam_node *node, const char *op) {
    return node != NULL && strcmp(node->op->name, op) == 0;
}

/* Windows side by side, without padding. */
static bool is_plain_pool(const tam_node *node) {
    return is_op(node, "max_pool") && node->key[TAM_POOL_KERNEL] > 1 && node->key[TAM_POOL_PAD] == 0 &&
           node->key[TAM_POOL_STRIDE] == node->key[TAM_POOL_KERNEL];
}

/* What a batch norm does along with itself; returns the node whose output the step's is. */
static const tam_node *join_readers(const tam_graph *graph, const tam_node *node, tam_cpu_step *step) {
    if (!is_op(node, "batch_norm")) {
        return node;
    }
    const tam_node *last = node, *reader = sole_reader(graph, node);
    if (is_op(reader, "relu") || is_op(reader, "prelu")) {
        step->activation = last = reader;
        reader = sole_reader(graph, reader);
    }
    if (is_plain_pool(reader)) {
        step->pool = last = reader;
    }
    return last;
}

static tam_status create_steps(tam_plan *plan) {
    const tam_graph *graph = plan->graph;
    tam_layout layout = tam_layout_plain(plan->config.batch, tam_graph_node(graph, 0)->shape);
    plan->values[0] = (tam_cpu_value){.layout = layout, .gradient_layout = layout, .producer = -1};
    plan->value_count = 1;
    for (int i = 1; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        if (plan->value_of[i] > 0) {
            continue; /* part of an earlier step */
        }
        tam_cpu_step step = {
            .kind = tam_cpu_kind_find(node->op->name),
            .node = node,
            .inputs = node->op->inputs,
        };
        if (step.kind == NULL) {
            return tam_fail(plan->ctx, TAM_CONFIG, "%s: the cpu backend has no %s", node->name, node->op->name);
        }
        for (int k = 0; k < step.inputs; k++) {
            step.input[k] = plan->value_of[node->input[k]];
        }
        int last = join_readers(graph, node, &step)->id;
        TAM_TRY(create_step(plan, &step));
        for (const tam_node *joined = node; joined->id != last; joined = sole_reader(graph, joined)) {
            plan->value_of[joined->id] = step.output; /* marks it as done; nobody outside the step reads it */
        }
        plan->value_of[last] = step.output;
    }
    return TAM_OK;
}

static tam_status take_tables(tam_plan *plan) {
    int nodes = tam_graph_node_count(plan->graph);
    /* Every input of a node may need a change of layout. */
    plan->step_limit = nodes * (1 + TAM_NODE_INPUTS);
    plan->values = tam_allocate(plan->ctx, (size_t)plan->step_limit + 1, sizeof *plan->values, "a plan's values");
    plan->steps = tam_allocate(plan->ctx, (size_t)plan->step_limit, sizeof *plan->steps, "a plan's steps");
    plan->value_of = tam_allocate(plan->ctx, (size_t)nodes, sizeof *plan->value_of, "a plan's nodes");
    if (plan->values == NULL || plan->steps == NULL || plan->value_of == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_cpu_memory_create(plan->ctx, plan->step_limit * STEP_BUFFERS + SHARED_BUFFERS, &plan->memory));
    return tam_dnnl_create(plan->ctx, &plan->dnnl);
}

static tam_status bind(tam_plan *plan) {
    for (int v = 0; v < plan->value_count; v++) {
        tam_cpu_value *value = &plan->values[v];
        value->data = tam_cpu_memory_at(plan->memory, value->buffer);
        value->gradient = plan->config.training ? tam_cpu_memory_at(plan->memory, value->gradient_buffer) : NULL;
    }
    for (int s = 0; s < plan->step_count; s++) {
        tam_cpu_step *step = &plan->steps[s];
        for (int k = 0; plan->config.training && k < step->inputs; k++) {
            step->dx[k] = step->dx_buffer[k] < 0 ? plan->values[step->input[k]].gradient
                                                 : tam_cpu_memory_at(plan->memory, step->dx_buffer[k]);
        }
        if (step->kind->bind != NULL) {
            TAM_TRY(step->kind->bind(plan, step));
        }
    }
    return TAM_OK;
}

static tam_status build(tam_plan *plan) {
    TAM_TRY(take_tables(plan));
    TAM_TRY(create_steps(plan));
    tam_cpu_place(plan);
    plan->scratch = tam_cpu_memory_ask(plan->memory, plan->scratch_bytes, -1, 2 * plan->step_limit);
    plan->packed = tam_cpu_memory_ask(plan->memory, plan->packed_bytes, -1, 2 * plan->step_limit);
    TAM_TRY(tam_cpu_memory_settle(plan->memory));
    return bind(plan);
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
    }
    tam_dnnl_free(plan->dnnl);
    tam_cpu_memory_free(plan->memory);
    tam_release(plan->ctx, plan->value_of);
    tam_release(plan->ctx, plan->steps);
    tam_release(plan->ctx, plan->values);
    tam_release(plan->ctx, plan);
}

size_t tam_cpu_plan_bytes(const tam_plan *plan) {
    return tam_cpu_memory_bytes(plan->memory);
}
