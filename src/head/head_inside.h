/* The inside of the head. docs/head.md explains the algorithm; the symbols are those of docs/losses.md. */
#ifndef HEAD_HEAD_INSIDE_H
#define HEAD_HEAD_INSIDE_H

#include "backend/backend.h"
#include "base/memory.h"
#include "base/team.h"
#include "loss/loss.h"
#include "tammes/head.h"

/* Classes are cut into at most so many chunks, by their number alone: a chunk is one task of the team, and its partial
 * sums are combined in the chunks' order. A chunk is worked through in tiles that stay in the cache. */
enum { TAM_HEAD_CHUNKS = 16, TAM_HEAD_ROWS_PER_TASK = 8 };

/* Exponentials are taken in base 2, of z log2(e) - m with a whole number m that is near the largest logit. A shift of m
 * by whole numbers is exact. m moves when a logit is farther above it, so that sums cannot overflow, and in a chunk's
 * first tile also when all are farther below. */
enum { TAM_HEAD_ABOVE = 60, TAM_HEAD_BELOW = 30 };

/* But where weights count by their length and the own class's row is longer than this, m stays above all logits: t w
 * could leave the range of f32. */
#define TAM_HEAD_LONG 1e12

#define TAM_HEAD_LN_2 0.6931471805599453

/* What one sample needs beside its products. Everything of the target class is f64, straight from x and w. */
typedef struct tam_head_row {
    double inverse;      /* 1/|x|, 0 for a zero row; 1 where the loss takes x as it is */
    double cosine;       /* cos(theta) to the own class */
    int sub;             /* the own class's nearest sub-centre */
    int64_t place;       /* of the own class among those that take part; -1 for a skipped sample */
    tam_sample own;      /* what the loss sees */
    double plain;        /* the target's logit without margin */
    tam_logit target;    /* z (bias included) and its slopes */
    tam_scale scale;     /* of the other logits */
    tam_scale length;    /* what |x| alone costs */
    float start;         /* m to begin with */
    float above;         /* how far above m a logit may be */
    double m, sum;       /* sum_{j != y} e^z_j = 2^m sum */
    double others;       /* its logarithm */
    double loss;         /* of a softmax */
    double wrong;        /* 1 - P_y: the probability of all other classes together */
    double target_g;     /* G of the target / counted */
    double target_slope; /* of the loss by the target's logit / counted: -wrong / counted */
    double gc;           /* sum_j G_j c_j / counted, the target included */
} tam_head_row;

/* One sample's sums over one chunk's other classes. */
typedef struct tam_head_partial {
    float m;         /* a whole number */
    bool started;    /* m holds for logits that were seen */
    double sum;      /* sum_j 2^(z2_j - m) */
    double left_out; /* what of it has no part in dx */
    double top;      /* largest logit without margin */
    double loss;     /* of a loss that is not a softmax */
    int64_t best;    /* the class of `top`; for tam_head_classify */
} tam_head_partial;

/* How a number of classes is cut. */
typedef struct tam_head_cut {
    int64_t classes, chunk_classes, tile_classes;
    int chunks, chunk_tiles;
} tam_head_cut;

/* Scratch memory of a worker. T classes, K rows of w each. */
typedef struct tam_head_scratch {
    float *values;                   /* [N, stride]: p, then t */
    void *slot;                      /* of a tile that is not kept */
    void *room;                      /* the backend's */
    int64_t *rows;                   /* [T K] */
    float *inverse_w;                /* [T K]: for tam_head_classify */
    float *row;                      /* [D] */
    float *bias;                     /* [T]: of classes that are not neighbours */
    float *c, *z, *slope;            /* [T]: one row's cosines, logits and their slopes */
    float *column_own, *column_rest; /* [T]: sums of e^z over a proxy's own samples and over the rest; of biases */
    uint8_t *nearest;                /* [T]: the sub-centre that stands for its class; NULL for K = 1 */
    float *rescale;                  /* [N] */
    tam_class_own *own;              /* [N] */
} tam_head_scratch;

