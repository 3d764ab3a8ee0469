/* Layers with weights: convolutions and full layers. Who computes one (oneDNN by one of its algorithms, or a kernel of
 * our own) is a table, chosen when the layer is made; the plan sees this interface only.
 *
 * Memory is named at each call: a value may lie elsewhere in backward than it did in forward. */
#ifndef BACKEND_CPU_CPU_LAYER_H
#define BACKEND_CPU_CPU_LAYER_H

#include "backend/cpu/plan/cpu_layout.h"
#include "backend/tuning.h"

/* oneDNN's engine and stream; one per plan. */
typedef struct tam_dnnl tam_dnnl;
TAM_MUST_USE tam_status tam_dnnl_create(tam_ctx *ctx, tam_dnnl **out);
void tam_dnnl_free(tam_dnnl *dnnl);

typedef enum tam_layer_op { TAM_LAYER_CONVOLUTION, TAM_LAYER_FULL } tam_layer_op;

typedef struct tam_layer_shape {
    tam_layer_op op;
    tam_layout in;       /* as x is now: the layer may wish for other lanes, or another dtype */
    tam_dtype dtype;     /* of the products' factors */
    tam_dtype out_dtype; /* of y and dy */
    int out;             /* channels */
    int out_h, out_w;
    tam_window window; /* convolution only */
    int groups;
    bool bias;
    bool training;      /* backward too */
    bool free_gradient; /* dx may have its own layout (the net's input) */
    bool deterministic; /* the same bits on any number of threads */
    /* Inference only, if the layer can (tam_layer.fused): y = act(w x + b + added). added has y's layout. */
    bool add, prelu, relu, relu6;
} tam_layer_shape;

static inline bool tam_layer_is_square(const tam_layer_shape *shape) {
    return shape->window.kernel_h == shape->window.kernel_w && shape->window.pad_h == shape->window.pad_w;
}

/* Memory of a call. Weights, biases and slopes are plain f32 arrays, row-major as in graph.h. */
typedef struct tam_layer_memory {
    const void *x, *dy, *added;
    void *y, *dx;
    const float *weight, *bias, *slope;
    float *dweight, *dbias; /* overwritten */
    void *packed, *scratch;
} tam_layer_memory;

typedef struct tam_layer tam_layer;

typedef struct tam_layer_kind {
    /* Writes the weights to `packed` as forward likes them; before each forward in training, after each change of the
     * weights in inference (optional). */
    void (*pack)(tam_layer *layer, const tam_layer_memory *memory);
    void (*forward)(tam_layer *layer, const tam_layer_memory *memory);
    /* May use `packed` for their own purpose: in training it is nobody's between two calls. */
    void (*backward_data)(tam_layer *layer, const tam_layer_memory *memory);
    void (*backward_weights)(tam_layer *layer, const tam_layer_memory *memory);
    void (*free)(tam_layer *layer);
} tam_layer_kind;

/* The head of every kind's own structure. */
struct tam_layer {
    const tam_layer_kind *kind;
    tam_ctx *ctx;
    tam_layer_shape shape;
    /* What was chosen: dy has y's layout, dx has x's unless free_gradient was set. */
    tam_layout x, y, dx;
    /* Scratch memory that a call needs; all layers of a plan share one. */
    size_t scratch_bytes;
    /* Room for `packed`; 0: forward reads the weights as they are. In training all layers of a plan share one; in
     * inference each keeps its own. */
    size_t packed_bytes;
    /* "winograd", "direct", "depthwise", ...: forward, backward data, backward weights; static. */
    const char *algorithm[3];
    bool fused; /* forward does what shape asks for with add, prelu, relu and relu6; else it leaves it undone */
};

/* One that asks for nothing but the shape: makes the layer, or leaves *out NULL with TAM_OK where the shape does not
 * suit it or another computes it faster. One file, and one line in cpu_layers.def. */
typedef tam_status (*tam_layer_maker)(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                      const tam_layer_shape *shape, tam_layer **out);

#define X(name)                                                                                           \
    tam_status tam_layer_make_##name(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *layer, \
                                     const tam_layer_shape *shape, tam_layer **out);
#include "backend/cpu/layer/cpu_layers.def"
#undef X

/* Chooses by rule, or by `tuning` where there is one (NULL: none). Fails with TAM_RESOURCES or, if nobody computes such
 * a layer, TAM_INTERNAL; `name` is for the sentence. Inside tam_team_enter. */
TAM_MUST_USE tam_status tam_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                         const tam_layer_shape *shape, tam_layer **out);
void tam_layer_free(tam_layer *layer);

/* Whether layers can be computed in bf16 here, and whether that is the faster way (matrix units): as oneDNN sees the
 * processor, so that DNNL_MAX_CPU_ISA counts. Without bf16 a plan computes in f32. */
bool tam_layer_has_bf16(void);
bool tam_layer_suits_bf16(void);

#endif
