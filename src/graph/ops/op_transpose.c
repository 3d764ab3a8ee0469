/* The axes of a map in another order: "cwh" turns rows into columns. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_TRANSPOSE_ORDER] =
        TAM_WORDS("order", "cwh|hcw|hwc|wch|whc", 4, "the input's axes that become channels, rows and columns"),
};

const int *tam_transpose_axes(const tam_node *node) {
    enum { C, H, W };
    static const int axes[][3] = {{C, W, H}, {H, C, W}, {H, W, C}, {W, C, H}, {W, H, C}};
    return axes[(int)node->key[TAM_TRANSPOSE_ORDER]];
}

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    const int size[] = {in[0].c, in[0].h, in[0].w}, *axes = tam_transpose_axes(node);
    *out = (tam_shape){.c = size[axes[0]], .h = size[axes[1]], .w = size[axes[2]]};
    return TAM_OK;
}

const tam_op tam_op_transpose = {.name = "transpose", .inputs = 1, .keys = keys, .key_count = 1, .shape = shape};
