#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
#include "base/memory.h"
#include "graph/names.h"

struct tam_graph {
    tam_ctx *ctx;
    tam_node *nodes;
    tam_parameter *parameters;
    tam_names names;
    int node_count, node_room;
    int parameter_count, parameter_room;
    tam_status status; /* of the first failure, with its sentence */
    int fault;         /* the node that makes the whole unusable, or -1 */
    char sentence[512];
};

static int stick(tam_graph *graph, tam_status status) {
    graph->status = status;
    snprintf(graph->sentence, sizeof graph->sentence, "%s", tam_ctx_message(graph->ctx));
    return -1;
}

int tam_graph_refuse(tam_graph *graph, const char *format, ...) {
    char sentence[sizeof graph->sentence];
    va_list arguments;
    va_start(arguments, format);
    (void)tam_format_list(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return graph->status != TAM_OK ? -1 : stick(graph, tam_fail(graph->ctx, TAM_CONFIG, "%s", sentence));
}

tam_status tam_graph_create(tam_ctx *ctx, int channels, int height, int width, tam_graph **out) {
    *out = NULL;
    tam_graph *graph = tam_allocate(ctx, 1, sizeof *graph, "a graph");
    if (graph == NULL) {
        return TAM_RESOURCES;
    }
    *graph = (tam_graph){.ctx = ctx, .fault = -1};
    char keys[96];
    snprintf(keys, sizeof keys, "channels=%d,height=%d,width=%d", channels, height, width);
    if (tam_graph_add_named(graph, "input", "input", NULL, 0, keys) < 0) {
        tam_status status = graph->status;
        tam_graph_free(graph);
        return status;
    }
    *out = graph;
    return TAM_OK;
}

void tam_graph_free(tam_graph *graph) {
    if (graph == NULL) {
        return;
    }
    tam_names_free(graph->ctx, &graph->names);
    tam_release(graph->ctx, graph->parameters);
    tam_release(graph->ctx, graph->nodes);
    tam_release(graph->ctx, graph);
}

int tam_graph_find(const tam_graph *graph, const char *name) {
    return tam_names_find(&graph->names, graph->nodes, name);
}

static void make_name(const tam_graph *graph, tam_node *node) {
    int number = 1;
    for (int i = 0; i < graph->node_count; i++) {
        number += graph->nodes[i].op == node->op;
    }
    do {
        snprintf(node->name, sizeof node->name, "%s%d", node->op->name, number++);
    } while (tam_graph_find(graph, node->name) >= 0);
}

static tam_status take_name(const tam_graph *graph, tam_node *node, const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof node->name || strspn(name, allowed) != length) {
        return tam_fail(graph->ctx, TAM_CONFIG, "'%.80s' is not a node's name (1 to %d letters, digits, '_' and '.')",
                        name, TAM_NAME_LENGTH - 1);
    }
    if (tam_graph_find(graph, name) >= 0) {
        return tam_fail(graph->ctx, TAM_CONFIG, "two nodes are named '%s'", name);
    }
    memcpy(node->name, name, length + 1);
    return TAM_OK;
}

static tam_status take_keys(tam_graph *graph, tam_node *node, const char *keys) {
    const tam_op *op = node->op;
    TAM_TRY(tam_keys_read(graph->ctx, node->name, keys, op->keys, op->key_count, node->key));
    for (int i = 0; i < op->key_count; i++) {
        if (node->key[i] < op->keys[i].low) {
            return tam_fail(graph->ctx, TAM_CONFIG, "%s: %s needs %s=... (%s)", node->name, op->name, op->keys[i].name,
                            op->keys[i].about);
        }
    }
    if (op->settle != NULL) {
        op->settle(node->key);
    }
    return TAM_OK;
}

static tam_status take_inputs(const tam_graph *graph, tam_node *node, const int *inputs, int count, tam_shape *in) {
    bool any = node->op->inputs == TAM_ANY_INPUTS;
    if (any && (count < 2 || count > TAM_NODE_INPUTS)) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: %s takes 2 to %d inputs, not %d", node->name, node->op->name,
                        TAM_NODE_INPUTS, count);
    }
    if (!any && count != node->op->inputs) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: %s takes %d input%s, not %d", node->name, node->op->name,
                        node->op->inputs, node->op->inputs == 1 ? "" : "s", count);
    }
    node->inputs = count;
    for (int i = 0; i < count; i++) {
        if (inputs[i] < 0 || inputs[i] >= graph->node_count) {
            return tam_fail(graph->ctx, TAM_CONFIG, "%s: there is no node %d", node->name, inputs[i]);
        }
        node->input[i] = inputs[i];
        in[i] = graph->nodes[inputs[i]].shape;
    }
    return TAM_OK;
}