/* Where a sample's own row of w lies. */
typedef struct tam_head_own {
    int64_t place; /* of the class among those that take part */
    int sub, i;
} tam_head_own;

struct tam_head {
    tam_ctx *ctx;
    const tam_class_products *products;
    tam_loss loss;        /* as it was read; its state is what the last training step left */
    tam_loss_state state; /* of the step in work: with this batch's statistics */
    tam_class_dtype dtype;
    int64_t classes; /* C */
    int64_t taking;  /* classes that take part in a step */
    int subs;        /* K, rows of w for each class */
    int dim, batch;
    int gradient_filter; /* k, or 0 */
    uint64_t seed;

    void *w, *momentum;          /* [C K, D] f32 or bf16, or NULL without a class loss */
    float *bias, *bias_momentum; /* [C], or NULL */
    float *centres;              /* [C, D], or NULL */

    tam_head_cut cut;           /* of the classes that take part */
    int most_chunks, scratches; /* in a step, or over all classes */
    int kept_tiles;             /* of each chunk, the first so many */
    size_t slot_bytes;
    size_t weights_bytes, least_bytes, workspace_bytes; /* the workspace without anything kept, and as it is */
    float *inverse_w;          /* [taking K]: 1/|w_j|, 0 for a zero row; 1 where the loss takes w as it is */
    float *no_bias;            /* [T] zeros, the bias of losses without one */
    float *x_unit;             /* [N, D]: x / |x|, or x where the loss takes it as it is; 0 for skipped rows */
    float *own_w;              /* [N, D]: the own class's row of w */
    float *factor;             /* [N]: f_i, G_ij = f_i t_ij; 0 for skipped rows */
    float *bias_factor;        /* [N]: the same for dL_i/dz_ij, without the scale's slope; NULL without biases */
    void *packed[2];           /* x and f x as the products want them, by tam_class_pack */
    float *dx_chunk;           /* [chunks, N, D] */
    unsigned char *kept;       /* [chunks, kept_tiles] slots, or NULL */
    float *tile_m;             /* [chunks, chunk_tiles, N] m of each sample when its t were made */
    float *tile_sum;           /* the same of its sum in this tile; NULL without gradient_filter */
    tam_head_row *row;         /* [N] */
    tam_head_own *own;         /* [N] by place and sub-centre, those that count */
    tam_head_partial *partial; /* [chunks, N] */
    bool *chunk_finite;        /* [chunks]: no weight is NaN or infinite */
    int64_t *chunk_left_out;   /* [chunks] tiles without part in dw */
    double *statistics;        /* [4 N]: a tam_loss_batch's arrays; or NULL */
    int32_t *sorted_labels;    /* [N], for proxies; or NULL */
    int32_t *in_batch;         /* [C], for terms on centres; or NULL */
    void *pair_space;          /* of the pair losses; or NULL */
    void *term_room;           /* the largest that a term asks for; or NULL */
    int32_t *chosen;           /* [taking] classes that take part, ascending; NULL: all */
    void *choosing;            /* room of the draw */
    tam_head_scratch scratch[TAM_HEAD_CHUNKS];
};

/* One step, as its tasks see it. */
typedef struct tam_head_job {
    tam_head *head;
    int n;
    const float *x;
    const int32_t *y;
    int counted;       /* samples with a label */
    int owns;          /* of them in head->own */
    double weight;     /* 1 / counted (1 when nothing counts) */
    double own_weight; /* proxies: 1 / classes in the batch */
    bool sums_only;    /* the first pass makes log-sum-exps alone, for the statistics */
    bool again;        /* the first pass has run before: lengths of w hold */
    uint64_t rounding; /* key of this step */
    tam_class_pack packing;
    float *dx;
    float *dw, *dbias;             /* where gradients are wanted, else NULL */
    const tam_head_update *update; /* NULL: nothing moves */
} tam_head_job;

