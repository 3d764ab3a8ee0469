/* Maximum and mean over square windows; what lies in the padding neither wins nor counts. */
#include "graph/ops/op.h"

const tam_key tam_pool_keys[] = {
    [TAM_POOL_KERNEL] = TAM_WHOLE("kernel", 2, 1, 64, "side of the window"),
    [TAM_POOL_STRIDE] = TAM_WHOLE("stride", 0, 0, 64, "step of the window; 0: the window's side"),
    [TAM_POOL_PAD] = TAM_WHOLE("pad", 0, 0, 63, "rows and columns around the map"),
};

void tam_pool_settle(double *key) {
    if (key[TAM_POOL_STRIDE] == 0) {
        key[TAM_POOL_STRIDE] = key[TAM_POOL_KERNEL];
    }
}

tam_status tam_pool_shape(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out) {
    int kernel = (int)node->key[TAM_POOL_KERNEL], pad = (int)node->key[TAM_POOL_PAD];
    if (pad >= kernel) {
        return tam_fail(ctx, TAM_CONFIG, "%s: pad %d is not below the kernel's %d, so a window could be empty",
                        node->name, pad, kernel);
    }
    tam_window window = {kernel, kernel, (int)node->key[TAM_POOL_STRIDE], pad, pad};
    return tam_op_window(ctx, node, in[0], window, out);
}
