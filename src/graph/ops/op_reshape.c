/* The same numbers, in (c, h, w) order, as a map of other sides. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_RESHAPE_CHANNELS] = TAM_WHOLE("channels", 0, 1, TAM_SAMPLE_VALUES, "channels of the output"),
    [TAM_RESHAPE_HEIGHT] = TAM_WHOLE("height", 0, 1, 16384, "rows of the output"),
    [TAM_RESHAPE_WIDTH] = TAM_WHOLE("width", 0, 1, 16384, "columns of the output"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    const double *key = node->key;
    if (key[TAM_RESHAPE_CHANNELS] * key[TAM_RESHAPE_HEIGHT] * key[TAM_RESHAPE_WIDTH] !=
        (double)tam_shape_count(in[0])) {
        return tam_fail(ctx, TAM_CONFIG, "%s: its input of %d x %d x %d has %lld numbers, %g x %g x %g has %.0f",
                        node->name, in[0].c, in[0].h, in[0].w, (long long)tam_shape_count(in[0]),
                        key[TAM_RESHAPE_CHANNELS], key[TAM_RESHAPE_HEIGHT], key[TAM_RESHAPE_WIDTH],
                        key[TAM_RESHAPE_CHANNELS] * key[TAM_RESHAPE_HEIGHT] * key[TAM_RESHAPE_WIDTH]);
    }
    *out = (tam_shape){
        .c = (int)key[TAM_RESHAPE_CHANNELS], .h = (int)key[TAM_RESHAPE_HEIGHT], .w = (int)key[TAM_RESHAPE_WIDTH]};
    return TAM_OK;
}

const tam_op tam_op_reshape = {.name = "reshape", .inputs = 1, .keys = keys, .key_count = 3, .shape = shape};
