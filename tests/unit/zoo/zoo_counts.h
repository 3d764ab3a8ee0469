/* What a net of the zoo is counted by, as publications count. */
#ifndef TESTS_ZOO_COUNTS_H
#define TESTS_ZOO_COUNTS_H

#include "support.h"
#include "zoo/zoo.h"

static inline int64_t trained(const tam_graph *graph) {
    int64_t count = 0;
    for (int i = 0; i < tam_graph_parameter_count(graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        count += parameter->trained ? parameter->count : 0;
    }
    return count;
}

/* In millions; a_norm: what the publication counts for each number that a batch norm gives. */
static inline double million_macs(const tam_graph *graph, int a_norm) {
    int64_t count = tam_graph_macs(graph);
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        count += strcmp(node->op->name, "batch_norm") == 0 ? a_norm * tam_shape_count(node->shape) : 0;
    }
    return (double)count / 1e6;
}

#endif
