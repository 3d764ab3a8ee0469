/* A backend turns a graph into a plan that runs, and does products for the head. Nothing outside src/backend/ knows
 * where a backend's memory lives: values cross this line by copy. `ref` (plain C) is the specification; `cpu` (oneDNN
 * and our kernels) is held against it. */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>

#include "backend/class_products.h"
#include "backend/dtype.h"
#include "backend/tuning.h"
#include "graph/graph.h"

/* The values of a graph's parameters with their gradients and momenta. Several plans may share one. */
typedef struct tam_parameters tam_parameters;
typedef struct tam_plan tam_plan;

typedef enum tam_parameter_part { TAM_PART_VALUE, TAM_PART_GRADIENT, TAM_PART_MOMENTUM } tam_parameter_part;

/* What training keeps of the forward pass; the rest is made again in backward, bit for bit. */
typedef enum tam_recompute {
    TAM_RECOMPUTE_SWEEPS, /* what one sweep over memory makes: normalised and activated maps */
    TAM_RECOMPUTE_NONE,   /* nothing */
    TAM_RECOMPUTE_UNITS /* all between the places where the net is one map wide: a third more products, the least memory
                         */
} tam_recompute;

typedef struct tam_plan_config {
    int batch;       /* rows of every forward in training; the most rows of a forward in inference */
    bool training;   /* batch statistics, dropout, backward; else running statistics and forward only */
    uint64_t seed;   /* of dropout */
    tam_dtype dtype; /* of maps, and of the factors of products; sums, statistics and parameters are f32 always. A
                        backend that has no bf16 on this processor computes in f32 */
    tam_recompute recompute;
    bool deterministic; /* the same bits on any number of threads */
    tam_tuning *tuning; /* which algorithm each layer uses; NULL: by rule. Must outlive the plan's creation only */
} tam_plan_config;

/* What one part of a plan's step costs, for `bench net --layers`. */
typedef struct tam_plan_cost {
    const char *node;      /* the graph's name of it; valid as long as the graph */
    const char *part;      /* "forward", "backward data", "backward weights", "sweep", "sweep backward", ... */
    const char *algorithm; /* "winograd", "direct", ...; static */
    double seconds;        /* of the last run */
    double flops, bytes;   /* multiplications and additions, and memory read and written, that the part needs */
} tam_plan_cost;

/* SGD with momentum: v = momentum v + (scale g + weight_decay w); w = w - lr v. Decay only where the graph says so. */
typedef struct tam_sgd {
    float lr, momentum, weight_decay, gradient_scale;
} tam_sgd;

typedef struct tam_backend {
    const char *name;

    /* Parameters, initialised from the seed (Philox, purpose TAM_PURPOSE_NET_INIT); NULL: all zero, for those that are
     * about to be written. */
    tam_status (*parameters_create)(tam_ctx *ctx, const tam_graph *graph, const uint64_t *seed, tam_parameters **out);
    void (*parameters_free)(tam_parameters *parameters);
    /* Copies parameter `index`, in the graph's order and plain row-major layout, out of or into the backend. */
    tam_status (*parameter_read)(tam_parameters *parameters, int index, tam_parameter_part part, float *values);
    tam_status (*parameter_write)(tam_parameters *parameters, int index, tam_parameter_part part, const float *values);
    /* sqrt of the sum of squares of all gradients, in f64 and in a fixed order. */
    double (*gradient_norm)(tam_parameters *parameters);
    void (*update)(tam_parameters *parameters, const tam_sgd *sgd);

    /* All memory is taken here; running allocates nothing. The graph and the parameters must outlive the plan. */
    tam_status (*plan_create)(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                              const tam_plan_config *config, tam_plan **out);
    void (*plan_free)(tam_plan *plan);
    /* x [n, C, H, W] -> y [n, D]. In training n must be the plan's batch, and `step` numbers the dropout masks. */
    tam_status (*forward)(tam_plan *plan, int n, const float *x, uint64_t step, float *y);
    /* dy [batch, D]; overwrites every parameter's gradient. Follows a forward of a training plan, once: a backend may
     * put gradients in the place of values. dx [batch, C, H, W] receives the input's gradient unless it is NULL. */
    tam_status (*backward)(tam_plan *plan, const float *dy, float *dx);
    size_t (*plan_bytes)(const tam_plan *plan);
    /* What it computes in (optional: NULL means f32). */
    tam_dtype (*plan_dtype)(const tam_plan *plan);
    /* Whether bf16 is the faster one on this processor (optional: no). */
    bool (*suits_bf16)(void);
    /* The parts of a step in the order in which they run, with the times of the last forward and backward; false behind
     * the last (optional: NULL). */
    bool (*plan_cost)(const tam_plan *plan, int index, tam_plan_cost *cost);

    /* C = alpha op(A) op(B) + beta C, row-major f32; op(A) is m x k, op(B) is k x n. Runs on the calling thread alone,
     * so that it may be used inside a task of the team with the same bits for any number of threads. */
    void (*product)(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                    int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

    /* The class head's products, as this processor does them best. */
    const tam_class_products *(*class_products)(tam_class_dtype dtype);
} tam_backend;

/* From the fastest to the plain reference, which is always last. NULL name: the first. Unknown: NULL with a sentence.
 */
const tam_backend *tam_backend_find(tam_ctx *ctx, const char *name);
int tam_backend_count(void);
const tam_backend *tam_backend_at(int index);

#endif
