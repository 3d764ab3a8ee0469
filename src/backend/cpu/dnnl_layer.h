/* oneDNN: the layers with weights, and products. The files dnnl_*.c alone call the library (2.6, C interface): another
 * version of it changes nothing else.
 *
 * Creating a layer makes its primitives and lets the library choose layouts; the plan then lays out memory and binds
 * it; running takes no memory of ours and only the library's small notes per call (the scratch memory is ours too). */
#ifndef BACKEND_CPU_DNNL_LAYER_H
#define BACKEND_CPU_DNNL_LAYER_H

#include "backend/cpu/cpu_layout.h"

/* The library's engine and stream; one per plan. */
typedef struct tam_dnnl tam_dnnl;
TAM_MUST_USE tam_status tam_dnnl_create(tam_ctx *ctx, tam_dnnl **out);
void tam_dnnl_free(tam_dnnl *dnnl);

typedef enum tam_dnnl_kind { TAM_DNNL_CONVOLUTION, TAM_DNNL_FULLY_CONNECTED } tam_dnnl_kind;

typedef struct tam_dnnl_shape {
    tam_dnnl_kind kind;
    tam_layout in; /* as x is now: the layer may wish for other lanes */
    int out;       /* channels */
    int out_h, out_w;
    int kernel, stride, pad, groups; /* convolution only */
    bool bias;
    bool training;      /* backward too */
    bool free_gradient; /* dx may have its own layout (the net's input) */
} tam_dnnl_shape;

typedef struct tam_dnnl_layer tam_dnnl_layer;

/* Fails with TAM_RESOURCES or, if the library has no such layer, TAM_INTERNAL; `name` is for the sentence. */
TAM_MUST_USE tam_status tam_dnnl_layer_create(tam_ctx *ctx, tam_dnnl *dnnl, const char *name,
                                              const tam_dnnl_shape *shape, tam_dnnl_layer **out);
void tam_dnnl_layer_free(tam_dnnl_layer *layer);

/* What was chosen. dy has y's layout, and dx has x's unless free_gradient was set. */
tam_layout tam_dnnl_layer_x(const tam_dnnl_layer *layer);
tam_layout tam_dnnl_layer_y(const tam_dnnl_layer *layer);
tam_layout tam_dnnl_layer_dx(const tam_dnnl_layer *layer);
/* Scratch memory that a call needs; all layers of a plan share one. */
size_t tam_dnnl_layer_scratch_bytes(const tam_dnnl_layer *layer);
/* Room for the weights, or their gradient, in the library's layout (0: it takes them plain). In training all layers of
 * a plan may share one, since every call packs anew; in inference each layer keeps its own. */
size_t tam_dnnl_layer_packed_bytes(const tam_dnnl_layer *layer);

/* Memory of a layer; all plain arrays of the caller. Backward's may be NULL in inference, bias where there is none. */
typedef struct tam_dnnl_memory {
    float *x, *y, *dx, *dy;
    float *weight, *bias, *dweight, *dbias; /* row-major as in graph.h */
    void *packed, *scratch;
} tam_dnnl_memory;
TAM_MUST_USE tam_status tam_dnnl_layer_bind(tam_ctx *ctx, tam_dnnl_layer *layer, const tam_dnnl_memory *memory);

/* pack: the weights have changed since the last call, or `packed` is shared. */
void tam_dnnl_layer_forward(tam_dnnl_layer *layer, bool pack);
void tam_dnnl_layer_backward_data(tam_dnnl_layer *layer);
void tam_dnnl_layer_backward_weights(tam_dnnl_layer *layer);

/* As tam_backend.product. */
void tam_dnnl_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

#endif
