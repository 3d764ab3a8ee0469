/* The head: class weights w [C, D], a loss, and one fused step that never holds the N x C logits.
 * docs/head.md shows the algorithm on one screen.
 *
 * Symbols: x [N, D] embeddings, w [C, D] class weights (with K sub-centres [C K, D]), y [N] labels, c = cos(theta)
 * between x_i and w_j. */
#ifndef TAMMES_HEAD_H
#define TAMMES_HEAD_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_head tam_head;

/* Zero means default. */
typedef struct tam_head_config {
    const char *loss;    /* specification as in tammes/loss.h; NULL: "arcface" */
    int64_t classes;     /* C, at least 2; no default */
    int dim;             /* D, at least 1; no default */
    int batch;           /* the largest N of a step; no default */
    uint64_t seed;       /* of the initial weights */
    const char *backend; /* NULL: "cpu" */
    size_t workspace;    /* bytes in which a step may keep its products from the first pass to the second, all or none:
                            0: a quarter of w and its momentum, at least 64 MB; 1: keep none. The bits are the same */
} tam_head_config;

/* Makes a head; *out is the caller's (tam_head_free, before the context). Allocates w, momentum and the workspace;
 * steps allocate nothing. w starts normal with deviation 0.01 (class j alike for any C), all else at 0. Fails with
 * TAM_CONFIG (loss, C < 2, D or batch < 1) or TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_head_create(tam_ctx *ctx, const tam_head_config *config, tam_head **out);
TAM_API void tam_head_free(tam_head *head);

/* SGD with momentum, applied to w (and bias) tile by tile while the tile is in cache:
 * v = momentum v + (gradient_scale dw + weight_decay w); w = w - lr v. A bias does not decay. */
typedef struct tam_head_update {
    float lr, momentum, weight_decay;
    float gradient_scale; /* dw is multiplied by this first (gradient clipping); 0 means 1 */
} tam_head_update;

typedef struct tam_head_result {
    double loss;        /* mean over the samples that count: class_loss + centre_loss */
    double class_loss;  /* 0 for pair losses alone */
    double centre_loss; /* of all terms: those on class centres, and pair losses */
    double mean_theta; /* mean angle between x_i and w_y, radians; without a class loss: between samples of one class */
    int64_t correct;   /* samples whose own class has the largest cosine (softmax: the largest logit); without a class
                          loss: whose most similar other sample of the batch is of their class */
    int64_t counted;   /* samples with label >= 0 */
    int no_pairs; /* 1: there is a pair loss and no two samples have the same label: it counts as 0; without a class
                     loss nothing moves then */
} tam_head_result;

/* One training step on n <= batch samples. x [n, D]; y [n] in [0, C), or -1: the row is skipped (its dx is 0).
 * dx [n, D] receives the gradient of the mean loss. theta [n] receives the angle to the own class in radians (without a
 * class loss: the mean angle to the batch's other samples of the class, NaN where there is none); may be NULL. With
 * `update`, w, bias, centres and running statistics move; without (NULL), nothing moves. When the loss, an embedding or
 * a weight is NaN or infinite, the loss comes back NaN, dx is all NaN and nothing moves. Fails with TAM_INPUT when a
 * label is outside its range (the sentence names the row), with TAM_CONFIG when n is outside [1, batch]; nothing has
 * moved then. */
TAM_API TAM_MUST_USE tam_status tam_head_step(tam_head *head, int n, const float *x, const int32_t *y, float *dx,
                                              float *theta, const tam_head_update *update, tam_head_result *result);

/* As tam_head_step without update, and dw [C K, D], dbias [C] (both may be NULL) receive the gradients of the mean
 * loss; dbias is 0 for a loss without bias. They are not written when the loss is NaN, nor by pair losses alone. */
TAM_API TAM_MUST_USE tam_status tam_head_gradient(tam_head *head, int n, const float *x, const int32_t *y, float *dx,
                                                  float *dw, float *dbias, tam_head_result *result);

/* best [n] receives the class with the largest logit without margin, the lowest among equals. Works for any n from 0.
 * Fails with TAM_CONFIG for pair losses alone, which have no classes. */
TAM_API TAM_MUST_USE tam_status tam_head_classify(tam_head *head, int64_t n, const float *x, int32_t *best);

/* Everything that a checkpoint must hold, as named arrays: "head.weight" [C K, D], "head.momentum" [C K, D],
 * "head.bias" and "head.bias_momentum" [C], "head.centres" [C, D], "head.running" (f64). Valid for the head's life;
 * writable (to restore a checkpoint). */
typedef struct tam_head_tensor {
    const char *name;
    void *data;
    int is_double; /* else float */
    int dims;
    int64_t size[2];
} tam_head_tensor;
TAM_API int tam_head_tensor_count(const tam_head *head);
TAM_API tam_head_tensor tam_head_tensor_at(tam_head *head, int index);

/* w [C K, D] in plain rows, K sub-centres of a class one after another; owned by the head. NULL for a loss without
 * classes to learn (pair losses alone). */
TAM_API float *tam_head_weights(tam_head *head);
/* K: 1 for all losses but those with sub-centres. */
TAM_API int tam_head_sub_centres(const tam_head *head);
/* Centres [C, D], or NULL when the loss has no centre term. */
TAM_API float *tam_head_centres(tam_head *head);
/* Bytes beyond weights, bias, their momenta, and centres. */
TAM_API size_t tam_head_workspace_bytes(const tam_head *head);

#ifdef __cplusplus
}
#endif
#endif
