#include "backend/cpu/dnnl_layer.h"

#include "backend/cpu/dnnl_call.h"
#include "base/memory.h"

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, PACK_FORWARD, PACK_DATA, UNPACK, CALLS };

struct tam_dnnl_layer {
    tam_dnnl *dnnl;
    tam_dnnl_shape shape;
    tam_layout x, y, dx;
    dnnl_alg_kind_t algorithm; /* of a convolution */
    tam_dnnl_call calls[CALLS];
    dnnl_memory_desc_t plain_weight, bias;
    size_t packed_bytes;
};

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
    if (layer->shape.kind == TAM_DNNL_FULLY_CONNECTED) {
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
    if (layer->shape.kind == TAM_DNNL_FULLY_CONNECTED) {
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
    const tam_dnnl_shape *s = &layer->shape;
    dnnl_dims_t bias = {s->out};
    if (s->bias) {
        DNNL_TRY(dnnl_memory_desc_init_by_tag(&layer->bias, 1, bias, dnnl_f32, dnnl_x));
    }
    if (s->kind == TAM_DNNL_FULLY_CONNECTED) {
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
    layer->packed_bytes = bytes > layer->packed_bytes ? bytes : layer->packed_bytes;
    return tam_dnnl_call_reorder(layer->dnnl, from, from_role, to, to_role, &layer->calls[which]);
}

static dnnl_status_t describe_forward(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *x,
                                      const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *y, operation *made) {
    const tam_dnnl_shape *s = &layer->shape;
    /* In inference too: asked for inference the library takes other kernels for some layers, in NHWC, and a slower
     * Winograd; the changes of layout between them cost more than they save. */
    const dnnl_prop_kind_t kind = dnnl_forward_training;
    const dnnl_memory_desc_t *bias = s->bias ? &layer->bias : NULL;
    if (s->kind == TAM_DNNL_FULLY_CONNECTED) {
        return dnnl_inner_product_forward_desc_init(&made->product, kind, x, w, bias, y);
    }
    dnnl_dims_t stride = {s->stride, s->stride}, pad = {s->pad, s->pad};
    return dnnl_convolution_forward_desc_init(&made->convolution, kind, layer->algorithm, x, w, bias, y, stride, pad,
                                              pad);
}

static dnnl_status_t describe_backward_data(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *dx,
                                            const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *dy,
                                            operation *made) {
    const tam_dnnl_shape *s = &layer->shape;
    if (s->kind == TAM_DNNL_FULLY_CONNECTED) {
        return dnnl_inner_product_backward_data_desc_init(&made->product, dx, w, dy);
    }
    dnnl_dims_t stride = {s->stride, s->stride}, pad = {s->pad, s->pad};
    return dnnl_convolution_backward_data_desc_init(&made->convolution, layer->algorithm, dx, w, dy, stride, pad, pad);
}

static dnnl_status_t describe_backward_weights(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *x,
                                               const dnnl_memory_desc_t *dw, const dnnl_memory_desc_t *dy,
                                               operation *made) {
    const tam_dnnl_shape *s = &layer->shape;
    const dnnl_memory_desc_t *bias = s->bias ? &layer->bias : NULL;
    if (s->kind == TAM_DNNL_FULLY_CONNECTED) {
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
    if (layer->shape.bias) {
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
    layer->dx = layer->x;
    DNNL_TRY(describe_layout(layer, &layer->dx, layer->shape.free_gradient, &dx));
    DNNL_TRY(describe_layout(layer, &layer->y, false, &dy));
    DNNL_TRY(describe_backward_data(layer, &dx, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dx = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_src_md, 0);
    dnnl_memory_desc_t weights = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&weights, &layer->plain_weight);
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, made));
    if (!recognise(layer, &dx, &layer->dx)) {
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
    DNNL_TRY(describe_layout(layer, &layer->x, false, &x));
    DNNL_TRY(describe_layout(layer, &layer->y, false, &dy));
    DNNL_TRY(describe_backward_weights(layer, &x, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dnnl_memory_desc_t dw = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&dw, &layer->plain_weight);
    DNNL_TRY(tam_dnnl_call_make(layer->dnnl, description, made));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_SRC, X, &x));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_DST, DY, &dy));
    DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_WEIGHTS, packed ? PACKED : DWEIGHT, &dw));
    if (layer->shape.bias) {
        DNNL_TRY(tam_dnnl_call_argument(layer->dnnl, made, DNNL_ARG_DIFF_BIAS, DBIAS, &layer->bias));
    }
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &dw, PACKED, &layer->plain_weight, DWEIGHT, UNPACK);
}

/* A forward description with free or, where the library's wish is not a layout of ours, plain maps. Fills layer->x, y.
 */
