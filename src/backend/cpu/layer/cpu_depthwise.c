/* The layer of depthwise convolutions of 3 x 3 in bf16 and NHWC: which shapes, and how their rows are cut into tasks.
 */
#include "backend/cpu/layer/cpu_depthwise.h"

#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"

/* Tasks: bands of rows of an image by parts of the blocks of channels. Their number depends on the shape only. */
typedef struct depthwise_cut {
    int rows, bands;   /* of one task, and of an image */
    int blocks, parts; /* of one task, and of a pixel */
} depthwise_cut;

typedef struct tam_depthwise_layer {
    tam_layer base;
    const tam_depthwise_kernels *kernels;
    tam_bf16 *zeros; /* a row outside the map */
    int blocks;
    depthwise_cut forward, data;
    int parts, part;      /* weights: of the blocks, and blocks of one */
    int64_t chunks, rows; /* weights: of all images, and rows of one */
} tam_depthwise_layer;

typedef struct depthwise_job {
    tam_depthwise_layer *layer;
    const tam_layer_memory *memory;
    const float *packed;
    bool turned; /* weights for the gradient of x */
    const tam_bf16 *from;
    tam_bf16 *to;
    const tam_layout *from_layout, *to_layout;
    const depthwise_cut *cut;
    tam_depthwise_row row; /* what all rows have in common */
} depthwise_job;

static int least(int a, int b) {
    return a < b ? a : b;
}

static const tam_bf16 *row_at(const tam_layout *layout, const tam_bf16 *map, int64_t image, int row) {
    return row < 0 || row >= layout->h ? NULL : map + ((image * layout->h + row) * layout->w) * layout->c;
}

/* The rows that reach row `at` of what is written. */
static void reach(const depthwise_job *job, int64_t image, int at, tam_depthwise_row *row) {
    const int stride = row->stride;
    for (int r = 0; r < TAM_DEPTHWISE_SIDE; r++) {
        const tam_bf16 *from = row_at(job->from_layout, job->from, image, at * stride + r - 1);
        row->from[r] = from != NULL ? from : job->layer->zeros;
    }
    row->ahead = row->from[1] + (int64_t)2 * row->channels * row->from_w;
}

/* The same for the gradient of x behind stride 2: one row of dy, or two. */
static void reach_back(const depthwise_job *job, int64_t image, int at, tam_depthwise_row *row) {
    const tam_bf16 *below = row_at(job->from_layout, job->from, image, at / 2 + 1);
    row->from[0] = row_at(job->from_layout, job->from, image, at / 2);
    row->from[1] = at % 2 == 1 ? below : NULL;
    row->tap[0] = at % 2 == 1 ? 2 : 1;
    row->tap[1] = 0;
    row->ahead = row->from[0] + (int64_t)2 * row->channels * row->from_w;
}

static void convolve(void *argument, int64_t task, int worker) {
    (void)worker;
    const depthwise_job *job = argument;
    const tam_depthwise_layer *layer = job->layer;
    const tam_layout *to = job->to_layout;
    const int part = (int)(task % job->cut->parts), band = (int)(task / job->cut->parts % job->cut->bands);
    const int64_t image = task / job->cut->parts / job->cut->bands;
    const bool spread = job->turned && layer->base.shape.window.stride == 2;
    tam_depthwise_row row = job->row;
    row.first = part * job->cut->blocks;
    row.end = least(row.first + job->cut->blocks, layer->blocks);
    for (int at = band * job->cut->rows; at < least((band + 1) * job->cut->rows, to->h); at++) {
        const int64_t place = (image * to->h + at) * to->w * to->c;
        row.to = job->to + place;
        row.added = job->row.added != NULL ? job->row.added + place : NULL;
        if (spread) {
            reach_back(job, image, at, &row);
            layer->kernels->spread(&row);
        } else {
            reach(job, image, at, &row);
            layer->kernels->convolve(&row);
        }
    }
}

static float *sums_at(const tam_depthwise_layer *layer, const tam_layer_memory *memory, int64_t chunk) {
    return (float *)memory->scratch + chunk * layer->blocks * TAM_DEPTHWISE_SUMS;
}

static void weigh(void *argument, int64_t task, int worker) {
    (void)worker;
    const depthwise_job *job = argument;
    const tam_depthwise_layer *layer = job->layer;
    const tam_layout *to = job->to_layout;
    const int64_t chunk = task / layer->parts, all = (int64_t)to->n * to->h;
    tam_depthwise_row row = job->row;
    row.first = (int)(task % layer->parts) * layer->part;
    row.end = least(row.first + layer->part, layer->blocks);
    row.sums = sums_at(layer, job->memory, chunk);
    memset(row.sums + row.first * TAM_DEPTHWISE_SUMS, 0,
           (size_t)(row.end - row.first) * TAM_DEPTHWISE_SUMS * sizeof *row.sums);
    for (int64_t at = chunk * layer->rows; at < all && at < (chunk + 1) * layer->rows; at++) {
        reach(job, at / to->h, (int)(at % to->h), &row);
        row.dy = (const tam_bf16 *)job->memory->dy + at * to->w * to->c;
        layer->kernels->weigh(&row);
    }
}

