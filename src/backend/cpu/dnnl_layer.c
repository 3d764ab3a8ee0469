#include "backend/cpu/dnnl_call.h"
#include "base/memory.h"

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, PACK_FORWARD, PACK_DATA, UNPACK, CALLS };

typedef struct tam_dnnl_layer {
    tam_layer base;
    tam_dnnl *dnnl;
    dnnl_alg_kind_t algorithm; /* of a convolution */
    tam_dnnl_call calls[CALLS];
    dnnl_memory_desc_t plain_weight, bias;
} tam_dnnl_layer;

typedef union operation {
    dnnl_convolution_desc_t convolution;
    dnnl_inner_product_desc_t product;
} operation;

/* Descriptions of memory. */

static dnnl_status_t describe_any(dnnl_memory_desc_t *memory, int dims, const dnnl_dims_t size) {
    return dnnl_memory_desc_init_by_tag(memory, dims, size, dnnl_f32, dnnl_format_tag_any);
}

static dnnl_status_t describe_layout(const tam_dnnl_layer *layer, const tam_layout *layout, bool any,
                                     dnnl_memory_desc_t *memory) {
    if (layer->base.shape.op == TAM_LAYER_FULL) {
        dnnl_dims_t size = {layout->n, layout->c};
        return dnnl_memory_desc_init_by_tag(memory, 2, size, dnnl_f32, dnnl_nc);
    }
    dnnl_dims_t size = {layout->n, layout->c, layout->h, layout->w};
    dnnl_format_tag_t tag = any                          ? dnnl_format_tag_any
                            : layout->lanes == 1         ? dnnl_nchw
                            : layout->lanes == layout->c ? dnnl_nhwc
                            : layout->lanes == 16        ? dnnl_nChw16c
                            : layout->lanes == 8         ? dnnl_nChw8c
                            : layout->lanes == 4         ? dnnl_nChw4c
                                                         : dnnl_format_tag_undef;
    return dnnl_memory_desc_init_by_tag(memory, 4, size, dnnl_f32, tag);
}

/* Finds the lanes that make *layout describe `memory`; false if no layout of ours does. */
static bool recognise(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *memory, tam_layout *layout) {
    if (layer->base.shape.op == TAM_LAYER_FULL) {
        layout->lanes = layout->c;
        return true;
    }
    const int lanes[] = {layout->lanes, 1, 16, 8, 4, layout->c};
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        dnnl_memory_desc_t candidate;
        layout->lanes = lanes[i];
        if (describe_layout(layer, layout, false, &candidate) == dnnl_success &&
            dnnl_memory_desc_equal(&candidate, memory)) {
            return true;
        }
    }
    return false;
}

static dnnl_status_t describe_weights(tam_dnnl_layer *layer, dnnl_memory_desc_t *any) {
    const tam_layer_shape *s = &layer->base.shape;
    dnnl_dims_t bias = {s->out};
    if (s->bias) {
        DNNL_TRY(dnnl_memory_desc_init_by_tag(&layer->bias, 1, bias, dnnl_f32, dnnl_x));
    }
    if (s->op == TAM_LAYER_FULL) {
        dnnl_dims_t size = {s->out, s->in.c};
        DNNL_TRY(describe_any(any, 2, size));
        return dnnl_memory_desc_init_by_tag(&layer->plain_weight, 2, size, dnnl_f32, dnnl_oi);
    }
    if (s->groups == 1) {
        dnnl_dims_t size = {s->out, s->in.c, s->kernel, s->kernel};
        DNNL_TRY(describe_any(any, 4, size));
        return dnnl_memory_desc_init_by_tag(&layer->plain_weight, 4, size, dnnl_f32, dnnl_oihw);
    }
    dnnl_dims_t size = {s->groups, s->out / s->groups, s->in.c / s->groups, s->kernel, s->kernel};
    DNNL_TRY(describe_any(any, 5, size));
    return dnnl_memory_desc_init_by_tag(&layer->plain_weight, 5, size, dnnl_f32, dnnl_goihw);
}

