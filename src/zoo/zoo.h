/* Backbones: each is one file that builds a graph, and one line in nets.def. */
#ifndef ZOO_ZOO_H
#define ZOO_ZOO_H

#include "graph/graph.h"

typedef struct tam_backbone {
    const char *name, *source; /* source: paper */
    const tam_key *keys;       /* options after the colon: "ir10:width=32" */
    int key_count;
    struct {
        int channels, size, dim; /* input of size x size, embedding */
    } usual;                     /* what it was published with, or is mostly given here; any other may be asked for */
    /* Adds the layers from node 0 to a vector of `dim`. Failures stick to the graph. */
    void (*build)(tam_graph *graph, int dim, const double *key);
} tam_backbone;

int tam_backbone_count(void);
const tam_backbone *tam_backbone_at(int index);
/* The backbone of "NAME[:key=value,...]", whose keys are not looked at; NULL with a sentence. */
const tam_backbone *tam_backbone_find(tam_ctx *ctx, const char *specification);

/* Builds `specification` ("NAME[:key=value,...]") for that input and embedding width. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_backbone_build(tam_ctx *ctx, const char *specification, int channels, int height, int width,
                                           int dim, tam_graph **out);

#endif