static tam_status take_shape(const tam_graph *graph, tam_node *node, const tam_shape *in) {
    tam_shape *shape = &node->shape;
    TAM_TRY(node->op->shape(graph->ctx, node, in, shape));
    if ((int64_t)shape->h * shape->w > TAM_SAMPLE_VALUES || tam_shape_count(*shape) > TAM_SAMPLE_VALUES) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: %d x %d x %d values a sample are more than %d", node->name,
                        shape->c, shape->h, shape->w, TAM_SAMPLE_VALUES);
    }
    return TAM_OK;
}

/* Makes room for one more item. */
static tam_status grow(tam_ctx *ctx, void **items, int count, int *room, size_t size, const char *what) {
    if (count < *room) {
        return TAM_OK;
    }
    int larger = *room == 0 ? 16 : 2 * *room;
    void *grown = tam_reallocate(ctx, *items, (size_t)larger, size, what);
    if (grown == NULL) {
        return TAM_RESOURCES;
    }
    *items = grown;
    *room = larger;
    return TAM_OK;
}

static tam_status build_node(tam_graph *graph, const char *name, const char *op, const int *inputs, int input_count,
                             const char *keys) {
    tam_node node = {.id = graph->node_count, .first_parameter = graph->parameter_count};
    tam_shape in[TAM_NODE_INPUTS];
    node.op = tam_op_find(graph->ctx, op);
    if (node.op == NULL) {
        return TAM_CONFIG;
    }
    if (graph->node_count == TAM_GRAPH_NODES) {
        return tam_fail(graph->ctx, TAM_CONFIG, "a graph has at most %d nodes", TAM_GRAPH_NODES);
    }
    if (name != NULL) {
        TAM_TRY(take_name(graph, &node, name));
    } else {
        make_name(graph, &node);
    }
    if ((node.op->inputs == 0) != (graph->node_count == 0)) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: the input comes first, and once", node.name);
    }
    TAM_TRY(take_keys(graph, &node, keys));
    TAM_TRY(take_inputs(graph, &node, inputs, input_count, in));
    TAM_TRY(take_shape(graph, &node, in));
    if (node.op->parameters != NULL) {
        TAM_TRY(node.op->parameters(graph, &node, in));
    }
    node.parameter_count = graph->parameter_count - node.first_parameter;
    void *nodes = graph->nodes;
    TAM_TRY(grow(graph->ctx, &nodes, graph->node_count, &graph->node_room, sizeof node, "a graph's nodes"));
    graph->nodes = nodes;
    graph->nodes[graph->node_count] = node;
    TAM_TRY(tam_names_put(graph->ctx, &graph->names, graph->nodes, graph->node_count));
    for (int i = 0; i < node.inputs; i++) {
        tam_node *read = &graph->nodes[node.input[i]];
        read->first_reader = read->readers == 0 ? node.id : read->first_reader;
        read->readers++;
    }
    graph->node_count++;
    return TAM_OK;
}

int tam_graph_add_named(tam_graph *graph, const char *name, const char *op, const int *inputs, int input_count,
                        const char *keys) {
    if (graph->status != TAM_OK) {
        return -1;
    }
    tam_status status = build_node(graph, name, op, inputs, input_count, keys);
    return status == TAM_OK ? graph->node_count - 1 : stick(graph, status);
}

static int add_formatted(tam_graph *graph, const char *op, const int *inputs, int input_count, const char *format,
                         va_list arguments) {
    char keys[512];
    int length = tam_format_list(keys, sizeof keys, format, arguments);
    if (length < 0 || (size_t)length >= sizeof keys) {
        return stick(graph,
                     tam_fail(graph->ctx, TAM_CONFIG, "%s: the keys are longer than %zu bytes", op, sizeof keys - 1));
    }
    return tam_graph_add_named(graph, NULL, op, inputs, input_count, keys);
}

int tam_graph_add(tam_graph *graph, const char *op, const int *inputs, int input_count, const char *keys_format, ...) {
    va_list arguments;
    va_start(arguments, keys_format);
    int id = add_formatted(graph, op, inputs, input_count, keys_format, arguments);
    va_end(arguments);
    return id;
}

int tam_graph_then(tam_graph *graph, const char *op, int input, const char *keys_format, ...) {
    va_list arguments;
    va_start(arguments, keys_format);
    int id = add_formatted(graph, op, &input, 1, keys_format, arguments);
    va_end(arguments);
    return id;
}

