/* A plan of the reference keeps every activation and every gradient: nothing is reused, so nothing can be overwritten
 * too early. */
#include <string.h>

#include "backend/parameters.h"
#include "backend/plan_check.h"
#include "backend/ref/ref.h"
#include "base/memory.h"

struct tam_plan {
    tam_ctx *ctx;
    const tam_graph *graph;
    tam_parameters *parameters;
    tam_plan_config config;
    tam_arena *arena;
    size_t bytes;
    tam_ref_node *nodes; /* one a node of the graph, without n and step */
    float **dy;          /* gradient of each node's output; NULL in inference */
    bool ran;            /* a forward has left what backward needs */
};

static void *take(tam_plan *plan, size_t count, size_t size) {
    void *piece = tam_arena_take(plan->arena, count, size);
    plan->bytes += piece != NULL ? count * size : 0;
    return piece;
}

static size_t output_values(const tam_plan *plan, int id) {
    return (size_t)(tam_shape_count(tam_graph_node(plan->graph, id)->shape) * plan->config.batch);
}

static tam_status prepare_node(tam_plan *plan, int id) {
    const tam_node *node = tam_graph_node(plan->graph, id);
    const tam_ref_op *op = tam_ref_op_of(node->op);
    tam_ref_node *at = &plan->nodes[id];
    *at =
        (tam_ref_node){.node = node, .training = plan->config.training, .seed = plan->config.seed, .out = node->shape};
    at->y = take(plan, output_values(plan, id), sizeof(float));
    plan->dy[id] = plan->config.training ? take(plan, output_values(plan, id), sizeof(float)) : NULL;
    at->dy = plan->dy[id];
    if (at->y == NULL || (plan->config.training && at->dy == NULL)) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < node->inputs; i++) {
        at->in[i] = tam_graph_node(plan->graph, node->input[i])->shape;
        at->x[i] = plan->nodes[node->input[i]].y;
        at->dx[i] = plan->dy[node->input[i]];
    }
    for (int i = 0; i < node->parameter_count; i++) {
        at->value[i] = tam_parameters_value(plan->parameters, node->first_parameter + i);
        at->gradient[i] = tam_parameters_gradient(plan->parameters, node->first_parameter + i);
    }
    if (op->kept_bytes != NULL) {
        at->kept = take(plan, op->kept_bytes(node, at->in[0], plan->config.batch), 1);
        return at->kept == NULL ? TAM_RESOURCES : TAM_OK;
    }
    return TAM_OK;
}

tam_status tam_ref_plan_create(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                               const tam_plan_config *config, tam_plan **out) {
    size_t count = (size_t)tam_graph_node_count(graph);
    *out = NULL;
    TAM_TRY(tam_plan_check(ctx, graph, config));
    tam_plan *plan = tam_allocate(ctx, 1, sizeof *plan, "a plan");
    if (plan == NULL) {
        return TAM_RESOURCES;
    }
    *plan = (tam_plan){.ctx = ctx, .graph = graph, .parameters = parameters, .config = *config};
    tam_status status = TAM_RESOURCES;
    plan->arena = tam_arena_create(ctx, 0);
    if (plan->arena == NULL) {
        goto done;
    }
    plan->nodes = take(plan, count, sizeof *plan->nodes);
    plan->dy = take(plan, count, sizeof *plan->dy);
    if (plan->nodes == NULL || plan->dy == NULL) {
        goto done;
    }
    status = TAM_OK;
    for (int id = 0; id < (int)count && status == TAM_OK; id++) {
        status = prepare_node(plan, id);
    }
done:
    if (status != TAM_OK) {
        tam_ref_plan_free(plan);
        return status;
    }
    *out = plan;
    return TAM_OK;
}

void tam_ref_plan_free(tam_plan *plan) {
    if (plan == NULL) {
        return;
    }
    tam_arena_free(plan->arena);
    tam_release(plan->ctx, plan);
}

size_t tam_ref_plan_bytes(const tam_plan *plan) {
    return plan->bytes;
}

tam_status tam_ref_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y) {
    int count = tam_graph_node_count(plan->graph);
    const tam_ref_node *last = &plan->nodes[count - 1];
    TAM_TRY(tam_plan_check_rows(plan->ctx, &plan->config, n));
    memcpy(plan->nodes[0].y, x, (size_t)(n * tam_shape_count(plan->nodes[0].out)) * sizeof *x);
    for (int id = 1; id < count; id++) {
        tam_ref_node *at = &plan->nodes[id];
        at->n = n;
        at->step = step;
        tam_ref_op_of(at->node->op)->forward(at);
    }
    memcpy(y, last->y, (size_t)(n * tam_shape_count(last->out)) * sizeof *y);
    plan->ran = true;
    return TAM_OK;
}

tam_status tam_ref_backward(tam_plan *plan, const float *dy, float *dx) {
    int count = tam_graph_node_count(plan->graph);
    if (!plan->config.training || !plan->ran) {
        return tam_fail(plan->ctx, TAM_CONFIG, "backward needs a forward of a plan for training");
    }
    for (int i = 0; i < tam_graph_parameter_count(plan->graph); i++) {
        size_t values = (size_t)tam_graph_parameter_at(plan->graph, i)->count;
        memset(tam_parameters_gradient(plan->parameters, i), 0, values * sizeof *dy);
    }
    for (int id = 0; id < count - 1; id++) {
        memset(plan->dy[id], 0, output_values(plan, id) * sizeof *dy);
    }
    memcpy(plan->dy[count - 1], dy, output_values(plan, count - 1) * sizeof *dy);
    for (int id = count - 1; id > 0; id--) {
        const tam_ref_node *at = &plan->nodes[id];
        tam_ref_op_of(at->node->op)->backward(at);
    }
    if (dx != NULL) {
        memcpy(dx, plan->dy[0], output_values(plan, 0) * sizeof *dx);
    }
    return TAM_OK;
}
