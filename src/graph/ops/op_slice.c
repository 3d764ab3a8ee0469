/* `count` channels from channel `first` on. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_SLICE_FIRST] = TAM_WHOLE("first", 0, 0, TAM_SAMPLE_VALUES, "first channel, from 0"),
    [TAM_SLICE_COUNT] = TAM_WHOLE("count", 0, 1, TAM_SAMPLE_VALUES, "number of channels"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int first = (int)node->key[TAM_SLICE_FIRST], count = (int)node->key[TAM_SLICE_COUNT];
    if (count > in[0].c || first > in[0].c - count) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %d channels from %d on are more than its input has (%d)", node->name,
                        count, first, in[0].c);
    }
    *out = in[0];
    out->c = count;
    return TAM_OK;
}

const tam_op tam_op_slice = {.name = "slice", .inputs = 1, .keys = keys, .key_count = 2, .shape = shape};