/* The call that changes weights, or their gradient, between the plain layout and the library's. */
static dnnl_status_t make_reorder(tam_dnnl_layer *layer, const dnnl_memory_desc_t *from, int from_role,
                                  const dnnl_memory_desc_t *to, int to_role, int which) {
    size_t bytes = dnnl_memory_desc_get_size(from_role == PACKED ? from : to);
    layer->base.packed_bytes = bytes > layer->base.packed_bytes ? bytes : layer->base.packed_bytes;
    return tam_dnnl_call_reorder(layer->dnnl, from, from_role, to, to_role, &layer->calls[which]);
}

static dnnl_status_t describe_forward(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *x,
                                      const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *y, operation *made) {
    const tam_layer_shape *s = &layer->base.shape;
    /* In inference too: asked for inference the library takes other kernels for some layers, in NHWC, and a slower
     * Winograd; the changes of layout between them cost more than they save. */
    const dnnl_prop_kind_t kind = dnnl_forward_training;
    const dnnl_memory_desc_t *bias = s->bias ? &layer->bias : NULL;
    if (s->op == TAM_LAYER_FULL) {
        return dnnl_inner_product_forward_desc_init(&made->product, kind, x, w, bias, y);
    }
    dnnl_dims_t stride = {s->stride, s->stride}, pad = {s->pad, s->pad};
    return dnnl_convolution_forward_desc_init(&made->convolution, kind, layer->algorithm, x, w, bias, y, stride, pad,
                                              pad);
}

static dnnl_status_t describe_backward_data(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *dx,
                                            const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *dy,
                                            operation *made) {
    const tam_layer_shape *s = &layer->base.shape;
    if (s->op == TAM_LAYER_FULL) {
        return dnnl_inner_product_backward_data_desc_init(&made->product, dx, w, dy);
    }
    dnnl_dims_t stride = {s->stride, s->stride}, pad = {s->pad, s->pad};
    return dnnl_convolution_backward_data_desc_init(&made->convolution, layer->algorithm, dx, w, dy, stride, pad, pad);
}

static dnnl_status_t describe_backward_weights(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *x,
                                               const dnnl_memory_desc_t *dw, const dnnl_memory_desc_t *dy,
                                               operation *made) {
    const tam_layer_shape *s = &layer->base.shape;
    const dnnl_memory_desc_t *bias = s->bias ? &layer->bias : NULL;
    if (s->op == TAM_LAYER_FULL) {
        return dnnl_inner_product_backward_weights_desc_init(&made->product, x, dw, bias, dy);
    }
    dnnl_dims_t stride = {s->stride, s->stride}, pad = {s->pad, s->pad};
    return dnnl_convolution_backward_weights_desc_init(&made->convolution, layer->algorithm, x, dw, bias, dy, stride,
                                                       pad, pad);
}

static dnnl_status_t make_forward(tam_dnnl_layer *layer, const dnnl_memory_desc_t *weights,
                                  dnnl_primitive_desc_t description) {
    tam_dnnl_call *made = &layer->calls[FORWARD];
    /* Copies: tam_dnnl_call_make destroys the description. */
    dnnl_memory_desc_t x = *dnnl_primitive_desc_query_md(description, dnnl_query_src_md, 0);
    dnnl_memory_desc_t y = *dnnl_primitive_desc_query_md(description, dnnl_query_dst_md, 0);
    bool packed = !dnnl_memory_desc_equal(weights, &layer->plain_weight);
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, made));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_SRC, X, &x));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DST, Y, &y));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_WEIGHTS, packed ? PACKED : WEIGHT, weights));
    if (layer->base.shape.bias) {
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_BIAS, BIAS, &layer->bias));
    }
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &layer->plain_weight, WEIGHT, weights, PACKED, PACK_FORWARD);
}

