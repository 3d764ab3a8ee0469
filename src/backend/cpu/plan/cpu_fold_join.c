/* Which nodes a layer takes over in inference. */
#include <string.h>

#include "backend/cpu/plan/cpu_fold.h"
#include "backend/cpu/sweep/cpu_activation.h"

static bool is_op(const tam_node *node, const char *op) {
    return node != NULL && strcmp(node->op->name, op) == 0;
}

static bool is_weighted(const tam_node *node) {
    return is_op(node, "conv") || is_op(node, "fc");
}

/* In inference these leave every number as it is, and in its place. */
static bool keeps_numbers(const tam_node *node) {
    return is_op(node, "dropout") || is_op(node, "flatten");
}

static bool is_alone(const tam_plan *plan, const tam_node *node) {
    return tam_graph_readers(plan->graph, node->id) == 1;
}

/* The batch norm in front of a layer that goes into its weights, or NULL. */
static const tam_node *front_of(const tam_plan *plan, const tam_node *weighted) {
    if (is_op(weighted, "conv") && (tam_conv_window(weighted).pad_h > 0 || tam_conv_window(weighted).pad_w > 0)) {
        return NULL; /* zeros of the border would have to be what the norm makes zero of */
    }
    const tam_node *node = tam_graph_node(plan->graph, weighted->input[0]);
    while (keeps_numbers(node) && is_alone(plan, node)) {
        node = tam_graph_node(plan->graph, node->input[0]);
    }
    bool free = is_op(node, "batch_norm") && is_alone(plan, node) && plan->value_of[node->id] == 0;
    return free ? node : NULL;
}

bool tam_cpu_folds_away(const tam_plan *plan, const tam_node *node) {
    if (plan->config.training || !(is_op(node, "batch_norm") || keeps_numbers(node))) {
        return false;
    }
    const tam_node *reader = tam_cpu_sole_reader(plan->graph, node);
    while (reader != NULL && keeps_numbers(reader)) {
        reader = tam_cpu_sole_reader(plan->graph, reader);
    }
    const tam_node *front = is_weighted(reader) ? front_of(plan, reader) : NULL;
    return front != NULL && front->id <= node->id;
}

/* The other term of an addition, if it is there already; the net's input, node 0, is value 0. */
static int other_term(const tam_plan *plan, const tam_node *add, int id) {
    const int other = add->input[0] == id ? add->input[1] : add->input[0];
    return other == 0 || plan->value_of[other] > 0 ? plan->value_of[other] : TAM_NONE;
}

void tam_cpu_fold_join(const tam_plan *plan, const tam_node *node, tam_cpu_step *step, int *last) {
    const tam_graph *graph = plan->graph;
    if (plan->config.training || !is_weighted(node)) {
        return;
    }
    step->front = front_of(plan, node);
    if (step->front != NULL) {
        step->input[0] = plan->value_of[step->front->input[0]];
    }
    const tam_node *reader = tam_cpu_sole_reader(graph, node);
    if (is_op(reader, "batch_norm")) {
        step->norm[0] = reader;
        *last = reader->id;
        reader = tam_cpu_sole_reader(graph, reader);
    }
    if (is_op(reader, "scale")) {
        step->scaled[0] = reader;
        *last = reader->id;
        reader = tam_cpu_sole_reader(graph, reader);
    }
    int other = is_op(reader, "add") && is_op(node, "conv") ? other_term(plan, reader, *last) : TAM_NONE;
    if (other != TAM_NONE) {
        step->input[step->inputs++] = other;
        *last = reader->id;
        reader = tam_cpu_sole_reader(graph, reader);
    }
    /* A pool takes the activation along at no price. */
    if (tam_cpu_activation_of(reader) != NULL && !tam_cpu_is_plain_pool(tam_cpu_sole_reader(graph, reader))) {
        step->activation = reader;
        *last = reader->id;
    }
}
