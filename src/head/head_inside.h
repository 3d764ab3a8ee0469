/* The inside of the head. docs/head.md explains the algorithm; the symbols are those of docs/losses.md. */
#ifndef HEAD_HEAD_INSIDE_H
#define HEAD_HEAD_INSIDE_H

#include "backend/backend.h"
#include "base/memory.h"
#include "base/team.h"
#include "loss/loss.h"
#include "tammes/head.h"

/* Classes are cut into at most so many chunks, by C alone: a chunk is one task of the team, and its partial sums are
 * combined in the chunks' order. A chunk is worked through in tiles that stay in the cache. */
enum { TAM_HEAD_CHUNKS = 16 };

/* What one sample needs beside its products. Everything of the target class is f64, straight from x and w. */
typedef struct tam_head_row {
    double inverse;      /* 1/|x|, 0 for a zero row; 1 where the loss takes x as it is */
    double cosine;       /* cos(theta) to the own class */
    tam_sample own;      /* what the loss sees */
    double plain;        /* the target's logit without margin */
    tam_logit target;    /* z (bias included) and its slopes */
    tam_scale scale;     /* of the other logits */
    double lse;          /* log sum_j e^z_j over all classes */
    double wrong;        /* 1 - P_y: the probability of all other classes together */
    double target_g;     /* G of the target / counted */
    double target_slope; /* of the loss by the target's logit / counted: -wrong / counted */
} tam_head_row;

/* One sample's sums over one chunk's other classes. */
typedef struct tam_head_partial {
    double max, sum; /* sum_j e^(z_j - max) */
    double top;      /* largest logit without margin */
    double gc;       /* sum_j G_j c_j */
    double loss;     /* of a direct loss */
    int64_t best;    /* the class of `top`; for tam_head_classify */
} tam_head_partial;

/* Scratch memory of a worker. */
typedef struct tam_head_scratch {
    float *tile;      /* [N, T]: products, then G_ij / |w_j| */
    float *dw;        /* [T, D] */
    float *column_gc; /* [T]: sum_i (G_ij / |w_j|) c_ij */
    float *column_g;  /* [T]: sum_i dL_i/dz_ij, the gradient of the bias */
    float *z, *slope; /* [T]: one row's logits, for losses given by rows */
} tam_head_scratch;

struct tam_head {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_loss loss;
    int64_t classes;
    int dim, batch;

    float *w, *momentum;         /* [C, D] */
    float *bias, *bias_momentum; /* [C], or NULL */
    float *centres;              /* [C, D], or NULL */

    int64_t chunk_classes, tile_classes;
    int chunks, scratches;
    size_t workspace_bytes;
    float *inverse_w;          /* [C]: 1/|w_j|, 0 for a zero row; 1 where the loss takes w as it is */
    float *no_bias;            /* [T] zeros, the bias of losses without one */
    float *x_unit;             /* [N, D]: x / |x|, or x where the loss takes it as it is; 0 for skipped rows */
    float *dx_chunk;           /* [chunks, N, D] */
    tam_head_row *row;         /* [N] */
    tam_head_partial *partial; /* [chunks, N] */
    bool *chunk_finite;        /* [chunks]: no weight is NaN or infinite */
    int32_t *in_batch;         /* [C], for the centre terms; or NULL */
    tam_head_scratch scratch[TAM_HEAD_CHUNKS];
};

/* One step, as its tasks see it. */
typedef struct tam_head_job {
    tam_head *head;
    int n;
    const float *x;
    const int32_t *y;
    double weight; /* 1 / counted */
    float *dx;
    float *dw, *dbias;             /* where gradients are wanted, else NULL */
    const tam_head_update *update; /* NULL: nothing moves */
} tam_head_job;

static inline bool tam_head_has(const tam_head *head, int trait) {
    return (head->loss.class_loss->traits & trait) != 0;
}

/* The two passes over one chunk of classes, as tasks of the team (argument: a tam_head_job). */
void tam_head_first_pass(void *argument, int64_t chunk, int worker);
void tam_head_second_pass(void *argument, int64_t chunk, int worker);

/* 1/|w_j| for `count` classes from `first`; false when a weight among them is NaN or infinite. */
bool tam_head_measure_weights(tam_head *head, int64_t first, int64_t count);

/* The scratch memory of a task. */
static inline tam_head_scratch *tam_head_scratch_of(tam_head *head, int64_t chunk, int worker) {
    return &head->scratch[head->scratches < head->chunks ? worker : chunk];
}

/* 1 / length, and 0 for a length that is as good as zero. */
static inline double tam_head_inverse(double length) {
    return length < 1e-32 ? 0.0 : 1.0 / length;
}

/* Range of chunk number `chunk`. */
static inline int64_t tam_head_chunk_begin(const tam_head *head, int64_t chunk) {
    int64_t begin = chunk * head->chunk_classes;
    return begin < head->classes ? begin : head->classes;
}

#endif