static dnnl_status_t make_backward_data(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                        dnnl_primitive_desc_t hint) {
    operation wanted;
    dnnl_primitive_desc_t description;
    dnnl_memory_desc_t dx, dy;
    tam_dnnl_call *made = &layer->calls[BACKWARD_DATA];
    layer->base.dx = layer->base.x;
    DNNL_TRY(describe_layout(layer, &layer->base.dx, layer->base.shape.free_gradient, &dx));
    DNNL_TRY(describe_layout(layer, &layer->base.y, false, &dy));
    DNNL_TRY(describe_backward_data(layer, &dx, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dx = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_src_md, 0);
    dnnl_memory_desc_t weights = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&weights, &layer->plain_weight);
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, made));
    if (!recognise(layer, &dx, &layer->base.dx)) {
        return dnnl_unimplemented;
    }
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_SRC, DX, &dx));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_DST, DY, &dy));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_WEIGHTS, packed ? PACKED : WEIGHT, &weights));
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &layer->plain_weight, WEIGHT, &weights, PACKED, PACK_DATA);
}

static dnnl_status_t make_backward_weights(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                           dnnl_primitive_desc_t hint) {
    operation wanted;
    dnnl_primitive_desc_t description;
    dnnl_memory_desc_t x, dy;
    tam_dnnl_call *made = &layer->calls[BACKWARD_WEIGHTS];
    DNNL_TRY(describe_layout(layer, &layer->base.x, false, &x));
    DNNL_TRY(describe_layout(layer, &layer->base.y, false, &dy));
    DNNL_TRY(describe_backward_weights(layer, &x, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dnnl_memory_desc_t dw = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&dw, &layer->plain_weight);
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, made));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_SRC, X, &x));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_DST, DY, &dy));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_WEIGHTS, packed ? PACKED : DWEIGHT, &dw));
    if (layer->base.shape.bias) {
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_BIAS, DBIAS, &layer->bias));
    }
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &dw, PACKED, &layer->plain_weight, DWEIGHT, UNPACK);
}

/* A forward description with free or, where the library's wish is not a layout of ours, plain maps. Fills
 * layer->base.x, y.
 */
static dnnl_status_t choose_layouts(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                    dnnl_primitive_desc_t *description) {
    const tam_layer_shape *s = &layer->base.shape;
    const tam_layout y = {s->in.n, s->out, s->out_h, s->out_w, 1, s->out_dtype};
    for (int attempt = 0; attempt < 2; attempt++) {
        operation wanted;
        dnnl_memory_desc_t x_memory, y_memory;
        layer->base.x = s->in;
        layer->base.x.lanes = attempt == 0 ? s->in.lanes : 1;
        layer->base.y = y;
        DNNL_TRY(describe_layout(layer, &layer->base.x, attempt == 0, &x_memory));
        DNNL_TRY(describe_layout(layer, &layer->base.y, attempt == 0, &y_memory));
        DNNL_TRY(describe_forward(layer, &x_memory, any_weights, &y_memory, &wanted));
        DNNL_TRY(dnnl_primitive_desc_create(description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, NULL));
        if (recognise(layer, dnnl_primitive_desc_query_md(*description, dnnl_query_src_md, 0), &layer->base.x) &&
            recognise(layer, dnnl_primitive_desc_query_md(*description, dnnl_query_dst_md, 0), &layer->base.y)) {
            return dnnl_success;
        }
        (void)dnnl_primitive_desc_destroy(*description);
    }
    return dnnl_unimplemented;
}

static dnnl_status_t make_calls(tam_dnnl_layer *layer) {
    dnnl_memory_desc_t any_weights;
    dnnl_primitive_desc_t description, hint = NULL;
    DNNL_TRY(describe_weights(layer, &any_weights));
    DNNL_TRY(choose_layouts(layer, &any_weights, &description));
    dnnl_status_t status = dnnl_primitive_desc_clone(&hint, description);
    if (status != dnnl_success) {
        (void)dnnl_primitive_desc_destroy(description);
        return status;
    }
    dnnl_memory_desc_t weights = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    status = make_forward(layer, &weights, description);
    if (status == dnnl_success && layer->base.shape.training) {
        status = make_backward_data(layer, &any_weights, hint);
    }
    if (status == dnnl_success && layer->base.shape.training) {
        status = make_backward_weights(layer, &any_weights, hint);
    }
    (void)dnnl_primitive_desc_destroy(hint);
    return status;
}

