/* A map's pixels are the tokens and its channels their numbers, so a linear layer on every token is a 1 x 1
 * convolution. There is no class token: the embedding is made of all tokens, by two full layers with batch norm as in
 * ArcFace's implementation, where the last norm's scale is left out as in all nets here. */
#include "zoo/vit.h"

static int linear(tam_graph *graph, int x, int out, bool bias) {
    return tam_graph_then(graph, "conv", x, "out=%d,kernel=1,bias=%d,init=small", out, bias);
}

static int add(tam_graph *graph, int x, int y) {
    return tam_graph_add_named(graph, NULL, "add", (int[]){x, y}, 2, NULL);
}

static int self_attention(tam_graph *graph, int x, int width, int heads) {
    x = linear(graph, tam_graph_plain(graph, "layer_norm", x), 3 * width, false);
    x = tam_graph_then(graph, "attention", x, "heads=%d", heads);
    return linear(graph, x, width, true);
}

static int mlp(tam_graph *graph, int x, int width, int inner) {
    x = linear(graph, tam_graph_plain(graph, "layer_norm", x), inner, true);
    return linear(graph, tam_graph_plain(graph, "gelu", x), width, true);
}

static int embedding(tam_graph *graph, int x, int width, int dim) {
    x = tam_graph_then(graph, "fc", x, "out=%d,bias=0", width);
    x = tam_graph_then(graph, "fc", tam_graph_plain(graph, "batch_norm", x), "out=%d,bias=0", dim);
    return tam_graph_then(graph, "batch_norm", x, "scale=0");
}

void tam_vit_build(tam_graph *graph, int dim, const double *key) {
    int patch = (int)key[TAM_VIT_PATCH], width = (int)key[TAM_VIT_WIDTH];
    int x = tam_graph_then(graph, "conv", 0, "out=%d,kernel=%d,stride=%d,init=xavier", width, patch, patch);
    x = tam_graph_plain(graph, "position", x);
    for (int block = 0; block < (int)key[TAM_VIT_DEPTH]; block++) {
        x = add(graph, x, self_attention(graph, x, width, (int)key[TAM_VIT_HEADS]));
        x = add(graph, x, mlp(graph, x, width, (int)key[TAM_VIT_MLP] * width));
    }
    embedding(graph, tam_graph_plain(graph, "layer_norm", x), width, dim);
}
