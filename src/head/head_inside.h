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
enum { TAM_HEAD_CHUNKS = 16, TAM_HEAD_ROWS_PER_TASK = 8 };

/* What one sample needs beside its products. Everything of the target class is f64, straight from x and w. */
typedef struct tam_head_row {
    double inverse;      /* 1/|x|, 0 for a zero row; 1 where the loss takes x as it is */
    double cosine;       /* cos(theta) to the own class */
    int sub;             /* the own class's nearest sub-centre */
    tam_sample own;      /* what the loss sees */
    double plain;        /* the target's logit without margin */
    tam_logit target;    /* z (bias included) and its slopes */
    tam_scale scale;     /* of the other logits */
    tam_scale length;    /* what |x| alone costs */
    double others;       /* log sum_{j != y} e^z_j */
    double lse;          /* log sum_j e^z_j over all classes */
    double wrong;        /* 1 - P_y: the probability of all other classes together */
    double target_g;     /* G of the target / counted */
    double target_slope; /* of the loss by the target's logit / counted: -wrong / counted */
    double gc;           /* sum_j G_j c_j / counted, the target included */
} tam_head_row;

/* One sample's sums over one chunk's other classes. */
typedef struct tam_head_partial {
    double max, sum; /* sum_j e^(z_j - max) */
    double top;      /* largest logit without margin */
    double gc;       /* sum_j G_j c_j */
    double loss;     /* of a loss that is known with its gradient only */
    int64_t best;    /* the class of `top`; for tam_head_classify */
} tam_head_partial;

/* Scratch memory of a worker. T classes, K rows of w each. */
typedef struct tam_head_scratch {
    float *tile;                     /* [N, T K]: products, then G_ij / |w_j| */
    float *dw;                       /* [T K, D] */
    float *column_gc;                /* [T K]: sum_i (G_ij / |w_j|) c_ij */
    float *column_g;                 /* [T]: sum_i dL_i/dz_ij, the gradient of the bias */
    float *column_length;            /* [T]: sum_i (dL_i/d|w_j|) / |w_j|, where w is free in its length */
    float *column_own, *column_rest; /* [T]: sums of e^z over a proxy's own samples and over the rest */
    float *c, *z, *slope;            /* [T]: one row's cosines, logits and their slopes */
    uint8_t *nearest;                /* [T]: the sub-centre that stands for its class; NULL for K = 1 */
} tam_head_scratch;

struct tam_head {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_loss loss;        /* as it was read; its state is what the last training step left */
    tam_loss_state state; /* of the step in work: with this batch's statistics */
    int64_t classes;      /* C */
    int subs;             /* K, rows of w for each class */
    int dim, batch;
    uint64_t seed;

    float *w, *momentum;         /* [C K, D], or NULL without a class loss */
    float *bias, *bias_momentum; /* [C], or NULL */
    float *centres;              /* [C, D], or NULL */

    int64_t chunk_classes, tile_classes;
    int chunks, scratches;
    size_t workspace_bytes;
    float *inverse_w;          /* [C K]: 1/|w_j|, 0 for a zero row; 1 where the loss takes w as it is */
    float *no_bias;            /* [T] zeros, the bias of losses without one */
    float *x_unit;             /* [N, D]: x / |x|, or x where the loss takes it as it is; 0 for skipped rows */
    float *dx_chunk;           /* [chunks, N, D] */
    float *kept;               /* [N, C K] products, tile after tile, or NULL: the second pass makes them again */
    tam_head_row *row;         /* [N] */
    tam_head_partial *partial; /* [chunks, N] */
    bool *chunk_finite;        /* [chunks]: no weight is NaN or infinite */
    double *statistics;        /* [4 N]: a tam_loss_batch's arrays; or NULL */
    int32_t *sorted_labels;    /* [N], for proxies; or NULL */
    int32_t *in_batch;         /* [C], for terms on centres; or NULL */
    void *pair_space;          /* of the pair losses; or NULL */
    void *term_room;           /* the largest that a term asks for; or NULL */
    tam_head_scratch scratch[TAM_HEAD_CHUNKS];
};

/* One step, as its tasks see it. */
typedef struct tam_head_job {
    tam_head *head;
    int n;
    const float *x;
    const int32_t *y;
    int counted;       /* samples with a label */
    double weight;     /* 1 / counted (1 when nothing counts) */
    double own_weight; /* proxies: 1 / classes in the batch */
    bool again;        /* the first pass has run before: lengths of w and kept products hold */
    float *dx;
    float *dw, *dbias;             /* where gradients are wanted, else NULL */
    const tam_head_update *update; /* NULL: nothing moves */
} tam_head_job;

/* Consecutive classes of one sample without its own class: [begin, end) of the tile that starts at class `first`. */
typedef struct tam_head_run {
    int64_t first, begin, end;
} tam_head_run;