static void free_calls(tam_dnnl_layer *layer) {
    for (int i = 0; i < CALLS; i++) {
        tam_dnnl_call_free(&layer->calls[i]);
    }
    layer->base.packed_bytes = 0;
}

/* Winograd's F(4x4, 3x3) takes 1.4 to 2.5 times less time than the direct convolution from about 32 channels on, with
 * errors of the same size; with fewer it is slower. The library has it for AVX-512 only. */
static bool suits_winograd(const tam_layer_shape *s) {
    enum { LEAST_CHANNELS = 32 };
    return s->op == TAM_LAYER_CONVOLUTION && s->kernel == 3 && s->stride == 1 && s->groups == 1 &&
           s->in.c >= LEAST_CHANNELS && s->out >= LEAST_CHANNELS;
}

static dnnl_status_t make_best_calls(tam_dnnl_layer *layer) {
    if (suits_winograd(&layer->base.shape)) {
        layer->algorithm = dnnl_convolution_winograd;
        if (make_calls(layer) == dnnl_success) {
            return dnnl_success;
        }
        free_calls(layer);
    }
    layer->algorithm = dnnl_convolution_direct;
    return make_calls(layer);
}

static void run(const tam_dnnl_layer *layer, int which, const tam_layer_memory *m) {
    void *const address[ROLES] = {
        [X] = (void *)(uintptr_t)m->x,
        [Y] = m->y,
        [DX] = m->dx,
        [DY] = (void *)(uintptr_t)m->dy,
        [WEIGHT] = (void *)(uintptr_t)m->weight,
        [BIAS] = (void *)(uintptr_t)m->bias,
        [DWEIGHT] = m->dweight,
        [DBIAS] = m->dbias,
        [PACKED] = m->packed,
        [SCRATCH] = m->scratch,
    };
    tam_dnnl_call_run(layer->dnnl, &layer->calls[which], address);
}

static void pack(tam_layer *base, const tam_layer_memory *memory) {
    run((tam_dnnl_layer *)base, PACK_FORWARD, memory);
}

static void forward(tam_layer *base, const tam_layer_memory *memory) {
    run((tam_dnnl_layer *)base, FORWARD, memory);
}

static void backward_data(tam_layer *base, const tam_layer_memory *memory) {
    run((tam_dnnl_layer *)base, PACK_DATA, memory);
    run((tam_dnnl_layer *)base, BACKWARD_DATA, memory);
}

static void backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    run((tam_dnnl_layer *)base, BACKWARD_WEIGHTS, memory);
    run((tam_dnnl_layer *)base, UNPACK, memory);
}

static void free_layer(tam_layer *base) {
    free_calls((tam_dnnl_layer *)base);
    tam_release(base->ctx, base);
}

static const tam_layer_kind kind = {pack, forward, backward_data, backward_weights, free_layer};

tam_status tam_layer_make_dnnl(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                               const tam_layer_shape *shape, tam_layer **out) {
    *out = NULL;
    (void)tuning;
    tam_dnnl_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    layer->base = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape};
    layer->dnnl = dnnl;
    dnnl_status_t status = make_best_calls(layer);
    if (status != dnnl_success) {
        free_layer(&layer->base);
        return tam_dnnl_translate(ctx, name, status);
    }
    for (int i = 0; i < CALLS; i++) {
        size_t bytes = layer->calls[i].scratch_bytes;
        layer->base.scratch_bytes = bytes > layer->base.scratch_bytes ? bytes : layer->base.scratch_bytes;
    }
    for (int i = 0; i < 3; i++) {
        layer->base.algorithm[i] = layer->algorithm == dnnl_convolution_winograd ? "winograd" : "direct";
    }
    *out = &layer->base;
    return TAM_OK;
}