static dnnl_status_t choose_layouts(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                    dnnl_primitive_desc_t *description) {
    const tam_dnnl_shape *s = &layer->shape;
    const tam_layout y = {s->in.n, s->out, s->out_h, s->out_w, 1};
    for (int attempt = 0; attempt < 2; attempt++) {
        operation wanted;
        dnnl_memory_desc_t x_memory, y_memory;
        layer->x = s->in;
        layer->x.lanes = attempt == 0 ? s->in.lanes : 1;
        layer->y = y;
        DNNL_TRY(describe_layout(layer, &layer->x, attempt == 0, &x_memory));
        DNNL_TRY(describe_layout(layer, &layer->y, attempt == 0, &y_memory));
        DNNL_TRY(describe_forward(layer, &x_memory, any_weights, &y_memory, &wanted));
        DNNL_TRY(dnnl_primitive_desc_create(description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, NULL));
        if (recognise(layer, dnnl_primitive_desc_query_md(*description, dnnl_query_src_md, 0), &layer->x) &&
            recognise(layer, dnnl_primitive_desc_query_md(*description, dnnl_query_dst_md, 0), &layer->y)) {
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
    if (status == dnnl_success && layer->shape.training) {
        status = make_backward_data(layer, &any_weights, hint);
    }
    if (status == dnnl_success && layer->shape.training) {
        status = make_backward_weights(layer, &any_weights, hint);
    }
    (void)dnnl_primitive_desc_destroy(hint);
    return status;
}

static void free_calls(tam_dnnl_layer *layer) {
    for (int i = 0; i < CALLS; i++) {
        tam_dnnl_call_free(&layer->calls[i]);
    }
    layer->packed_bytes = 0;
}

/* Winograd's F(4x4, 3x3) takes 1.4 to 2.5 times less time than the direct convolution from about 32 channels on, with
 * errors of the same size; with fewer it is slower. The library has it for AVX-512 only. */
static bool suits_winograd(const tam_dnnl_shape *s) {
    enum { LEAST_CHANNELS = 32 };
    return s->kind == TAM_DNNL_CONVOLUTION && s->kernel == 3 && s->stride == 1 && s->groups == 1 &&
           s->in.c >= LEAST_CHANNELS && s->out >= LEAST_CHANNELS;
}

static dnnl_status_t make_best_calls(tam_dnnl_layer *layer) {
    if (suits_winograd(&layer->shape)) {
        layer->algorithm = dnnl_convolution_winograd;
        if (make_calls(layer) == dnnl_success) {
            return dnnl_success;
        }
        free_calls(layer);
    }
    layer->algorithm = dnnl_convolution_direct;
    return make_calls(layer);
}

tam_status tam_dnnl_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, const char *name, const tam_dnnl_shape *shape,
                                 tam_dnnl_layer **out) {
    *out = NULL;
    tam_dnnl_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    layer->dnnl = dnnl;
    layer->shape = *shape;
    dnnl_status_t status = make_best_calls(layer);
    if (status != dnnl_success) {
        tam_dnnl_layer_free(layer);
        return tam_dnnl_translate(ctx, name, status);
    }
    *out = layer;
    return TAM_OK;
}

void tam_dnnl_layer_free(tam_dnnl_layer *layer) {
    if (layer != NULL) {
        free_calls(layer);
        tam_release(layer->dnnl->ctx, layer);
    }
}

tam_layout tam_dnnl_layer_x(const tam_dnnl_layer *layer) {
    return layer->x;
}

tam_layout tam_dnnl_layer_y(const tam_dnnl_layer *layer) {
    return layer->y;
}

tam_layout tam_dnnl_layer_dx(const tam_dnnl_layer *layer) {
    return layer->dx;
}

size_t tam_dnnl_layer_scratch_bytes(const tam_dnnl_layer *layer) {
    size_t most = 0;
    for (int i = 0; i < CALLS; i++) {
        most = layer->calls[i].scratch_bytes > most ? layer->calls[i].scratch_bytes : most;
    }
    return most;
}

size_t tam_dnnl_layer_packed_bytes(const tam_dnnl_layer *layer) {
    return layer->packed_bytes;
}

tam_status tam_dnnl_layer_bind(tam_ctx *ctx, tam_dnnl_layer *layer, const tam_dnnl_memory *memory) {
    void *const address[ROLES] = {
        [X] = memory->x,
        [Y] = memory->y,
        [DX] = memory->dx,
        [DY] = memory->dy,
        [WEIGHT] = memory->weight,
        [BIAS] = memory->bias,
        [DWEIGHT] = memory->dweight,
        [DBIAS] = memory->dbias,
        [PACKED] = memory->packed,
        [SCRATCH] = memory->scratch,
    };
    for (int i = 0; i < CALLS; i++) {
        dnnl_status_t status = tam_dnnl_call_bind(&layer->calls[i], address);
        if (status != dnnl_success) {
            return tam_dnnl_translate(ctx, "the memory of a layer", status);
        }
    }
    return TAM_OK;
}

void tam_dnnl_layer_forward(tam_dnnl_layer *layer, bool pack) {
    if (pack) {
        tam_dnnl_call_run(layer->dnnl, &layer->calls[PACK_FORWARD]);
    }
    tam_dnnl_call_run(layer->dnnl, &layer->calls[FORWARD]);
}

void tam_dnnl_layer_backward_data(tam_dnnl_layer *layer) {
    tam_dnnl_call_run(layer->dnnl, &layer->calls[PACK_DATA]);
    tam_dnnl_call_run(layer->dnnl, &layer->calls[BACKWARD_DATA]);
}

void tam_dnnl_layer_backward_weights(tam_dnnl_layer *layer) {
    tam_dnnl_call_run(layer->dnnl, &layer->calls[BACKWARD_WEIGHTS]);
    tam_dnnl_call_run(layer->dnnl, &layer->calls[UNPACK]);
}
