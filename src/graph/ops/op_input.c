/* The graph's input: channels x height x width numbers a sample. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_INPUT_CHANNELS] = TAM_WHOLE("channels", 0, 1, 4096, "channels of the input"),
    [TAM_INPUT_HEIGHT] = TAM_WHOLE("height", 0, 1, 16384, "rows of the input"),
    [TAM_INPUT_WIDTH] = TAM_WHOLE("width", 0, 1, 16384, "columns of the input"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    (void)ctx;
    (void)in;
    *out = (tam_shape){
        .c = (int)node->key[TAM_INPUT_CHANNELS],
        .h = (int)node->key[TAM_INPUT_HEIGHT],
        .w = (int)node->key[TAM_INPUT_WIDTH],
    };
    return TAM_OK;
}

const tam_op tam_op_input = {.name = "input", .inputs = 0, .keys = keys, .key_count = 3, .shape = shape};
