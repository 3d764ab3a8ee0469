/* Attention of every pixel to every other, in heads (Vaswani et al., NIPS 2017): y = softmax(q k^T / sqrt(d)) v. */
#include "graph/ops/op.h"

static const tam_key keys[] = {
    [TAM_ATTENTION_HEADS] = TAM_WHOLE("heads", 8, 1, 1024, "heads; each has channels / 3 / heads numbers a token"),
};

static tam_status shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int heads = (int)node->key[TAM_ATTENTION_HEADS];
    TAM_TRY(tam_op_need_map(ctx, node, in[0]));
    if (in[0].c % (3 * heads) != 0) {
        return tam_fail(ctx, TAM_CONFIG,
                        "%s: %d channels are not 3 x %d heads x a whole number: q, k and v follow each "
                        "other",
                        node->name, in[0].c, heads);
    }
    *out = in[0];
    out->c = in[0].c / 3;
    return TAM_OK;
}

/* q k^T and the product with v; the softmax is not counted. */
static int64_t macs(const tam_node *node, const tam_shape *in) {
    int64_t tokens = (int64_t)in[0].h * in[0].w, product = 0;
    if (__builtin_mul_overflow(2 * tokens * tokens, node->shape.c, &product)) {
        return INT64_MAX; /* tam_graph_finish refuses the sum */
    }
    return product;
}

const tam_op tam_op_attention = {
    .name = "attention", .inputs = 1, .keys = keys, .key_count = 1, .shape = shape, .macs = macs};
