/* Nodes to boxes. */
#include <stdbool.h>
#include <string.h>

#include "report/net_view.h"

/* What is drawn in the box of the node that it reads. */
static const char *const activations[] = {"prelu", "relu",   "relu6", "sigmoid", "hsigmoid",
                                          "swish", "hswish", "gelu",  "tanh",    "shuffle"};
static const char *const others[] = {"batch_norm", "layer_norm", "position", "softmax", "scale",
                                     "dropout",    "flatten",    "pad",      "reshape", "transpose"};
static const char *const joins[] = {"add", "concat", "mul", "slice", "attention"};

static bool is_one_of(const tam_node *node, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(node->op->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(node, names) is_one_of(node, names, sizeof(names) / sizeof *(names))

/* What a concatenation holds is read there by all nodes behind it. So what a dense block's layer adds to, and what a
 * unit of two paths goes on with, is one map. via: by node, the last concatenation of it so far, or -1. */
static int read_inputs(const tam_node *node, const int *via, int inputs[TAM_NODE_INPUTS]) {
    int count = 0;
    for (int k = 0; k < node->inputs; k++) {
        int input = via[node->input[k]] >= 0 ? via[node->input[k]] : node->input[k];
        bool known = false;
        for (int i = 0; i < count; i++) {
            known = known || inputs[i] == input;
        }
        if (!known) {
            inputs[count++] = input;
        }
    }
    return count;
}

static void note_concatenation(const tam_node *node, int *via) {
    for (int k = 0; k < node->inputs && strcmp(node->op->name, "concat") == 0; k++) {
        via[node->input[k]] = node->id;
    }
}

static void forget_concatenations(int *via, int count) {
    for (int i = 0; i < count; i++) {
        via[i] = -1;
    }
}

/* input: the only one that it reads. */
static bool joins_box(const tam_net_view *view, const tam_node *node, int input, const int *readers) {
    if (node->inputs != 1 || input != node->input[0] || readers[input] != 1 || input == 0) {
        return false;
    }
    const tam_node *first = tam_graph_node(view->graph, view->boxes[view->box_of[input]].first);
    return IS_ONE_OF(node, activations) || (IS_ONE_OF(node, others) && !IS_ONE_OF(first, joins));
}

static void add_box(tam_net_view *view, const tam_node *node, const int *inputs, int count) {
    tam_view_box *box = &view->boxes[view->box_count];
    *box = (tam_view_box){.first = node->id, .last = node->id, .inputs = count};
    for (int k = 0; k < count; k++) {
        box->input[k] = view->box_of[inputs[k]];
    }
    view->box_of[node->id] = view->box_count++;
}

static void count_readers(const tam_graph *graph, int *via, int *readers) {
    int inputs[TAM_NODE_INPUTS];
    forget_concatenations(via, tam_graph_node_count(graph));
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        int count = read_inputs(node, via, inputs);
        for (int k = 0; k < count; k++) {
            readers[inputs[k]]++;
        }
        note_concatenation(node, via);
    }
}

static void fill_boxes(tam_net_view *view, int *via, const int *readers) {
    int inputs[TAM_NODE_INPUTS];
    forget_concatenations(via, tam_graph_node_count(view->graph));
    for (int i = 0; i < tam_graph_node_count(view->graph); i++) {
        const tam_node *node = tam_graph_node(view->graph, i);
        int count = read_inputs(node, via, inputs);
        view->next[i] = -1;
        if (i > 0 && joins_box(view, node, inputs[0], readers)) {
            view->box_of[i] = view->box_of[inputs[0]];
            tam_view_box *box = &view->boxes[view->box_of[i]];
            view->next[box->last] = i;
            box->last = i;
        } else {
            add_box(view, node, inputs, count);
        }
        note_concatenation(node, via);
    }
}

tam_status tam_net_view_find_boxes(tam_net_view *view) {
    size_t count = (size_t)tam_graph_node_count(view->graph);
    int *readers = tam_arena_take(view->arena, count, sizeof *readers);
    int *via = tam_arena_take(view->arena, count, sizeof *via);
    view->box_of = tam_arena_take(view->arena, count, sizeof *view->box_of);
    view->next = tam_arena_take(view->arena, count, sizeof *view->next);
    view->boxes = tam_arena_take(view->arena, count, sizeof *view->boxes);
    if (readers == NULL || via == NULL || view->box_of == NULL || view->next == NULL || view->boxes == NULL) {
        return TAM_RESOURCES;
    }
    count_readers(view->graph, via, readers);
    fill_boxes(view, via, readers);
    return TAM_OK;
}