/* A tile of products or of gradient lengths: [N, count K] with this distance between rows. */
typedef struct tam_head_tile {
    int64_t first, count;
    float *values;
    int64_t stride;
} tam_head_tile;

static inline bool tam_head_has(const tam_head *head, int trait) {
    return head->loss.class_loss != NULL && (head->loss.class_loss->traits & trait) != 0;
}

static inline bool tam_head_is(const tam_head *head, tam_loss_kind kind) {
    return head->loss.class_loss != NULL && head->loss.class_loss->kind == kind;
}

/* Allocates all that a head of this loss and size holds. */
TAM_MUST_USE tam_status tam_head_take_memory(tam_head *head, size_t workspace);
void tam_head_release_memory(tam_head *head);

/* The two passes over one chunk of classes, as tasks of the team (argument: a tam_head_job). */
void tam_head_first_pass(void *argument, int64_t chunk, int worker);
void tam_head_second_pass(void *argument, int64_t chunk, int worker);

/* The samples, in tasks of TAM_HEAD_ROWS_PER_TASK (argument: a tam_head_job): lengths and the own class's cosine; then
 * the own class's logit; and after both passes dx. */
void tam_head_prepare_rows(void *argument, int64_t task, int worker);
void tam_head_own_logits(void *argument, int64_t task, int worker);
void tam_head_finish_rows(void *argument, int64_t task, int worker);
/* The mean loss of a softmax with the probabilities of each sample, after the first pass. */
double tam_head_softmax_loss(const tam_head_job *job);

/* Statistics of the batch into head->state, before the logits; may run a first pass of its own. */
void tam_head_observe(tam_head_job *job);
/* What is learned by gradient, and the step's number; then head->state becomes the head's. */
void tam_head_commit(tam_head_job *job);

/* The terms beside the class loss: their loss, with their gradient added to dx. */
double tam_head_terms(const tam_head_job *job, float *theta, tam_head_result *result);
void tam_head_move_centres(const tam_head_job *job);
size_t tam_head_terms_room(const tam_head *head);

/* 1/|w_j| for the rows of `count` classes from `first`; false when a weight among them is NaN or infinite. */
bool tam_head_measure_weights(tam_head *head, int64_t first, int64_t count);

/* Samples into head->sorted_labels, without those that do not count; returns how many classes they have. */
int tam_head_count_classes(const tam_head_job *job);

/* The tile of products that starts at class `first`, in the kept products or in `own`. */
static inline tam_head_tile tam_head_tile_at(const tam_head *head, int64_t first, int64_t end, float *own) {
    int64_t count = end - first < head->tile_classes ? end - first : head->tile_classes;
    if (head->kept == NULL) {
        return (tam_head_tile){first, count, own, head->tile_classes * head->subs};
    }
    return (tam_head_tile){first, count, head->kept + first * head->subs * head->batch, count * head->subs};
}

/* One sample's other classes, for losses whose logits are not a scaled cosine of one row of w, or are filtered:
 * cosines, logits and slopes into the scratch; returns the largest logit without margin. */
double tam_head_others(const tam_head *head, const tam_head_row *row, tam_head_run run, const float *products,
                       tam_head_scratch *scratch);
/* From those slopes, weighed by `weight`: G / |w| into the tile in the place of the products; returns sum_j G_j c_j. */
double tam_head_lengths_of_others(const tam_head *head, tam_head_run run, float weight, float *tile_row,
                                  tam_head_scratch *scratch);
/* The same for the own class alone. */
void tam_head_length_of_own(const tam_head_job *job, int i, int64_t place, double g, float *tile_row,
                            tam_head_scratch *scratch);

/* A whole tile of proxies: products in, G_ij / |w_j| out. */
void tam_head_proxies(const tam_head_job *job, tam_head_tile tile, tam_head_scratch *scratch,
                      tam_head_partial *partial);

/* Whether the fast loops over scaled cosines do. */
static inline bool tam_head_is_plain(const tam_head *head) {
    return head->loss.class_loss->scale != NULL && head->subs == 1 && head->state.options.interclass_filter > 1.0;
}

/* Training steps done, from which draws are numbered. What a checkpoint brought may be any number. */
static inline int64_t tam_head_steps_done(const tam_head *head) {
    double steps = head->state.running[TAM_RUNNING_STEP];
    return steps >= 0.0 && steps < 0x1p53 ? (int64_t)steps : 0;
}

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

/* Where a label lies in the tile, or `count` when it does not. The classes before and after it are the runs. */
static inline int64_t tam_head_place_of(int32_t label, int64_t first, int64_t count) {
    return label >= first && label < first + count ? label - first : count;
}

#endif
