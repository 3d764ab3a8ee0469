#include "backend/cpu/dnnl_layer.h"

#include <dnnl.h>

#include "base/memory.h"
#include "base/team.h"

struct tam_dnnl {
    tam_ctx *ctx;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attributes;
};

/* What an argument of a call stands for; bind gives each its address. */
enum { X, Y, DX, DY, WEIGHT, BIAS, DWEIGHT, DBIAS, PACKED, SCRATCH, ROLES };
enum { CALL_ARGUMENTS = 5 };

/* A primitive with its arguments. */
typedef struct call {
    dnnl_primitive_t primitive; /* NULL: not needed */
    int count;
    int role[CALL_ARGUMENTS];
    dnnl_exec_arg_t argument[CALL_ARGUMENTS];
    size_t scratch_bytes;
} call;

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, PACK_FORWARD, PACK_DATA, UNPACK, CALLS };

struct tam_dnnl_layer {
    tam_dnnl *dnnl;
    tam_dnnl_shape shape;
    tam_layout x, y, dx;
    dnnl_alg_kind_t algorithm; /* of a convolution */
    call calls[CALLS];
    dnnl_memory_desc_t plain_weight, bias;
    size_t packed_bytes;
};

typedef union operation {
    dnnl_convolution_desc_t convolution;
    dnnl_inner_product_desc_t product;
} operation;

static tam_status translate(tam_ctx *ctx, const char *name, dnnl_status_t status) {
    if (status == dnnl_success) {
        return TAM_OK;
    }
    return tam_fail(ctx, status == dnnl_out_of_memory ? TAM_RESOURCES : TAM_INTERNAL,
                    "%s: oneDNN %d.%d cannot make this layer (status %d)", name, dnnl_version()->major,
                    dnnl_version()->minor, (int)status);
}

#define DNNL_TRY(expression)                       \
    do {                                           \
        dnnl_status_t dnnl_status_ = (expression); \
        if (dnnl_status_ != dnnl_success) {        \
            return dnnl_status_;                   \
        }                                          \
    } while (0)

tam_status tam_dnnl_create(tam_ctx *ctx, tam_dnnl **out) {
    *out = NULL;
    tam_dnnl *dnnl = tam_allocate(ctx, 1, sizeof *dnnl, "oneDNN's engine");
    if (dnnl == NULL) {
        return TAM_RESOURCES;
    }
    dnnl->ctx = ctx;
    dnnl_status_t status = dnnl_engine_create(&dnnl->engine, dnnl_cpu, 0);
    if (status == dnnl_success) {
        status = dnnl_stream_create(&dnnl->stream, dnnl->engine, dnnl_stream_in_order);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_create(&dnnl->attributes);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_set_scratchpad_mode(dnnl->attributes, dnnl_scratchpad_mode_user);
    }
    if (status != dnnl_success) {
        tam_dnnl_free(dnnl);
        return translate(ctx, "the engine", status);
    }
    *out = dnnl;
    return TAM_OK;
}

void tam_dnnl_free(tam_dnnl *dnnl) {
    if (dnnl == NULL) {
        return;
    }
    (void)dnnl_primitive_attr_destroy(dnnl->attributes);
    (void)dnnl_stream_destroy(dnnl->stream);
    (void)dnnl_engine_destroy(dnnl->engine);
    tam_release(dnnl->ctx, dnnl);
}

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

/* Calls. */

static dnnl_status_t add_argument(tam_dnnl_layer *layer, call *made, int kind, int role,
                                  const dnnl_memory_desc_t *memory) {
    int at = made->count++;
    made->role[at] = role;
    made->argument[at].arg = kind;
    return dnnl_memory_create(&made->argument[at].memory, memory, layer->dnnl->engine, DNNL_MEMORY_NONE);
}

/* Makes the primitive of a description, which it destroys, and its scratch argument. */
static dnnl_status_t make_call(tam_dnnl_layer *layer, dnnl_primitive_desc_t description, call *made) {
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    dnnl_status_t status = dnnl_primitive_create(&made->primitive, description);
    made->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    if (status == dnnl_success && made->scratch_bytes > 0) {
        status = add_argument(layer, made, DNNL_ARG_SCRATCHPAD, SCRATCH, scratch);
    }
    (void)dnnl_primitive_desc_destroy(description);
    return status;
}

/* A reorder between two roles, unless both lie alike; *role then names the plain side for the layer's call. */
static dnnl_status_t make_reorder(tam_dnnl_layer *layer, const dnnl_memory_desc_t *from, int from_role,
                                  const dnnl_memory_desc_t *to, int to_role, call *made) {
    dnnl_primitive_desc_t description;
    dnnl_engine_t engine = layer->dnnl->engine;
    DNNL_TRY(dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, layer->dnnl->attributes));
    DNNL_TRY(make_call(layer, description, made));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_FROM, from_role, from));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_TO, to_role, to));
    const dnnl_memory_desc_t *packed = from_role == PACKED ? from : to;
    size_t bytes = dnnl_memory_desc_get_size(packed);
    layer->packed_bytes = bytes > layer->packed_bytes ? bytes : layer->packed_bytes;
    return dnnl_success;
}

