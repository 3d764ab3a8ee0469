#include "backend/cpu/layer/data_gradient.h"

#include "backend/cpu/layer/tile_convolution.h"

static bool is_nhwc_bf16(const tam_layout *layout) {
    return layout->dtype == TAM_BF16 && layout->lanes == layout->c;
}

bool tam_data_gradient_suits(const tam_layer *layer) {
    const tam_layer_shape *s = &layer->shape;
    return s->training && s->groups == 1 && s->window.stride > 1 && is_nhwc_bf16(&layer->dx) &&
           is_nhwc_bf16(&layer->y) && tam_tile_convolution_suits(s);
}

void tam_data_gradient_take(tam_layer *layer) {
    const tam_tile_cut c = tam_tile_convolution_cut(&layer->shape, true);
    const size_t bytes = (size_t)(c.packed_bytes + c.frame_bytes * layer->ctx->threads);
    layer->scratch_bytes = bytes > layer->scratch_bytes ? bytes : layer->scratch_bytes;
    layer->algorithm[1] = "tiles";
}

void tam_data_gradient_backward(tam_layer *layer, const tam_layer_memory *memory) {
    const tam_tile_cut c = tam_tile_convolution_cut(&layer->shape, true);
    const tam_tile_memory m = {.from = memory->dy,
                               .to = memory->dx,
                               .packed = memory->scratch,
                               .frames = (char *)memory->scratch + c.packed_bytes,
                               .weight = memory->weight};
    tam_tile_convolution_pack(layer->ctx, &c, &m);
    tam_tile_convolution_run(layer->ctx, &c, &m);
}