int tam_graph_plain(tam_graph *graph, const char *op, int input) {
    return tam_graph_add_named(graph, NULL, op, &input, 1, NULL);
}

tam_status tam_graph_parameter(tam_graph *graph, const tam_node *node, const char *part, int dims, const int64_t *size,
                               tam_init init, int64_t fan_in, bool trained, bool decayed) {
    void *parameters = graph->parameters;
    TAM_TRY(grow(graph->ctx, &parameters, graph->parameter_count, &graph->parameter_room, sizeof(tam_parameter),
                 "a graph's parameters"));
    graph->parameters = parameters;
    tam_parameter *parameter = &graph->parameters[graph->parameter_count];
    *parameter = (tam_parameter){
        .dims = dims,
        .count = 1,
        .init = init,
        .fan_in = fan_in,
        .trained = trained,
        .decayed = decayed,
        .node = node->id,
    };
    snprintf(parameter->name, sizeof parameter->name, "%s.%s", node->name, part);
    for (int i = 0; i < dims; i++) {
        parameter->size[i] = size[i];
        if (__builtin_mul_overflow(parameter->count, size[i], &parameter->count)) {
            return tam_fail(graph->ctx, TAM_CONFIG, "%s: its numbers are more than %lld", parameter->name,
                            (long long)INT64_MAX);
        }
    }
    graph->parameter_count++;
    return TAM_OK;
}

static tam_status check_node(tam_graph *graph, int id, int64_t *macs) {
    const tam_node *node = &graph->nodes[id], *last = &graph->nodes[graph->node_count - 1];
    graph->fault = id;
    if (node == last && !last->shape.flat) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: the last node must give a vector, not a map of %d x %d x %d",
                        last->name, last->shape.c, last->shape.h, last->shape.w);
    }
    if (node != last && tam_graph_readers(graph, id) == 0) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: no node reads it; the last node, %s, is the network's output",
                        node->name, last->name);
    }
    if (__builtin_add_overflow(*macs, tam_node_macs(graph, id), macs)) {
        return tam_fail(graph->ctx, TAM_CONFIG, "%s: the multiply-adds of a sample up to here are more than %lld",
                        node->name, (long long)INT64_MAX);
    }
    return TAM_OK;
}

tam_status tam_graph_finish(tam_graph *graph) {
    int64_t macs = 0, values = 0;
    if (graph->status != TAM_OK) {
        return tam_fail(graph->ctx, graph->status, "%s", graph->sentence);
    }
    for (int i = 0; i < graph->node_count; i++) {
        TAM_TRY(check_node(graph, i, &macs));
    }
    for (int i = 0; i < graph->parameter_count; i++) {
        if (__builtin_add_overflow(values, graph->parameters[i].count, &values)) {
            graph->fault = graph->parameters[i].node;
            return tam_fail(graph->ctx, TAM_CONFIG, "%s: the parameters up to here are more than %lld",
                            graph->parameters[i].name, (long long)INT64_MAX);
        }
    }
    graph->fault = -1;
    return TAM_OK;
}

int tam_graph_fault(const tam_graph *graph) {
    return graph->fault;
}

tam_ctx *tam_graph_ctx(const tam_graph *graph) {
    return graph->ctx;
}

int tam_graph_node_count(const tam_graph *graph) {
    return graph->node_count;
}

const tam_node *tam_graph_node(const tam_graph *graph, int id) {
    return &graph->nodes[id];
}

int tam_graph_parameter_count(const tam_graph *graph) {
    return graph->parameter_count;
}

const tam_parameter *tam_graph_parameter_at(const tam_graph *graph, int index) {
    return &graph->parameters[index];
}

tam_shape tam_graph_output_shape(const tam_graph *graph) {
    return graph->nodes[graph->node_count - 1].shape;
}

int64_t tam_shape_count(tam_shape shape) {
    return (int64_t)shape.c * shape.h * shape.w;
}

int64_t tam_node_macs(const tam_graph *graph, int id) {
    const tam_node *node = &graph->nodes[id];
    tam_shape in[TAM_NODE_INPUTS];
    for (int i = 0; i < node->inputs; i++) {
        in[i] = graph->nodes[node->input[i]].shape;
    }
    return node->op->macs == NULL ? 0 : node->op->macs(node, in);
}

int64_t tam_graph_macs(const tam_graph *graph) {
    int64_t macs = 0;
    for (int i = 0; i < graph->node_count; i++) {
        macs += tam_node_macs(graph, i);
    }
    return macs;
}

int tam_graph_readers(const tam_graph *graph, int id) {
    return graph->nodes[id].readers;
}
