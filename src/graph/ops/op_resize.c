/* A map brought to another size. Pixel i of n has its centre at (i + 0.5) / n; bilinear takes the two nearest in each
 * direction, nearest the one that the centre falls into. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_RESIZE_HEIGHT] = TAM_WHOLE("height", 0, 1, 16384, "rows of the output"),
    [TAM_RESIZE_WIDTH] = TAM_WHOLE("width", 0, 1, 16384, "columns of the output"),
    [TAM_RESIZE_MODE] = TAM_WORDS("mode", "bilinear|nearest", 1, "how pixels are found"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    *out = in[0];
    out->h = (int)node->key[TAM_RESIZE_HEIGHT];
    out->w = (int)node->key[TAM_RESIZE_WIDTH];
    return TAM_OK;
}

const tam_op tam_op_resize = {.name = "resize", .inputs = 1, .keys = keys, .key_count = 3, .shape = shape};
