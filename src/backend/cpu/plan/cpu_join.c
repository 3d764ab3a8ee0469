/* Which nodes one sweep over memory does together:
 *
 *     term (+ term) (-> activation) (-> maximum pool),    term = a value, or a batch norm of one
 *
 * where nobody else reads what lies between. A batch norm that only an addition reads becomes a term of it. */
#include <string.h>

#include "backend/cpu/plan/cpu_fold.h"

static bool is_op(const tam_node *node, const char *op) {
    return node != NULL && strcmp(node->op->name, op) == 0;
}

const tam_node *tam_cpu_sole_reader(const tam_graph *graph, const tam_node *node) {
    if (tam_graph_readers(graph, node->id) != 1) {
        return NULL;
    }
    for (int i = node->id + 1; i < tam_graph_node_count(graph); i++) {
        const tam_node *reader = tam_graph_node(graph, i);
        for (int k = 0; k < reader->inputs; k++) {
            if (reader->input[k] == node->id) {
                return reader;
            }
        }
    }
    return NULL;
}

bool tam_cpu_is_plain_pool(const tam_node *node) {
    enum { MOST = 15 };
    return is_op(node, "max_pool") && node->key[TAM_POOL_KERNEL] > 1 && node->key[TAM_POOL_KERNEL] <= MOST &&
           node->key[TAM_POOL_PAD] == 0 && node->key[TAM_POOL_STRIDE] == node->key[TAM_POOL_KERNEL];
}

static bool is_activation(const tam_node *node) {
    return is_op(node, "relu") || is_op(node, "prelu");
}

static bool becomes_term(const tam_graph *graph, const tam_node *node) {
    return is_op(node, "batch_norm") && is_op(tam_cpu_sole_reader(graph, node), "add");
}

static void take_terms(const tam_graph *graph, const tam_plan *plan, const tam_node *node, tam_cpu_step *step) {
    step->inputs = node->inputs;
    for (int k = 0; k < step->inputs; k++) {
        const tam_node *input = tam_graph_node(graph, node->input[k]);
        if (is_op(node, "batch_norm")) {
            step->norm[k] = node;
        } else if (is_op(node, "add") && becomes_term(graph, input) && plan->value_of[input->id] == 0) {
            step->norm[k] = input;
            input = tam_graph_node(graph, input->input[0]);
        }
        step->input[k] = plan->value_of[input->id];
    }
}

static void take_readers(const tam_graph *graph, const tam_node *node, tam_cpu_step *step, int *last) {
    const tam_node *reader = is_activation(node) ? node : tam_cpu_sole_reader(graph, node);
    *last = node->id;
    if (is_activation(reader)) {
        step->activation = reader;
        *last = reader->id;
        reader = tam_cpu_sole_reader(graph, reader);
    }
    if (step->inputs == 1 && tam_cpu_is_plain_pool(reader)) {
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
    *step = (tam_cpu_step){.kind = tam_cpu_kind_find(node->op->name), .node = node};
    if (plan->sources[id] > 0) {
        return tam_cpu_channels_join(plan, node, step);
    }
    take_terms(graph, plan, node, step);
    tam_cpu_fold_join(plan, node, step, last);
    if (is_op(node, "batch_norm") || is_op(node, "add") || is_activation(node)) {
        take_readers(graph, node, step, last);
    }
    return true;
}
