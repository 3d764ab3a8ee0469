/* Finds a node by its name: a hash table of node numbers, so that a text of many nodes is read in time that goes with
 * its length. */
#ifndef GRAPH_NAMES_H
#define GRAPH_NAMES_H

#include "graph/graph.h"

typedef struct tam_names {
    int *places;   /* node numbers + 1; 0: free */
    unsigned room; /* a power of two, at least twice the nodes; or 0 */
} tam_names;

/* The number of the node of that name, or -1. nodes: what was put in. */
int tam_names_find(const tam_names *names, const tam_node *nodes, const char *name);
/* Puts in nodes[number]; those before it are in it already. */
TAM_MUST_USE tam_status tam_names_put(tam_ctx *ctx, tam_names *names, const tam_node *nodes, int number);
void tam_names_free(tam_ctx *ctx, tam_names *names);

#endif
