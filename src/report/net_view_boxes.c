/* Nodes to boxes. */
#include <stdbool.h>
#include <string.h>

#include "report/net_view.h"

/* What is drawn in the box of the node that it reads. */
static const char *const activations[] = {"prelu", "relu", "relu6", "sigmoid", "hsigmoid", "swish", "hswish", "gelu",
                                          "tanh"};
static const char *const others[] = {"batch_norm", "layer_norm", "position", "softmax", "scale", "dropout", "flatten",
                                     "pad", "reshape", "transpose"};
static const char *const joins[] = {"add", "concat", "mul", "shuffle", "slice", "attention"};

static bool is_one_of(const tam_node *node, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(node->op->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(node, names) is_one_of(node, names, sizeof(names) / sizeof *(names))

/* Where the inputs of a concatenation begin with all those of an earlier one. */
static int find_shorter(const tam_graph *graph, const tam_node *node) {
    int found = -1;
    if (strcmp(node->op->name, "concat") != 0 || node->inputs < 3) {
        return -1;
    }
    for (int i = 1; i < node->id; i++) {
        const tam_node *other = tam_graph_node(graph, i);
        bool longer = found < 0 || other->inputs > tam_graph_node(graph, found)->inputs;
        if (strcmp(other->op->name, "concat") == 0 && other->inputs < node->inputs && longer &&
            memcmp(other->input, node->input, (size_t)other->inputs * sizeof *other->input) == 0) {
            found = i;
        }
    }
    return found;
}

int tam_net_view_inputs(const tam_net_view *view, const tam_node *node, int inputs[TAM_NODE_INPUTS]) {
    int shorter = view->shorter[node->id], left_out = 0, count = 0;
    if (shorter >= 0) {
        left_out = tam_graph_node(view->graph, shorter)->inputs;
        inputs[count++] = shorter;
    }
    for (int k = left_out; k < node->inputs; k++) {
        inputs[count++] = node->input[k];
    }
    return count;
}

static bool joins_box(const tam_net_view *view, const tam_node *node, const int *readers) {
    const tam_node *before = tam_graph_node(view->graph, node->input[0]);
    if (node->inputs != 1 || readers[before->id] != 1 || before->id == 0) {
        return false;
    }
    const tam_node *first = tam_graph_node(view->graph, view->boxes[view->box_of[before->id]].first);
    return IS_ONE_OF(node, activations) || (IS_ONE_OF(node, others) && !IS_ONE_OF(first, joins));
}

static void add_box(tam_net_view *view, const tam_node *node) {
    int inputs[TAM_NODE_INPUTS];
    tam_view_box *box = &view->boxes[view->box_count];
    *box = (tam_view_box){.first = node->id, .last = node->id};
    box->inputs = tam_net_view_inputs(view, node, inputs);
    for (int k = 0; k < box->inputs; k++) {
        box->input[k] = view->box_of[inputs[k]];
    }
    view->box_of[node->id] = view->box_count++;
}

tam_status tam_net_view_find_boxes(tam_net_view *view) {
    int count = tam_graph_node_count(view->graph), inputs[TAM_NODE_INPUTS];
    int *readers = tam_arena_take(view->arena, (size_t)count, sizeof *readers);
    view->box_of = tam_arena_take(view->arena, (size_t)count, sizeof *view->box_of);
    view->next = tam_arena_take(view->arena, (size_t)count, sizeof *view->next);
    view->shorter = tam_arena_take(view->arena, (size_t)count, sizeof *view->shorter);
    view->boxes = tam_arena_take(view->arena, (size_t)count, sizeof *view->boxes);
    if (readers == NULL || view->box_of == NULL || view->next == NULL || view->shorter == NULL || view->boxes == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < count; i++) {
        const tam_node *node = tam_graph_node(view->graph, i);
        view->shorter[i] = find_shorter(view->graph, node);
        view->next[i] = -1;
        int read = tam_net_view_inputs(view, node, inputs);
        for (int k = 0; k < read; k++) {
            readers[inputs[k]]++;
        }
    }
    for (int i = 0; i < count; i++) {
        const tam_node *node = tam_graph_node(view->graph, i);
        if (i > 0 && joins_box(view, node, readers)) {
            tam_view_box *box = &view->boxes[view->box_of[node->input[0]]];
            view->next[box->last] = i;
            box->last = i;
            view->box_of[i] = view->box_of[node->input[0]];
        } else {
            add_box(view, node);
        }
    }
    return TAM_OK;
}
