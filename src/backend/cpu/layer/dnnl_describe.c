#include "backend/cpu/layer/dnnl_describe.h"

#include <string.h>

typedef union operation {
    dnnl_convolution_desc_t convolution;
    dnnl_inner_product_desc_t product;
} operation;

/* The memory that an operation speaks of; bias is NULL where there is none. */
typedef struct operands {
    dnnl_memory_desc_t x, weight, y, bias_memory;
    const dnnl_memory_desc_t *bias;
} operands;

static dnnl_data_type_t type_of(tam_dtype dtype) {
    return dtype == TAM_BF16 ? dnnl_bf16 : dnnl_f32;
}

dnnl_status_t tam_dnnl_describe_layout(const tam_layer_shape *shape, const tam_layout *layout,
                                       dnnl_memory_desc_t *memory) {
    if (shape->op == TAM_LAYER_FULL) {
        dnnl_dims_t size = {layout->n, layout->c};
        return dnnl_memory_desc_init_by_tag(memory, 2, size, type_of(layout->dtype), dnnl_nc);
    }
    dnnl_dims_t size = {layout->n, layout->c, layout->h, layout->w};
    dnnl_format_tag_t tag = layout->lanes == 0           ? dnnl_format_tag_any
                            : layout->lanes == 1         ? dnnl_nchw
                            : layout->lanes == layout->c ? dnnl_nhwc
                            : layout->lanes == 16        ? dnnl_nChw16c
                            : layout->lanes == 8         ? dnnl_nChw8c
                            : layout->lanes == 4         ? dnnl_nChw4c
                                                         : dnnl_format_tag_undef;
    return dnnl_memory_desc_init_by_tag(memory, 4, size, type_of(layout->dtype), tag);
}

bool tam_dnnl_recognise(const tam_layer_shape *shape, const dnnl_memory_desc_t *memory, tam_layout *layout) {
    /* a map of one pixel lies the same way in NCHW and NHWC: of equals the first is taken, and kernels ask for NHWC */
    const int plain = tam_layout_pixels(layout) == 1 ? layout->c : 1;
    const int lanes[] = {layout->lanes, plain, 1, 16, 8, 4, layout->c};
    if (shape->op == TAM_LAYER_FULL) {
        layout->lanes = layout->c;
        return true;
    }
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        dnnl_memory_desc_t candidate;
        layout->lanes = lanes[i];
        if (lanes[i] > 0 && tam_dnnl_describe_layout(shape, layout, &candidate) == dnnl_success &&
            dnnl_memory_desc_equal(&candidate, memory)) {
            return true;
        }
    }
    return false;
}

static dnnl_status_t describe_weight(const tam_layer_shape *s, dnnl_data_type_t type, bool any,
                                     dnnl_memory_desc_t *memory) {
    if (s->op == TAM_LAYER_FULL) {
        dnnl_dims_t size = {s->out, s->in.c};
        return dnnl_memory_desc_init_by_tag(memory, 2, size, type, any ? dnnl_format_tag_any : dnnl_oi);
    }
    if (s->groups == 1) {
        dnnl_dims_t size = {s->out, s->in.c, s->window.kernel_h, s->window.kernel_w};
        return dnnl_memory_desc_init_by_tag(memory, 4, size, type, any ? dnnl_format_tag_any : dnnl_oihw);
    }
    dnnl_dims_t size = {s->groups, s->out / s->groups, s->in.c / s->groups, s->window.kernel_h, s->window.kernel_w};
    return dnnl_memory_desc_init_by_tag(memory, 5, size, type, any ? dnnl_format_tag_any : dnnl_goihw);
}

dnnl_status_t tam_dnnl_describe_plain_weight(const tam_layer_shape *shape, dnnl_memory_desc_t *memory) {
    return describe_weight(shape, dnnl_f32, false, memory);
}

dnnl_status_t tam_dnnl_describe_bias(const tam_layer_shape *shape, dnnl_memory_desc_t *memory) {
    dnnl_dims_t size = {shape->out};
    return dnnl_memory_desc_init_by_tag(memory, 1, size, dnnl_f32, dnnl_x);
}

/* Winograd's weights are transformed when they are packed where the library is told that nobody trains them. That pays
 * for few pixels; for many its other form is up to 1.7 times faster, although it transforms them anew each time. The
 * direct kernels are the same either way, but free to choose the library would take NHWC for inference. */
