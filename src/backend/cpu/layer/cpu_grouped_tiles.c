/* Grouped convolutions in bf16 by matrix registers, where a pair of registers holds whole groups (tile_convolution.h,
 * weight_gradient.h). Up to eight times the products that are needed, and still several times faster. */
#include "backend/cpu/layer/tile_convolution.h"
#include "base/memory.h"

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

static tam_tile_memory tile_memory(const tam_layer_memory *memory, size_t packed_bytes) {
    return (tam_tile_memory){
        .weight = memory->weight, .packed = memory->scratch, .frames = (char *)memory->scratch + packed_bytes};
}

static void pack(tam_layer *layer, const tam_layer_memory *memory) {
    const tam_tile_cut c = tam_tile_convolution_cut(&layer->shape, false);
    tam_tile_memory m = tile_memory(memory, 0);
    m.packed = memory->packed;
    tam_tile_convolution_pack(layer->ctx, &c, &m);
}

static void forward(tam_layer *layer, const tam_layer_memory *memory) {
    const tam_layer_shape *s = &layer->shape;
    const tam_tile_cut c = tam_tile_convolution_cut(s, false);
    tam_tile_memory m = tile_memory(memory, 0);
    m.packed = memory->packed;
    m.from = memory->x;
    m.to = memory->y;
    m.finish = (tam_gradient_finish){.bias = s->bias ? memory->bias : NULL,
                                     .slope = layer->fused && s->prelu ? memory->slope : NULL,
                                     .relu = layer->fused && s->relu};
    tam_tile_convolution_run(layer->ctx, &c, &m);
}

static void backward_data(tam_layer *layer, const tam_layer_memory *memory) {
    const tam_tile_cut c = tam_tile_convolution_cut(&layer->shape, true);
    tam_tile_memory m = tile_memory(memory, (size_t)c.packed_bytes);
    m.from = memory->dy;
    m.to = memory->dx;
    tam_tile_convolution_pack(layer->ctx, &c, &m);
    tam_tile_convolution_run(layer->ctx, &c, &m);
}

static void free_layer(tam_layer *layer) {
    tam_release(layer->ctx, layer);
}

static const tam_layer_kind kind = {pack, forward, backward_data, tam_weight_gradient_backward, free_layer};

tam_status tam_layer_make_grouped_tiles(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                        const tam_layer_shape *shape, tam_layer **out) {
    (void)dnnl, (void)tuning, (void)name;
    *out = NULL;
    if (shape->groups < 2 || !tam_tile_convolution_suits(shape)) {
        return TAM_OK;
    }
    tam_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    *layer = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape, .x = shape->in};
    layer->x.lanes = shape->in.c;
    layer->x.dtype = TAM_BF16;
    layer->dx = layer->x;
    layer->y = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, shape->out, TAM_BF16};
    layer->fused = !shape->add && !shape->relu6;
    const tam_tile_cut c = tam_tile_convolution_cut(shape, false), back = tam_tile_convolution_cut(shape, true);
    const size_t threads = (size_t)ctx->threads;
    layer->packed_bytes = (size_t)c.packed_bytes;
    layer->scratch_bytes = (size_t)c.frame_bytes * threads;
    if (shape->training) {
        layer->scratch_bytes =
            most(layer->scratch_bytes, (size_t)back.packed_bytes + (size_t)back.frame_bytes * threads);
        tam_weight_gradient_take(layer);
    }
    layer->algorithm[0] = layer->algorithm[1] = layer->algorithm[2] = "grouped, tiles";
    *out = layer;
    return TAM_OK;
}
