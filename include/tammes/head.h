/* The head: class weights w [C, D], a loss, and one fused step that goes through the classes tile by tile and needs no
 * array of N x C numbers. docs/head.md shows the algorithm on one screen.
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
    int parts;           /* 0 or 1; K: the most parts of a step (tam_head_update), so that their classes have room */
    uint64_t seed;       /* of the initial weights */
    const char *backend; /* NULL: "cpu" */
    const char *dtype;   /* NULL: "f32". "bf16": products of factors rounded to bf16 with f32 sums, w and momentum f32.
                            "bf16-lean": w and momentum are bf16 too, rounded at random as they move, so that steps
                            smaller than their last digit count on average */
    size_t workspace;    /* bytes for all that a step holds beside w, bias, their momenta and centres. What is left of
                            them keeps numbers of the first pass for the second, which makes the rest again; the bits
                            are the same. 0: a quarter of w and its momentum, at least 64 MB, but at most half of what
                            they leave free;
                            TAM_HEAD_LEAST_WORKSPACE: nothing is kept */
    double sample_rate;  /* 0 or 1: every class takes part in every step. Below 1: in each step the classes of its
                            samples and, drawn at random, as many others as make up this share of all, but at least
                            batch parts + 1 together; what does not take part does not move (An et al.,
                            "Partial FC", 2021) */
    int gradient_filter; /* 0: exact. k in [1, 60]: a tile of classes is left out of the gradient where no sample of
                            the batch gives it more than 2^-k of its probability; tam_head_result says what that
                            cost at most. For losses whose logits are a scaled cosine */
} tam_head_config;

#define TAM_HEAD_LEAST_WORKSPACE SIZE_MAX

/* What a head of this configuration allocates, without making one: `weights` for w, bias, their momenta and centres,
 * `least` for a step's workspace without anything kept, `workspace` for the one that it would have with the memory that
 * is free now. Fails as tam_head_create does, but for want of memory. */
typedef struct tam_head_bytes {
    size_t weights, least, workspace;
} tam_head_bytes;
TAM_API TAM_MUST_USE tam_status tam_head_count_bytes(tam_ctx *ctx, const tam_head_config *config,
                                                     tam_head_bytes *bytes);

/* Makes a head; *out is the caller's (tam_head_free, before the context). Allocates w, momentum and the workspace;
 * steps allocate nothing. w starts normal with deviation 0.01 (class j alike for any C), all else at 0. Fails with
 * TAM_CONFIG (loss, C < 2, D or batch < 1, dtype, sample_rate, gradient_filter, a workspace below the least, which the
 * sentence names) or TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_head_create(tam_ctx *ctx, const tam_head_config *config, tam_head **out);
TAM_API void tam_head_free(tam_head *head);

/* SGD with momentum, applied to w (and bias) tile by tile while the tile is in cache:
 * v = momentum v + (gradient_scale dw + weight_decay w); w = w - lr v. A bias does not decay. */
typedef struct tam_head_update {
    float lr, momentum, weight_decay;
    float gradient_scale; /* dw is multiplied by this first (gradient clipping); 0 means 1 */
    /* For a step whose samples come in K parts, a call each: momentum gathers their gradients (docs/training.md). All
     * parts but the last have lr 0, which leaves w as it is bit for bit; those after the first have momentum 1 and
     * weight_decay 0. All four are 0 for a step of one call. */
    int part;              /* number of this part, from 0: what is drawn at random differs from part to part */
    int more;              /* 1: a part of the same step follows, so the number of steps stands still */
    const int32_t *step_y; /* [step_n] labels of all parts: they draw the same classes then; NULL: y */
    int step_n;
} tam_head_update;

typedef struct tam_head_result {
    double loss;        /* mean over the samples that count: class_loss + centre_loss */
    double class_loss;  /* 0 for pair losses alone */
    double centre_loss; /* of all terms: those on class centres, and pair losses */
    double mean_theta; /* mean angle between x_i and w_y, radians; without a class loss: between samples of one class */
    int64_t correct;   /* samples whose own class has the largest cosine (softmax: the largest logit); without a class
                          loss: whose most similar other sample of the batch is of their class */
    int64_t counted;   /* samples with label >= 0 */
    int no_pairs;    /* 1: there is a pair loss and no two samples have the same label: it counts as 0; without a class
                        loss nothing moves then */
    int64_t classes; /* that took part: C, or fewer with a sample_rate */
    int64_t tiles, tiles_left_out; /* of the gradient, by gradient_filter */
    double filter_bound; /* no dx_i of the mean loss is farther than this from the exact one, times 1/|x_i| where the
                            loss takes x on the sphere; 0 when nothing of dx was left out */
} tam_head_result;

/* One training step on n <= batch samples. x [n, D]; y [n] in [0, C), or -1: the row is skipped (its dx is 0).
 * dx [n, D] receives the gradient of the mean loss. theta [n] receives the angle to the own class in radians (without a
 * class loss: the mean angle to the batch's other samples of the class, NaN where there is none); may be NULL. With
 * `update`, w, bias, centres and running statistics move; without (NULL), nothing moves. When the loss, an embedding or
 * a weight is NaN or infinite, the loss comes back NaN, dx is all NaN and nothing moves. Fails with TAM_INPUT when a
 * label is outside its range (the sentence names the sample), with TAM_CONFIG when n is outside [1, batch]; nothing has
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

/* Everything that a checkpoint must hold, as named arrays: "head.weight" [C K, D], "head.momentum" [C K, D] (F32, or
 * BF16 for bf16-lean), "head.bias" and "head.bias_momentum" [C], "head.centres" [C, D] (F32), "head.running" (F64).
 * Valid for the head's life; writable (to restore a checkpoint). */
typedef struct tam_head_tensor {
    const char *name;
    void *data;
    const char *dtype; /* "F32", "F64" or "BF16": two bytes a number, the upper half of an f32 */
    int dims;
    int64_t size[2];
    size_t bytes; /* of all its numbers */
} tam_head_tensor;
TAM_API int tam_head_tensor_count(const tam_head *head);
TAM_API tam_head_tensor tam_head_tensor_at(tam_head *head, int index);

/* Rows [first, first + count) of w [C K, D] as f32, K sub-centres of a class one after another. Fail with TAM_CONFIG
 * outside the range and for a loss without classes to learn (pair losses alone). Written rows are rounded to the
 * nearest where w is bf16. */
TAM_API TAM_MUST_USE tam_status tam_head_read_weights(const tam_head *head, int64_t first, int64_t count,
                                                      float *values);
TAM_API TAM_MUST_USE tam_status tam_head_write_weights(tam_head *head, int64_t first, int64_t count,
                                                       const float *values);
/* w itself, owned by the head. NULL for a loss without classes to learn, and where w is bf16. */
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