static dnnl_prop_kind_t kind_of_forward(const tam_layer_shape *s, dnnl_alg_kind_t algorithm) {
    enum { MANY_PIXELS = 1536 };
    bool few = (int64_t)s->in.n * s->out_h * s->out_w < MANY_PIXELS;
    return !s->training && algorithm == dnnl_convolution_winograd && few ? dnnl_forward_inference
                                                                         : dnnl_forward_training;
}

static dnnl_status_t describe_convolution(const tam_layer_shape *s, dnnl_alg_kind_t algorithm,
                                          tam_dnnl_direction direction, const operands *m,
                                          dnnl_convolution_desc_t *made) {
    const tam_window *w = &s->window;
    dnnl_dims_t stride = {w->stride, w->stride}, pad = {w->pad_h, w->pad_w};
    switch (direction) {
    case FORWARD:
        return dnnl_convolution_forward_desc_init(made, kind_of_forward(s, algorithm), algorithm, &m->x, &m->weight,
                                                  m->bias, &m->y, stride, pad, pad);
    case BACKWARD_DATA:
        return dnnl_convolution_backward_data_desc_init(made, algorithm, &m->x, &m->weight, &m->y, stride, pad, pad);
    case BACKWARD_WEIGHTS:
        return dnnl_convolution_backward_weights_desc_init(made, algorithm, &m->x, &m->weight, m->bias, &m->y, stride,
                                                           pad, pad);
    case DIRECTIONS:
        break;
    }
    return dnnl_invalid_arguments;
}

static dnnl_status_t describe_product(tam_dnnl_direction direction, const operands *m,
                                      dnnl_inner_product_desc_t *made) {
    switch (direction) {
    case FORWARD:
        return dnnl_inner_product_forward_desc_init(made, dnnl_forward_training, &m->x, &m->weight, m->bias, &m->y);
    case BACKWARD_DATA:
        return dnnl_inner_product_backward_data_desc_init(made, &m->x, &m->weight, &m->y);
    case BACKWARD_WEIGHTS:
        return dnnl_inner_product_backward_weights_desc_init(made, &m->x, &m->weight, m->bias, &m->y);
    case DIRECTIONS:
        break;
    }
    return dnnl_invalid_arguments;
}

static dnnl_status_t describe_operands(const tam_layer_shape *s, const tam_dnnl_choice *choice,
                                       tam_dnnl_direction direction, operands *made) {
    tam_layout x = s->in;
    x.lanes = direction == BACKWARD_DATA ? choice->dx_lanes : choice->x_lanes;
    x.dtype = s->dtype;
    tam_dtype y_dtype = direction == FORWARD ? s->out_dtype : s->dtype;
    const tam_layout y = {s->in.n, s->out, s->out_h, s->out_w, choice->y_lanes, y_dtype};
    made->bias = s->bias ? &made->bias_memory : NULL;
    if (s->bias) {
        DNNL_TRY(tam_dnnl_describe_bias(s, &made->bias_memory));
    }
    DNNL_TRY(tam_dnnl_describe_layout(s, &x, &made->x));
    DNNL_TRY(tam_dnnl_describe_layout(s, &y, &made->y));
    return describe_weight(s, direction == BACKWARD_WEIGHTS ? dnnl_f32 : type_of(s->dtype), true, &made->weight);
}

static const char *implementation(const_dnnl_primitive_desc_t description) {
    const char *name = NULL;
    (void)dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
    return name != NULL ? name : "";
}

/* Without matrix registers the library's own kernels for bf16 are wrong, by more than the largest result, where a
 * convolution with a window reads fewer than 16 channels (seen in 2.6 with 2 to 15 channels and windows of 3, 5 and 7,
 * in two of its kernels alike). Its products of patches are right. */
static bool is_wrong(const tam_layer_shape *shape, const_dnnl_primitive_desc_t description) {
    enum { LEAST_CHANNELS = 16 };
    static const char *const right[] = {"amx", "gemm", "ref", "1x1", "_dw"};
    const char *name = implementation(description);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        if (strstr(name, right[i]) != NULL) {
            return false;
        }
    }
    return shape->op == TAM_LAYER_CONVOLUTION && shape->dtype == TAM_BF16 && shape->in.c < LEAST_CHANNELS;
}