/* Weights of one block: for the gradient of x behind stride 1 turned round. */
static void pack_block(void *argument, int64_t block, int worker) {
    (void)worker;
    const depthwise_job *job = argument;
    const int channels = job->layer->base.shape.in.c, first = (int)block * TAM_DEPTHWISE_BLOCK;
    float *to = (float *)job->memory->packed + block * TAM_DEPTHWISE_WEIGHTS;
    for (int lane = 0; lane < TAM_DEPTHWISE_BLOCK; lane++) {
        const float *from = job->memory->weight + (int64_t)(first + lane) * TAM_DEPTHWISE_TAPS;
        for (int tap = 0; tap < TAM_DEPTHWISE_TAPS; tap++) {
            const int source = job->turned ? TAM_DEPTHWISE_TAPS - 1 - tap : tap;
            to[tap * TAM_DEPTHWISE_BLOCK + tam_depthwise_lane(lane)] = first + lane < channels ? from[source] : 0.0f;
        }
    }
}

/* The sums of all chunks in order, `apart` floats from each other. */
TAM_KERNEL static void add_chunks(const float *sums, int64_t chunks, int64_t apart, double *all) {
    for (int k = 0; k < TAM_DEPTHWISE_SUMS; k++) {
        all[k] = 0;
    }
    for (int64_t chunk = 0; chunk < chunks; chunk++, sums += apart) {
        for (int k = 0; k < TAM_DEPTHWISE_SUMS; k++) {
            all[k] += (double)sums[k];
        }
    }
}

static void fold_block(void *argument, int64_t block, int worker) {
    (void)worker;
    const depthwise_job *job = argument;
    const tam_depthwise_layer *layer = job->layer;
    const int first = (int)block * TAM_DEPTHWISE_BLOCK;
    double all[TAM_DEPTHWISE_SUMS];
    add_chunks(sums_at(layer, job->memory, 0) + block * TAM_DEPTHWISE_SUMS, layer->chunks,
               (int64_t)layer->blocks * TAM_DEPTHWISE_SUMS, all);
    for (int lane = 0; lane < least(TAM_DEPTHWISE_BLOCK, layer->base.shape.in.c - first); lane++) {
        const double *at = all + tam_depthwise_lane(lane);
        float *to = job->memory->dweight + (int64_t)(first + lane) * TAM_DEPTHWISE_TAPS;
        for (int tap = 0; tap < TAM_DEPTHWISE_TAPS; tap++) {
            to[tap] = (float)at[tap * TAM_DEPTHWISE_BLOCK];
        }
        if (layer->base.shape.bias) {
            job->memory->dbias[first + lane] = (float)at[TAM_DEPTHWISE_WEIGHTS];
        }
    }
}

/* Calls. */

static depthwise_job job_of(tam_layer *base, const tam_layer_memory *memory, bool back) {
    tam_depthwise_layer *layer = (tam_depthwise_layer *)base;
    return (depthwise_job){
        .layer = layer,
        .memory = memory,
        .from = back ? memory->dy : memory->x,
        .to = back ? memory->dx : memory->y,
        .from_layout = back ? &base->y : &base->x,
        .to_layout = back ? &base->x : &base->y,
        .cut = back ? &layer->data : &layer->forward,
        .row = {.channels = base->shape.in.c,
                .stride = back ? 1 : base->shape.window.stride,
                .from_w = back ? base->y.w : base->x.w,
                .to_w = back ? base->x.w : base->y.w,
                .packed = memory->packed},
    };
}

static void run_pack(tam_layer *base, const tam_layer_memory *memory) {
    depthwise_job job = job_of(base, memory, false);
    tam_team_run(base->ctx, job.layer->blocks, pack_block, &job);
}

static void run_rows(tam_layer *base, depthwise_job *job) {
    tam_team_run(base->ctx, (int64_t)base->shape.in.n * job->cut->bands * job->cut->parts, convolve, job);
}

static void run_forward(tam_layer *base, const tam_layer_memory *memory) {
    const tam_layer_shape *s = &base->shape;
    depthwise_job job = job_of(base, memory, false);
    job.row.bias = s->bias ? memory->bias : NULL;
    job.row.added = s->add ? memory->added : NULL;
    job.row.slope = s->prelu ? memory->slope : NULL;
    job.row.relu = s->relu || s->relu6;
    job.row.top = s->relu6 ? 6 : 0;
    run_rows(base, &job);
}

