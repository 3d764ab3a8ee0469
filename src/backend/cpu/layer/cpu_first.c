/* The layer of the net's first convolution: which shapes, and how the work is cut into tasks. */
#include "backend/cpu/layer/cpu_first.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"

typedef struct tam_first_layer {
    tam_layer base;
    const tam_first_kernels *kernels;
    tam_first_pass pass;
    int64_t images, chunks; /* weights: images that a task sums over */
    int forward_rows, rows; /* rows of y of a task */
    size_t ring;            /* floats of a worker */
} tam_first_layer;

typedef struct tam_first_job {
    tam_first_layer *layer;
    const tam_layer_memory *memory;
    tam_first_memory of;
} tam_first_job;

static const tam_first_kernels *(*const every[])(void) = {tam_first_avx512, tam_first_avx2, tam_first_plain};

const tam_first_kernels *tam_first_kernels_at(int index) {
    for (size_t k = 0; k < sizeof every / sizeof *every; k++) {
        const tam_first_kernels *kernels = every[k]();
        if (kernels != NULL && index-- == 0) {
            return kernels;
        }
    }
    return NULL;
}

/* Tasks. Their number depends on the shape only. */

static int bands(const tam_first_layer *layer, int rows) {
    return (layer->pass.y.h + rows - 1) / rows;
}

static int end_of(const tam_first_layer *layer, int first, int rows) {
    return first + rows < layer->pass.y.h ? first + rows : layer->pass.y.h;
}

static float *ring_at(const tam_first_job *job, int worker) {
    return (float *)job->memory->scratch + (size_t)worker * job->layer->ring;
}

static void convolve(void *argument, int64_t task, int worker) {
    const tam_first_job *job = argument;
    const tam_first_layer *layer = job->layer;
    int parts = bands(layer, layer->forward_rows), first = (int)(task % parts) * layer->forward_rows;
    layer->kernels->convolve(&layer->pass, &job->of, task / parts, first, end_of(layer, first, layer->forward_rows),
                             ring_at(job, worker));
}

static int64_t sums_of_task(const tam_first_layer *layer) {
    return layer->pass.y.c / layer->kernels->lanes * tam_first_sums(&layer->pass, layer->kernels->lanes);
}

static float *sums_at(const tam_first_job *job, int64_t task) {
    return ring_at(job, tam_ctx_threads(job->layer->base.ctx)) + task * sums_of_task(job->layer);
}

static void weigh(void *argument, int64_t task, int worker) {
    const tam_first_job *job = argument;
    const tam_first_layer *layer = job->layer;
    int parts = bands(layer, layer->rows), first = (int)(task % parts) * layer->rows;
    int64_t image = task / parts * layer->images, last = image + layer->images;
    tam_first_memory of = job->of;
    of.sums = sums_at(job, task);
    memset(of.sums, 0, (size_t)sums_of_task(layer) * sizeof *of.sums);
    for (; image < last && image < layer->pass.x.n; image++) {
        layer->kernels->weigh(&layer->pass, &of, image, first, end_of(layer, first, layer->rows), ring_at(job, worker));
    }
}

static void scatter(void *argument, int64_t image, int worker) {
    (void)worker;
    const tam_first_job *job = argument;
    job->layer->kernels->scatter(&job->layer->pass, &job->of, image);
}

static void pack_slice(void *argument, int64_t slice, int worker) {
    (void)worker;
    const tam_first_job *job = argument;
    const tam_first_layer *layer = job->layer;
    int lanes = layer->kernels->lanes;
    int64_t taps = tam_first_weights(&layer->pass, 1);
    float *to = (float *)job->memory->packed + slice * taps * lanes;
    for (int64_t tap = 0; tap < taps; tap++) {
        for (int lane = 0; lane < lanes; lane++) {
            *to++ = job->memory->weight[(slice * lanes + lane) * taps + tap];
        }
    }
}

static int64_t weigh_tasks(const tam_first_layer *layer) {
    return layer->chunks * bands(layer, layer->rows);
}

/* The sums of all tasks in order. */
static float folded(const tam_first_layer *layer, const float *sums) {
    double sum = 0;
    for (int64_t task = 0; task < weigh_tasks(layer); task++) {
        sum += (double)sums[task * sums_of_task(layer)];
    }
    return (float)sum;
}

static void fold_slice(void *argument, int64_t slice, int worker) {
    (void)worker;
    const tam_first_job *job = argument;
    const tam_first_layer *layer = job->layer;
    int lanes = layer->kernels->lanes;
    int64_t taps = tam_first_weights(&layer->pass, 1), unit = tam_first_sums(&layer->pass, lanes);
    const float *sums = sums_at(job, 0) + slice * unit;
    for (int64_t tap = 0; tap < taps; tap++) {
        for (int lane = 0; lane < lanes; lane++) {
            job->memory->dweight[(slice * lanes + lane) * taps + tap] = folded(layer, sums + tap * lanes + lane);
        }
    }
    for (int lane = 0; lane < lanes && layer->base.shape.bias; lane++) {
        job->memory->dbias[slice * lanes + lane] = folded(layer, sums + unit - lanes + lane);
    }
}

/* Calls. */

