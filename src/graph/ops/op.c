#include "graph/ops/op.h"

#include <string.h>

static const tam_op *const ops[] = {
#define X(name) &tam_op_##name,
#include "graph/ops/ops.def"
#undef X
};

enum { OPS = sizeof ops / sizeof ops[0] };

int tam_op_count(void) {
    return OPS;
}

const tam_op *tam_op_at(int index) {
    return ops[index];
}

const tam_op *tam_op_find(tam_ctx *ctx, const char *name) {
    const char *names[OPS];
    for (int i = 0; i < OPS; i++) {
        names[i] = ops[i]->name;
    }
    int index = tam_name_find(ctx, "op", name, names, OPS);
    return index < 0 ? NULL : ops[index];
}

tam_status tam_op_same_shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    (void)ctx;
    (void)node;
    *out = in[0];
    return TAM_OK;
}

tam_status tam_op_need_map(tam_ctx *ctx, const tam_node *node, tam_shape in) {
    if (in.flat) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s reads a map, but its input is a vector of %d", node->name,
                        node->op->name, in.c);
    }
    return TAM_OK;
}

tam_status tam_op_window(tam_ctx *ctx, const tam_node *node, tam_shape in, tam_window window, tam_shape *out) {
    TAM_TRY(tam_op_need_map(ctx, node, in));
    int h = in.h + 2 * window.pad_h, w = in.w + 2 * window.pad_w;
    if (h < window.kernel_h || w < window.kernel_w) {
        return tam_fail(ctx, TAM_CONFIG, "%s: a %d x %d window does not fit its input of %d x %d (pad %d)", node->name,
                        window.kernel_h, window.kernel_w, in.h, in.w,
                        h < window.kernel_h ? window.pad_h : window.pad_w);
    }
    *out = (tam_shape){
        .c = in.c,
        .h = (h - window.kernel_h) / window.stride + 1,
        .w = (w - window.kernel_w) / window.stride + 1,
    };
    return TAM_OK;
}

tam_status tam_op_need_channels(tam_ctx *ctx, const tam_node *node, int64_t channels, tam_shape *out) {
    if (channels > TAM_SAMPLE_VALUES) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %lld channels are more than %d", node->name, (long long)channels,
                        TAM_SAMPLE_VALUES);
    }
    out->c = (int)channels;
    return TAM_OK;
}