static dnnl_status_t describe_forward(const tam_dnnl_layer *layer, const dnnl_memory_desc_t *x,
                                      const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *y, operation *made) {
    const tam_dnnl_shape *s = &layer->shape;
    dnnl_prop_kind_t kind = s->training ? dnnl_forward_training : dnnl_forward_inference;
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
    call *made = &layer->calls[FORWARD];
    /* Copies: make_call destroys the description. */
    dnnl_memory_desc_t x = *dnnl_primitive_desc_query_md(description, dnnl_query_src_md, 0);
    dnnl_memory_desc_t y = *dnnl_primitive_desc_query_md(description, dnnl_query_dst_md, 0);
    bool packed = !dnnl_memory_desc_equal(weights, &layer->plain_weight);
    DNNL_TRY(make_call(layer, description, made));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_SRC, X, &x));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_DST, Y, &y));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_WEIGHTS, packed ? PACKED : WEIGHT, weights));
    if (layer->shape.bias) {
        DNNL_TRY(add_argument(layer, made, DNNL_ARG_BIAS, BIAS, &layer->bias));
    }
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &layer->plain_weight, WEIGHT, weights, PACKED, &layer->calls[PACK_FORWARD]);
}

static dnnl_status_t make_backward_data(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                        dnnl_primitive_desc_t hint) {
    operation wanted;
    dnnl_primitive_desc_t description;
    dnnl_memory_desc_t dx, dy;
    call *made = &layer->calls[BACKWARD_DATA];
    layer->dx = layer->x;
    DNNL_TRY(describe_layout(layer, &layer->dx, layer->shape.free_gradient, &dx));
    DNNL_TRY(describe_layout(layer, &layer->y, false, &dy));
    DNNL_TRY(describe_backward_data(layer, &dx, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dx = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_src_md, 0);
    dnnl_memory_desc_t weights = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&weights, &layer->plain_weight);
    DNNL_TRY(make_call(layer, description, made));
    if (!recognise(layer, &dx, &layer->dx)) {
        return dnnl_unimplemented;
    }
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_DIFF_SRC, DX, &dx));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_DIFF_DST, DY, &dy));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_WEIGHTS, packed ? PACKED : WEIGHT, &weights));
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &layer->plain_weight, WEIGHT, &weights, PACKED, &layer->calls[PACK_DATA]);
}

static dnnl_status_t make_backward_weights(tam_dnnl_layer *layer, const dnnl_memory_desc_t *any_weights,
                                           dnnl_primitive_desc_t hint) {
    operation wanted;
    dnnl_primitive_desc_t description;
    dnnl_memory_desc_t x, dy;
    call *made = &layer->calls[BACKWARD_WEIGHTS];
    DNNL_TRY(describe_layout(layer, &layer->x, false, &x));
    DNNL_TRY(describe_layout(layer, &layer->y, false, &dy));
    DNNL_TRY(describe_backward_weights(layer, &x, any_weights, &dy, &wanted));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &wanted, layer->dnnl->attributes, layer->dnnl->engine, hint));
    dnnl_memory_desc_t dw = *dnnl_primitive_desc_query_md(description, dnnl_query_diff_weights_md, 0);
    bool packed = !dnnl_memory_desc_equal(&dw, &layer->plain_weight);
    DNNL_TRY(make_call(layer, description, made));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_SRC, X, &x));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_DIFF_DST, DY, &dy));
    DNNL_TRY(add_argument(layer, made, DNNL_ARG_DIFF_WEIGHTS, packed ? PACKED : DWEIGHT, &dw));
    if (layer->shape.bias) {
        DNNL_TRY(add_argument(layer, made, DNNL_ARG_DIFF_BIAS, DBIAS, &layer->bias));
    }
    if (!packed) {
        return dnnl_success;
    }
    return make_reorder(layer, &dw, PACKED, &layer->plain_weight, DWEIGHT, &layer->calls[UNPACK]);
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
        call *made = &layer->calls[i];
        for (int k = 0; k < made->count; k++) {
            (void)dnnl_memory_destroy(made->argument[k].memory);
        }
        if (made->primitive != NULL) {
            (void)dnnl_primitive_destroy(made->primitive);
        }
        *made = (call){0};
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
        return translate(ctx, name, status);
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
        call *bound = &layer->calls[i];
        for (int k = 0; k < bound->count; k++) {
            TAM_TRY(translate(ctx, "the memory of a layer",
                              dnnl_memory_set_data_handle(bound->argument[k].memory, address[bound->role[k]])));
        }
    }
    return TAM_OK;
}

/* Fails only for arguments that bind has not set: our own fault. */
static void execute(const tam_dnnl_layer *layer, int which) {
    const call *called = &layer->calls[which];
    if (called->primitive != NULL) {
        (void)dnnl_primitive_execute(called->primitive, layer->dnnl->stream, called->count, called->argument);
    }
}

void tam_dnnl_layer_forward(tam_dnnl_layer *layer, bool pack) {
    if (pack) {
        execute(layer, PACK_FORWARD);
    }
    execute(layer, FORWARD);
}

void tam_dnnl_layer_backward_data(tam_dnnl_layer *layer) {
    execute(layer, PACK_DATA);
    execute(layer, BACKWARD_DATA);
}

void tam_dnnl_layer_backward_weights(tam_dnnl_layer *layer) {
    execute(layer, BACKWARD_WEIGHTS);
    execute(layer, UNPACK);
}

void tam_dnnl_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    int threads = tam_team_confine();
    (void)dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    tam_team_spread(threads);
}