/* A tile: `count` classes from place `first` on, among those that take part. */
typedef struct tam_head_tile {
    int64_t first, count;
    bool kept;
    float *values; /* [N, rows.stride]: p, then t */
    void *slot;
    float *m, *sum;      /* [N] of tile_m, tile_sum */
    const float *bias;   /* [count] */
    tam_class_tile rows; /* the same for the backend: count K rows of w */
} tam_head_tile;

/* Consecutive classes of a tile without a sample's own class: [begin, end). */
typedef struct tam_head_run {
    int64_t begin, end;
} tam_head_run;

static inline bool tam_head_has(const tam_head *head, int trait) {
    return head->loss.class_loss != NULL && (head->loss.class_loss->traits & trait) != 0;
}

static inline bool tam_head_is(const tam_head *head, tam_loss_kind kind) {
    return head->loss.class_loss != NULL && head->loss.class_loss->kind == kind;
}

/* Allocates all that a head of this loss and size holds, or with `count_only` only says how much it would be. */
TAM_MUST_USE tam_status tam_head_take_memory(tam_head *head, size_t workspace, bool count_only);
void tam_head_release_memory(tam_head *head);
/* The cut of so many classes in tiles of this head's size. */
tam_head_cut tam_head_cut_of(const tam_head *head, int64_t classes);

/* The two passes over one chunk of classes, as tasks of the team (argument: a tam_head_job). */
void tam_head_first_pass(void *argument, int64_t chunk, int worker);
void tam_head_second_pass(void *argument, int64_t chunk, int worker);
/* Lays out x or f x for the products (job->packing), a task each of products->pack_tasks. */
void tam_head_pack(void *argument, int64_t task, int worker);

/* The samples, in tasks of TAM_HEAD_ROWS_PER_TASK (argument: a tam_head_job): lengths and the own class's cosine; then
 * the own class's logit; and after the first pass dx. */
void tam_head_prepare_rows(void *argument, int64_t task, int worker);
void tam_head_own_logits(void *argument, int64_t task, int worker);
void tam_head_finish_rows(void *argument, int64_t task, int worker);
/* A softmax's loss and probabilities of each sample, after the first pass. */
void tam_head_finish_softmax(void *argument, int64_t task, int worker);
/* Runs one of them over the step's samples. */
void tam_head_run_rows(tam_head_job *job, tam_task work);
/* f_i of each sample, and the samples by their own classes' places. */
void tam_head_weigh_rows(tam_head_job *job);

/* Statistics of the batch into head->state, before the logits; may run a first pass of its own. */
void tam_head_observe(tam_head_job *job);
/* What is learned by gradient, and the step's number; then head->state becomes the head's. */
void tam_head_commit(tam_head_job *job);

/* The terms beside the class loss: their loss, with their gradient added to dx. */
double tam_head_terms(const tam_head_job *job, float *theta, tam_head_result *result);
void tam_head_move_centres(const tam_head_job *job);
size_t tam_head_terms_room(const tam_head *head);

/* Samples into head->sorted_labels, without those that do not count; returns how many classes they have. */
int tam_head_count_classes(const tam_head_job *job);

/* The tile of chunk `chunk` that is its number `k`. */
tam_head_tile tam_head_tile_at(const tam_head *head, int n, int64_t chunk, int64_t k, tam_head_scratch *scratch);

/* t of one sample in place of its products (0 for its own class), with the sums that they belong to in `partial`;
 * m moves if it must, and what the sample has in dx with it. `again`: m is the tile's and nothing is summed. */
void tam_head_make_values(const tam_head_job *job, const tam_head_tile *tile, int i, bool again, float *dx,
                          tam_head_scratch *scratch, tam_head_partial *partial);