static void run_backward_data(tam_layer *base, const tam_layer_memory *memory) {
    depthwise_job job = job_of(base, memory, true);
    job.turned = base->shape.window.stride == 1;
    tam_team_run(base->ctx, job.layer->blocks, pack_block, &job);
    job.turned = true;
    run_rows(base, &job);
}

static void run_backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    depthwise_job job = job_of(base, memory, false);
    job.row.sum_dy = base->shape.bias;
    tam_team_run(base->ctx, job.layer->chunks * job.layer->parts, weigh, &job);
    tam_team_run(base->ctx, job.layer->blocks, fold_block, &job);
}

static void run_free(tam_layer *base) {
    tam_release(base->ctx, ((tam_depthwise_layer *)base)->zeros);
    tam_release(base->ctx, base);
}

/* Making. */

static bool suits(const tam_layer_shape *s) {
    const tam_window *w = &s->window;
    return s->op == TAM_LAYER_CONVOLUTION && s->groups == s->out && s->in.c == s->out && tam_layer_is_square(s) &&
           w->kernel_h == TAM_DEPTHWISE_SIDE && w->pad_h == 1 && (w->stride == 1 || w->stride == 2) &&
           s->dtype == TAM_BF16 && s->out_dtype == TAM_BF16 && (s->in.lanes == s->in.c || s->in.c % 16 != 0);
}

static int64_t shares(int64_t whole, int64_t part) {
    return (whole + part - 1) / part;
}

/* Bands of whole rows, which are read once from end to end; pixels are cut too where that leaves too few tasks. */
static depthwise_cut cut_of(const tam_layout *to, int blocks) {
    enum { TASKS = 64, LEAST_TASKS = 8, LEAST_ROWS = 4, LEAST_BLOCKS = 2 };
    int64_t bands = shares(TASKS, to->n), most = shares(to->h, LEAST_ROWS);
    depthwise_cut cut = {.rows = (int)shares(to->h, bands < most ? bands : most)};
    cut.bands = (int)shares(to->h, cut.rows);
    int64_t parts = shares(LEAST_TASKS, (int64_t)to->n * cut.bands), finest = shares(blocks, LEAST_BLOCKS);
    cut.blocks = (int)shares(blocks, parts < finest ? parts : finest);
    cut.parts = (int)shares(blocks, cut.blocks);
    return cut;
}

static void plan_memory(tam_depthwise_layer *layer) {
    enum { TASKS = 64, PART = 8 };
    tam_layer *base = &layer->base;
    layer->blocks = (int)shares(base->shape.in.c, TAM_DEPTHWISE_BLOCK);
    layer->forward = cut_of(&base->y, layer->blocks);
    layer->data = cut_of(&base->x, layer->blocks);
    base->packed_bytes = (size_t)layer->blocks * TAM_DEPTHWISE_WEIGHTS * sizeof(float);
    if (base->shape.training) {
        const int64_t rows = (int64_t)base->y.n * base->y.h;
        layer->part = least(PART, layer->blocks);
        layer->parts = (int)shares(layer->blocks, layer->part);
        layer->rows = shares(rows, shares(TASKS, layer->parts));
        layer->chunks = shares(rows, layer->rows);
        base->scratch_bytes = (size_t)(layer->chunks * layer->blocks) * TAM_DEPTHWISE_SUMS * sizeof(float);
    }
}

static const tam_layer_kind kind = {
    .pack = run_pack,
    .forward = run_forward,
    .backward_data = run_backward_data,
    .backward_weights = run_backward_weights,
    .free = run_free,
};

tam_status tam_layer_make_depthwise(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                    const tam_layer_shape *shape, tam_layer **out) {
    (void)dnnl, (void)tuning, (void)name;
    const tam_depthwise_kernels *kernels = tam_depthwise_avx512();
    if (!suits(shape) || kernels == NULL) {
        return TAM_OK;
    }
    tam_depthwise_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a depthwise convolution");
    tam_bf16 *zeros =
        tam_allocate(ctx, (size_t)shape->in.w * (size_t)shape->in.c, sizeof *zeros, "a depthwise convolution's zeros");
    if (layer == NULL || zeros == NULL) {
        tam_release(ctx, layer);
        tam_release(ctx, zeros);
        return TAM_RESOURCES;
    }
    tam_layer *base = &layer->base;
    *base = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape, .x = shape->in, .fused = true};
    base->x.lanes = shape->in.c;
    base->x.dtype = TAM_BF16;
    base->dx = base->x;
    base->y = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, shape->out, TAM_BF16};
    base->algorithm[0] = base->algorithm[1] = base->algorithm[2] = "depthwise";
    layer->kernels = kernels;
    layer->zeros = zeros;
    plan_memory(layer);
    *out = base;
    return TAM_OK;
}
