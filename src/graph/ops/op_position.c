/* Adds a learned map: where a token stands (Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021). */
#include "graph/ops/op.h"

static tam_status parameters(tam_graph *graph, const tam_node *node, const tam_shape *in) {
    int64_t size[] = {in[0].c, in[0].h, in[0].w};
    return tam_graph_parameter(graph, node, "map", 3, size, TAM_INIT_SMALL, tam_shape_count(in[0]), true, false);
}

const tam_op tam_op_position = {.name = "position", .inputs = 1, .shape = tam_op_same_shape, .parameters = parameters};
