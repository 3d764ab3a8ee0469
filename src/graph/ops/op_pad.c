/* Zeros around a map. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_PAD_TOP] = TAM_WHOLE("top", 0, 0, 4096, "rows above"),
    [TAM_PAD_BOTTOM] = TAM_WHOLE("bottom", 0, 0, 4096, "rows below"),
    [TAM_PAD_LEFT] = TAM_WHOLE("left", 0, 0, 4096, "columns at the left"),
    [TAM_PAD_RIGHT] = TAM_WHOLE("right", 0, 0, 4096, "columns at the right"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    *out = in[0];
    out->h += (int)(node->key[TAM_PAD_TOP] + node->key[TAM_PAD_BOTTOM]);
    out->w += (int)(node->key[TAM_PAD_LEFT] + node->key[TAM_PAD_RIGHT]);
    return TAM_OK;
}

const tam_op tam_op_pad = {.name = "pad", .inputs = 1, .keys = keys, .key_count = 4, .shape = shape};