/* The first that the library offers and that is right. */
static dnnl_status_t describe_right(const tam_dnnl *dnnl, const_dnnl_primitive_attr_t attributes,
                                    const tam_layer_shape *shape, const operation *wanted,
                                    const_dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *made) {
    dnnl_primitive_desc_iterator_t offers;
    DNNL_TRY(dnnl_primitive_desc_iterator_create(&offers, wanted, attributes, dnnl->engine, hint));
    dnnl_status_t status = dnnl_success;
    dnnl_primitive_desc_t offer = NULL;
    while (status == dnnl_success) {
        offer = dnnl_primitive_desc_iterator_fetch(offers);
        if (offer == NULL || !is_wrong(shape, offer)) {
            break;
        }
        (void)dnnl_primitive_desc_destroy(offer);
        status = dnnl_primitive_desc_iterator_next(offers);
    }
    (void)dnnl_primitive_desc_iterator_destroy(offers);
    if (status != dnnl_success) { /* also at the end of all offers */
        return status == dnnl_iterator_ends ? dnnl_unimplemented : status;
    }
    *made = offer;
    return offer == NULL ? dnnl_out_of_memory : dnnl_success;
}

static dnnl_status_t describe_with(const tam_dnnl *dnnl, const_dnnl_primitive_attr_t attributes,
                                   const tam_layer_shape *shape, const tam_dnnl_choice *choice,
                                   tam_dnnl_direction direction, const_dnnl_primitive_desc_t hint,
                                   dnnl_primitive_desc_t *made) {
    operands memory;
    operation wanted;
    DNNL_TRY(describe_operands(shape, choice, direction, &memory));
    if (shape->op == TAM_LAYER_FULL) {
        DNNL_TRY(describe_product(direction, &memory, &wanted.product));
    } else {
        DNNL_TRY(describe_convolution(shape, choice->algorithm[direction], direction, &memory, &wanted.convolution));
    }
    return describe_right(dnnl, attributes, shape, &wanted, hint, made);
}

dnnl_status_t tam_dnnl_describe(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *choice,
                                tam_dnnl_direction direction, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *made) {
    return describe_with(dnnl, dnnl->attributes, shape, choice, direction, hint, made);
}

static dnnl_status_t append(const tam_layer_shape *shape, const tam_dnnl_choice *choice, dnnl_post_ops_t list) {
    enum { BY_CHANNEL = 1 << 1 };
    if (shape->add) {
        const tam_layout y = {shape->in.n, shape->out, shape->out_h, shape->out_w, choice->y_lanes, shape->out_dtype};
        dnnl_memory_desc_t added;
        DNNL_TRY(tam_dnnl_describe_layout(shape, &y, &added));
        DNNL_TRY(dnnl_post_ops_append_binary(list, dnnl_binary_add, &added));
    }
    if (shape->prelu) {
        DNNL_TRY(dnnl_post_ops_append_prelu(list, BY_CHANNEL));
    }
    if (shape->relu6) {
        DNNL_TRY(dnnl_post_ops_append_eltwise(list, 1.0f, dnnl_eltwise_clip, 0.0f, 6.0f));
    }
    return shape->relu ? dnnl_post_ops_append_eltwise(list, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f) : dnnl_success;
}

dnnl_status_t tam_dnnl_describe_fused(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *choice,
                                      dnnl_primitive_desc_t *made) {
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t list = NULL;
    DNNL_TRY(dnnl_primitive_attr_clone(&attributes, dnnl->attributes));
    dnnl_status_t status = dnnl_post_ops_create(&list);
    if (status == dnnl_success) {
        status = append(shape, choice, list);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_set_post_ops(attributes, list);
    }
    if (status == dnnl_success) {
        status = describe_with(dnnl, attributes, shape, choice, FORWARD, NULL, made);
    }
    (void)dnnl_post_ops_destroy(list);
    (void)dnnl_primitive_attr_destroy(attributes);
    return status;
}

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

bool tam_dnnl_is_slow(const tam_layer_shape *shape, const_dnnl_primitive_desc_t description) {
    const char *name = implementation(description);
    return starts_with(name, "ref") || (shape->op == TAM_LAYER_CONVOLUTION && starts_with(name, "gemm:"));
}

const char *tam_dnnl_algorithm_name(const_dnnl_primitive_desc_t description) {
    static const char *const names[][2] = {
        {"wino", "winograd"},   {"brgconv_1x1", "1x1"}, {"1x1", "1x1"},      {"_dw", "depthwise"},
        {"brgconv", "brgconv"}, {"brgemm", "product"},  {"gemm", "product"}, {"ref", "reference"},
    };
    const char *name = implementation(description);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strstr(name, names[i][0]) != NULL) {
            return names[i][1];
        }
    }
    return "direct";
}