/* The sums alone. */
void tam_head_add_logits(const tam_head_job *job, const tam_head_tile *tile, int i, tam_head_scratch *scratch,
                         tam_head_partial *partial);
/* One sample's other classes: cosines, natural logits and slopes into the scratch, where the class stands in the tile;
 * for losses whose logits are not a scaled cosine of one row of w, or are filtered. Returns the largest logit without
 * margin. */
double tam_head_others(const tam_head *head, const tam_head_row *row, const tam_head_tile *tile, tam_head_run run,
                       const float *products, tam_head_scratch *scratch);
/* t_j = value_j for the run, on the nearest of K rows. */
void tam_head_spread(const tam_head *head, tam_head_run run, const float *value, const uint8_t *nearest, float *t);

/* A whole tile of proxies: products in, t out. */
void tam_head_proxies(const tam_head_job *job, const tam_head_tile *tile, bool again, tam_head_scratch *scratch,
                      tam_head_partial *partial);

/* Whether the tile may be left out of dx, or of dw after the first pass, by gradient_filter. */
bool tam_head_filters_dx(const tam_head_job *job, const tam_head_tile *tile, tam_head_partial *partial);
bool tam_head_filters_dw(const tam_head_job *job, const tam_head_tile *tile);
/* The bound on what that did to dx. */
double tam_head_filter_bound(const tam_head_job *job);

/* Whether the fast loops over scaled cosines do. */
static inline bool tam_head_is_plain(const tam_head *head) {
    return head->loss.class_loss->scale != NULL && head->subs == 1 && head->state.options.interclass_filter > 1.0;
}

/* Training steps done, from which draws are numbered. What a checkpoint brought may be any number. */
static inline int64_t tam_head_steps_done(const tam_head *head) {
    double steps = head->state.running[TAM_RUNNING_STEP];
    return steps >= 0.0 && steps < 0x1p53 ? (int64_t)steps : 0;
}

/* What is drawn in a part of a step: the first part's seed is the head's own. */
static inline uint64_t tam_head_part_seed(const tam_head_job *job) {
    uint64_t part = job->update != NULL ? (uint64_t)job->update->part : 0;
    return job->head->seed + part * 0x9e3779b97f4a7c15u;
}

/* The scratch memory of a task. */
static inline tam_head_scratch *tam_head_scratch_of(tam_head *head, int64_t chunk, int worker) {
    return &head->scratch[head->scratches < head->most_chunks ? worker : chunk];
}

/* 1 / length, and 0 for a length that is as good as zero. */
static inline double tam_head_inverse(double length) {
    return length < 1e-32 ? 0.0 : 1.0 / length;
}

/* Where chunk number `chunk` begins. */
static inline int64_t tam_head_chunk_begin(const tam_head_cut *cut, int64_t chunk) {
    int64_t begin = chunk * cut->chunk_classes;
    return begin < cut->classes ? begin : cut->classes;
}

/* How many tiles it has. */
static inline int64_t tam_head_tiles_of(const tam_head_cut *cut, int64_t chunk) {
    int64_t classes = tam_head_chunk_begin(cut, chunk + 1) - tam_head_chunk_begin(cut, chunk);
    return (classes + cut->tile_classes - 1) / cut->tile_classes;
}

/* Where a sample's own class lies in the tile, or `count` when it does not. The classes before and after it are the
 * runs. */
static inline int64_t tam_head_place_in(const tam_head_tile *tile, const tam_head_row *row) {
    return row->place >= tile->first && row->place < tile->first + tile->count ? row->place - tile->first : tile->count;
}

/* The runs of a sample's other classes in the tile. */
static inline void tam_head_set_runs(const tam_head_tile *tile, const tam_head_row *row, tam_head_run runs[2]) {
    int64_t own = tam_head_place_in(tile, row);
    runs[0] = (tam_head_run){0, own};
    runs[1] = (tam_head_run){own + 1, tile->count};
}

#endif
