/* Which nodes one sweep over memory does together:
 *
 *     term (+ term) (-> activation) (-> maximum pool),    term = a value, or a batch norm or scale of one, or its
 *                                                                product with a vector
 *
 * where nobody else reads what lies between. A norm, scale or product that only an addition reads becomes a term of
 * it. */
#include <string.h>

#include "backend/cpu/plan/cpu_fold.h"
#include "backend/cpu/sweep/cpu_activation.h"

static bool is_op(const tam_node *node, const char *op) {
    return node != NULL && strcmp(node->op->name, op) == 0;
}

const tam_node *tam_cpu_sole_reader(const tam_graph *graph, const tam_node *node) {
    return node->readers == 1 ? tam_graph_node(graph, node->first_reader) : NULL;
}

bool tam_cpu_is_plain_pool(const tam_node *node) {
    enum { MOST = 15 };
    return is_op(node, "max_pool") && node->key[TAM_POOL_KERNEL] > 1 && node->key[TAM_POOL_KERNEL] <= MOST &&
           node->key[TAM_POOL_PAD] == 0 && node->key[TAM_POOL_STRIDE] == node->key[TAM_POOL_KERNEL];
}

/* A map times a vector. */
static bool is_gate(const tam_graph *graph, const tam_node *node) {
    return is_op(node, "mul") && tam_shape_count(tam_graph_node(graph, node->input[0])->shape) !=
                                     tam_shape_count(tam_graph_node(graph, node->input[1])->shape);
}

static bool makes_term(const tam_graph *graph, const tam_node *node) {
    return is_op(node, "batch_norm") || is_op(node, "scale") || is_gate(graph, node);
}

static bool becomes_term(const tam_graph *graph, const tam_node *node) {
    return makes_term(graph, node) && is_op(tam_cpu_sole_reader(graph, node), "add");
}

/* Term k is what `node` makes of its input. */
static void take_term(const tam_plan *plan, const tam_node *node, tam_cpu_step *step, int k) {
    if (is_op(node, "batch_norm")) {
        step->norm[k] = node;
    } else if (is_op(node, "scale")) {
        step->scaled[k] = node;
    } else {
        step->factor[k] = step->inputs;
        step->input[step->inputs++] = plan->value_of[node->input[1]];
    }
    step->input[k] = plan->value_of[node->input[0]];
}

static void take_terms(const tam_graph *graph, const tam_plan *plan, const tam_node *node, tam_cpu_step *step) {
    const bool sweeps = step->kind != NULL && step->kind->sweeps;
    const int terms = makes_term(graph, node) ? 1 : node->inputs;
    step->inputs = terms;
    step->terms = sweeps ? terms : 0;
    for (int k = 0; k < terms; k++) {
        const tam_node *input = tam_graph_node(graph, node->input[k]);
        step->input[k] = plan->value_of[input->id];
        if (makes_term(graph, node)) {
            take_term(plan, node, step, k);
        } else if (is_op(node, "add") && becomes_term(graph, input) && plan->value_of[input->id] == 0) {
            take_term(plan, input, step, k);
        }
    }
}

static void take_readers(const tam_graph *graph, const tam_node *node, tam_cpu_step *step, int *last) {
    const tam_node *reader = tam_cpu_activation_of(node) != NULL ? node : tam_cpu_sole_reader(graph, node);
    *last = node->id;
    if (tam_cpu_activation_of(reader) != NULL) {
        step->activation = reader;
        *last = reader->id;
        reader = tam_cpu_sole_reader(graph, reader);
    }
    bool curved = step->activation != NULL && tam_cpu_activation_of(step->activation)->curve != TAM_CURVE_NONE;
    if (step->terms == 1 && step->factor[0] == 0 && !curved && tam_cpu_is_plain_pool(reader)) {
        step->pool = reader;
        *last = reader->id;
    }
}

bool tam_cpu_join(const tam_plan *plan, int id, tam_cpu_step *step, int *last) {
    const tam_graph *graph = plan->graph;
    const tam_node *node = tam_graph_node(graph, id);
    *last = id;
    if (becomes_term(graph, node) || tam_cpu_folds_away(plan, node)) {
        return false;
    }
    const char *kind = is_gate(graph, node) ? "gate" : node->op->name;
    *step = (tam_cpu_step){.kind = tam_cpu_kind_find(kind), .node = node};
    if (plan->chains[id].inputs > 0) {
        return tam_cpu_channels_join(plan, node, step);
    }
    take_terms(graph, plan, node, step);
    tam_cpu_fold_join(plan, node, step, last);
    if (step->terms > 0) {
        take_readers(graph, node, step, last);
    }
    return true;
}