static tam_first_job job_of(tam_layer *base, const tam_layer_memory *memory) {
    const tam_layer_shape *s = &base->shape;
    return (tam_first_job){
        .layer = (tam_first_layer *)base,
        .memory = memory,
        .of = {.x = memory->x,
               .packed = memory->packed,
               .bias = s->bias ? memory->bias : NULL,
               .slope = base->fused && s->prelu ? memory->slope : NULL,
               .relu = base->fused && s->relu,
               .sum_dy = s->bias,
               .dy = memory->dy,
               .y = memory->y,
               .dx = memory->dx},
    };
}

static void run_pack(tam_layer *base, const tam_layer_memory *memory) {
    tam_first_job job = job_of(base, memory);
    tam_team_run(base->ctx, base->shape.out / job.layer->kernels->lanes, pack_slice, &job);
}

static void run_forward(tam_layer *base, const tam_layer_memory *memory) {
    tam_first_job job = job_of(base, memory);
    tam_team_run(base->ctx, (int64_t)base->x.n * bands(job.layer, job.layer->forward_rows), convolve, &job);
}

static void run_backward_data(tam_layer *base, const tam_layer_memory *memory) {
    tam_first_job job = job_of(base, memory);
    run_pack(base, memory);
    tam_team_run(base->ctx, base->x.n, scatter, &job);
}

static void run_backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    tam_first_job job = job_of(base, memory);
    tam_team_run(base->ctx, weigh_tasks(job.layer), weigh, &job);
    tam_team_run(base->ctx, base->shape.out / job.layer->kernels->lanes, fold_slice, &job);
}

static void run_free(tam_layer *base) {
    tam_release(base->ctx, base);
}

/* Making. */

static bool suits(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_CONVOLUTION && s->groups == 1 && tam_layer_is_square(s) &&
           s->in.c <= TAM_FIRST_CHANNELS && s->in.lanes == 1 && s->in.dtype == TAM_F32 && s->out % 16 == 0 &&
           s->window.kernel_h >= 3 && s->window.kernel_h <= TAM_FIRST_KERNEL && s->window.stride >= 1 &&
           s->window.stride <= 2;
}

static void plan_tasks(tam_first_layer *layer) {
    enum { FORWARD_ROWS = 16, LEAST_TASKS = 64 };
    tam_layer *base = &layer->base;
    int lanes = layer->kernels->lanes, n = base->x.n;
    layer->forward_rows = FORWARD_ROWS;
    layer->images = (n + LEAST_TASKS - 1) / LEAST_TASKS;
    layer->chunks = (n + layer->images - 1) / layer->images;
    int64_t parts = (LEAST_TASKS + layer->chunks - 1) / layer->chunks;
    layer->rows = (int)((base->y.h + parts - 1) / parts);
    layer->ring = (tam_first_ring(&layer->pass, lanes) + 15) / 16 * 16;
    size_t sums = base->shape.training ? (size_t)(weigh_tasks(layer) * sums_of_task(layer)) : 0;
    base->scratch_bytes = ((size_t)tam_ctx_threads(base->ctx) * layer->ring + sums) * sizeof(float);
    base->packed_bytes = (size_t)(base->shape.out / lanes * tam_first_weights(&layer->pass, lanes)) * sizeof(float);
}

static const tam_layer_kind kind = {
    .pack = run_pack,
    .forward = run_forward,
    .backward_data = run_backward_data,
    .backward_weights = run_backward_weights,
    .free = run_free,
};

static tam_first_pass pass_of(const tam_layer *base, const tam_first_kernels *kernels) {
    const tam_layer_shape *s = &base->shape;
    int reached = (s->out_w - 1) * s->window.stride + s->window.kernel_h, padded = s->in.w + s->window.pad_h;
    int rows = s->in.c * s->window.kernel_h, at_once = kernels->tap_rows[s->window.kernel_h];
    return (tam_first_pass){
        .x = base->x,
        .y = base->y,
        .kernel = s->window.kernel_h,
        .stride = s->window.stride,
        .pad = s->window.pad_h,
        .width = reached > padded ? reached : padded,
        .tap_rows = (rows + at_once - 1) / at_once * at_once,
    };
}

tam_status tam_first_make(tam_ctx *ctx, const tam_first_kernels *kernels, const tam_layer_shape *shape,
                          tam_layer **out) {
    if (!suits(shape)) {
        return TAM_OK;
    }
    tam_first_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "the first convolution");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    tam_layer *base = &layer->base;
    base->kind = &kind;
    base->ctx = ctx;
    base->shape = *shape;
    base->x = base->dx = shape->in;
    base->y = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, 16, shape->out_dtype};
    base->y.lanes = shape->out_dtype == TAM_BF16 ? shape->out : 16;
    base->fused = !shape->add && !shape->relu6;
    for (int k = 0; k < 3; k++) {
        base->algorithm[k] = "first";
    }
    layer->kernels = kernels;
    layer->pass = pass_of(base, kernels);
    plan_tasks(layer);
    *out = base;
    return TAM_OK;
}

tam_status tam_layer_make_first(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                const tam_layer_shape *shape, tam_layer **out) {
    (void)dnnl, (void)tuning, (void)name;
    /* oneDNN's products of bf16 tiles are faster from a few channels on. */
    if (shape->out_dtype == TAM_BF16 && shape->in.c > 1) {
        return TAM_OK;
    }
    return tam_first_make(ctx, tam_first_kernels_at(0), shape, out);
}
