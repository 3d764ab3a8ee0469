/* The reference: plain C on plain arrays, NCHW, f32 values with sums in f64, one thread. What it computes is what every
 * other backend must compute. One file an op, forward beside backward. */
#ifndef BACKEND_REF_REF_H
#define BACKEND_REF_REF_H

#include "backend/backend.h"

enum { TAM_REF_PARAMETERS = 4 };

/* One node with its arrays, for n rows. An op reads x and writes y going forward; going backward it reads dy and adds
 * to dx and to the parameters' gradients, since another reader may have added to them before. */
typedef struct tam_ref_node {
    const tam_node *node;
    int n;
    bool training;
    uint64_t seed, step; /* of dropout */
    tam_shape in[TAM_NODE_INPUTS], out;
    const float *x[TAM_NODE_INPUTS];
    float *y;
    const float *dy;
    float *dx[TAM_NODE_INPUTS];
    float *value[TAM_REF_PARAMETERS], *gradient[TAM_REF_PARAMETERS];
    void *kept; /* what forward leaves for backward */
} tam_ref_node;

typedef struct tam_ref_op {
    void (*forward)(const tam_ref_node *at);
    void (*backward)(const tam_ref_node *at);
    size_t (*kept_bytes)(const tam_node *node, tam_shape in, int batch); /* optional: 0 */
} tam_ref_op;

/* The implementation of a graph's op. */
const tam_ref_op *tam_ref_op_of(const tam_op *op);

/* The functions of the backend's table. */
const tam_class_products *tam_ref_class_products(tam_class_dtype dtype);
tam_status tam_ref_plan_create(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                               const tam_plan_config *config, tam_plan **out);
void tam_ref_plan_free(tam_plan *plan);
tam_status tam_ref_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y);
tam_status tam_ref_backward(tam_plan *plan, const float *dy, float *dx);
size_t tam_ref_plan_bytes(const tam_plan *plan);
void tam_ref_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                     int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

#endif
