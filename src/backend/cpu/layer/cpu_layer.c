#include "backend/cpu/layer/cpu_layer.h"

tam_status tam_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                            const tam_layer_shape *shape, tam_layer **out) {
    static const tam_layer_maker makers[] = {
#define X(name) tam_layer_make_##name,
#include "backend/cpu/layer/cpu_layers.def"
#undef X
    };
    *out = NULL;
    for (size_t i = 0; i < sizeof makers / sizeof makers[0] && *out == NULL; i++) {
        TAM_TRY(makers[i](ctx, dnnl, tuning, name, shape, out));
    }
    return *out != NULL ? TAM_OK : tam_fail(ctx, TAM_INTERNAL, "%s: nobody computes such a layer here", name);
}

void tam_layer_free(tam_layer *layer) {
    if (layer != NULL) {
        layer->kind->free(layer);
    }
}
