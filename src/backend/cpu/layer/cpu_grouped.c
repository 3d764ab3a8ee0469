/* The layer of grouped convolutions: which shapes, the passes over maps, and how they are cut into tasks. */
#include "backend/cpu/layer/cpu_grouped.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"

typedef struct tam_grouped_layer {
    tam_layer base;
    const tam_grouped_kernels *kernels;
    tam_grouped_pass forward, data;
    int slices, together;   /* slices of lanes in all, and those that a task handles at once: a cache line's */
    int64_t images, chunks; /* weights: images that a task sums over */
    size_t ring;            /* floats of a worker */
} tam_grouped_layer;

typedef struct tam_grouped_job {
    tam_grouped_layer *layer;
    const tam_layer_memory *memory;
    const tam_grouped_pass *pass;
    tam_grouped_memory of;
} tam_grouped_job;

static const tam_grouped_kernels *(*const every[])(void) = {tam_grouped_avx512, tam_grouped_avx2, tam_grouped_plain};

const tam_grouped_kernels *tam_grouped_kernels_at(int index) {
    for (size_t k = 0; k < sizeof every / sizeof *every; k++) {
        const tam_grouped_kernels *kernels = every[k]();
        if (kernels != NULL && index-- == 0) {
            return kernels;
        }
    }
    return NULL;
}

/* Tasks. Their number depends on the shape only. */

static int64_t parts(const tam_grouped_layer *layer) {
    return (layer->slices + layer->together - 1) / layer->together;
}

static int end_of(const tam_grouped_layer *layer, int first) {
    return first + layer->together < layer->slices ? first + layer->together : layer->slices;
}

static void convolve(void *argument, int64_t task, int worker) {
    const tam_grouped_job *job = argument;
    const tam_grouped_layer *layer = job->layer;
    int first = (int)(task % parts(layer)) * layer->together;
    float *ring = (float *)job->memory->scratch + (size_t)worker * layer->ring;
    layer->kernels->convolve(job->pass, &job->of, task / parts(layer), first, end_of(layer, first), ring);
}

static int64_t sums_of_chunk(const tam_grouped_layer *layer) {
    return layer->slices * tam_grouped_sums(&layer->forward, layer->kernels->lanes);
}

static float *sums_at(const tam_grouped_layer *layer, const tam_layer_memory *memory, int64_t chunk) {
    return (float *)memory->scratch + (size_t)tam_ctx_threads(layer->base.ctx) * layer->ring +
           chunk * sums_of_chunk(layer);
}

static void weigh(void *argument, int64_t task, int worker) {
    const tam_grouped_job *job = argument;
    const tam_grouped_layer *layer = job->layer;
    int first = (int)(task % parts(layer)) * layer->together, end = end_of(layer, first);
    int64_t chunk = task / parts(layer), image = chunk * layer->images, last = image + layer->images;
    int64_t unit = tam_grouped_sums(&layer->forward, layer->kernels->lanes);
    float *ring = (float *)job->memory->scratch + (size_t)worker * layer->ring;
    tam_grouped_memory of = job->of;
    of.sums = sums_at(layer, job->memory, chunk);
    memset(of.sums + first * unit, 0, (size_t)((end - first) * unit) * sizeof *of.sums);
    for (; image < last && image < layer->base.shape.in.n; image++) {
        layer->kernels->weigh(job->pass, &of, image, first, end, ring);
    }
}

/* Channels of a slice: the last one may be filled in part. */
static int lanes_of(const tam_grouped_layer *layer, int64_t slice) {
    int lanes = layer->kernels->lanes;
    int64_t left = layer->base.shape.in.c - slice * lanes;
    return left < lanes ? (int)left : lanes;
}

/* The weight that joins, at a tap, lane `lane` of what is read to lane ^ j of what is written. */
static int64_t weight_at(const tam_grouped_layer *layer, bool transposed, int slice, int tap, int j, int lane) {
    const tam_grouped_pass *pass = &layer->forward;
    int channel = slice * layer->kernels->lanes + lane, other = channel ^ j;
    int64_t out = transposed ? channel : other, in = (transposed ? other : channel) % pass->group;
    return (out * pass->group + in) * pass->kernel * pass->kernel + tap;
}

static void pack_slice(void *argument, int64_t slice, int worker) {
    (void)worker;
    const tam_grouped_job *job = argument;
    const tam_grouped_pass *pass = job->pass;
    int lanes = job->layer->kernels->lanes, used = lanes_of(job->layer, slice), taps = pass->kernel * pass->kernel;
    float *to = (float *)job->memory->packed + slice * tam_grouped_weights(pass, lanes);
    for (int tap = 0; tap < taps; tap++) {
        for (int j = 0; j < pass->group; j++) {
            for (int lane = 0; lane < lanes; lane++) {
                int64_t at = weight_at(job->layer, pass->transposed, (int)slice, tap, j, lane);
                *to++ = lane < used ? job->memory->weight[at] : 0.0f;
            }
        }
    }
}

/* The sums of all chunks in order. */
static float folded(const tam_grouped_layer *layer, const float *sums) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < layer->chunks; chunk++) {
        sum += (double)sums[chunk * sums_of_chunk(layer)];
    }
    return (float)sum;
}

static void fold_slice(void *argument, int64_t slice, int worker) {
    (void)worker;
    const tam_grouped_job *job = argument;
    const tam_grouped_layer *layer = job->layer;
    const tam_grouped_pass *pass = job->pass;
    int lanes = layer->kernels->lanes, used = lanes_of(layer, slice), taps = pass->kernel * pass->kernel;
    const float *sums = sums_at(layer, job->memory, 0) + slice * tam_grouped_sums(pass, lanes);
    for (int tap = 0; tap < taps; tap++) {
        for (int j = 0; j < pass->group; j++) {
            for (int lane = 0; lane < used; lane++) {
                int64_t at = weight_at(layer, false, (int)slice, tap, j, lane);
                job->memory->dweight[at] = folded(layer, sums + lane);
            }
            sums += lanes;
        }
    }
    for (int lane = 0; lane < used && layer->base.shape.bias; lane++) {
        job->memory->dbias[slice * lanes + lane] = folded(layer, sums++);
    }
}

/* Calls. */

static void run_pack(tam_layer *base, const tam_layer_memory *memory) {
    tam_grouped_layer *layer = (tam_grouped_layer *)base;
    tam_grouped_job job = {layer, memory, &layer->forward, {0}};
    tam_team_run(base->ctx, layer->slices, pack_slice, &job);
}

static void run_forward(tam_layer *base, const tam_layer_memory *memory) {
    tam_grouped_layer *layer = (tam_grouped_layer *)base;
    const tam_layer_shape *s = &base->shape;
    tam_grouped_job job = {layer, memory, &layer->forward, {.from = memory->x, .to = memory->y}};
    job.of.packed = memory->packed;
    job.of.bias = s->bias ? memory->bias : NULL;
    job.of.added = s->add ? memory->added : NULL;
    job.of.slope = s->prelu ? memory->slope : NULL;
    job.of.relu = s->relu || s->relu6;
    job.of.top = s->relu6 ? 6 : 0;
    tam_team_run(base->ctx, base->shape.in.n * parts(layer), convolve, &job);
}

static void run_backward_data(tam_layer *base, const tam_layer_memory *memory) {
    tam_grouped_layer *layer = (tam_grouped_layer *)base;
    tam_grouped_job job = {layer, memory, &layer->data, {.from = memory->dy, .to = memory->dx}};
    job.of.packed = memory->packed;
    tam_team_run(base->ctx, layer->slices, pack_slice, &job);
    tam_team_run(base->ctx, base->shape.in.n * parts(layer), convolve, &job);
}

static void run_backward_weights(tam_layer *base, const tam_layer_memory *memory) {
    tam_grouped_layer *layer = (tam_grouped_layer *)base;
    tam_grouped_job job = {layer, memory, &layer->forward, {.from = memory->x, .sum_dy = base->shape.bias}};
    job.of.dy = memory->dy;
    tam_team_run(base->ctx, layer->chunks * parts(layer), weigh, &job);
    tam_team_run(base->ctx, layer->slices, fold_slice, &job);
}

static void run_free(tam_layer *base) {
    tam_release(base->ctx, base);
}

/* Making. */

/* Channels that fill no vectors: depthwise in NHWC, where no number lies behind those of a pixel. */
static bool is_uneven(const tam_layer_shape *s) {
    return s->in.c % 16 != 0 && s->groups == s->out && s->dtype == TAM_BF16 && s->out_dtype == TAM_BF16;
}

static bool suits(const tam_layer_shape *s) {
    if (s->op != TAM_LAYER_CONVOLUTION || s->groups < 2 || !tam_layer_is_square(s) || s->in.c != s->out) {
        return false;
    }
    int group = s->out / s->groups;
    return (s->in.c % 16 == 0 || is_uneven(s)) && (group == 1 || group == 2 || group == 4) &&
           s->window.kernel_h <= TAM_GROUPED_KERNEL && s->window.stride <= TAM_GROUPED_STRIDE;
}

static tam_grouped_pass pass_of(const tam_layer_shape *s, const tam_layout *x, const tam_layout *y, bool transposed) {
    tam_grouped_pass pass = {
        .from = transposed ? *y : *x,
        .to = transposed ? *x : *y,
        .kernel = s->window.kernel_h,
        .stride = s->window.stride,
        .pad = s->window.pad_h,
        .group = s->out / s->groups,
        .transposed = transposed,
        .phases = transposed ? s->window.stride : 1,
    };
    for (int k = 0; k < pass.phases; k++) {
        tam_grouped_phase *phase = &pass.phase[k];
        phase->columns = (pass.to.w - k + pass.phases - 1) / pass.phases;
        for (int tap = 0; tap < s->window.kernel_h; tap++) {
            int distance = transposed ? k + s->window.pad_h - tap : tap - s->window.pad_h;
            if (distance % pass.phases == 0) {
                phase->tap[phase->taps] = tap;
                phase->column[phase->taps++] = distance / pass.phases;
                pass.left = pass.left > -distance / pass.phases ? pass.left : -distance / pass.phases;
            }
        }
    }
    pass.width = pass.left + pass.from.w;
    for (int k = 0; k < pass.phases; k++) {
        tam_grouped_phase *phase = &pass.phase[k];
        int last = (phase->columns - 1) * (transposed ? 1 : s->window.stride);
        for (int t = 0; t < phase->taps; t++) {
            phase->column[t] += pass.left;
            pass.width = pass.width > last + phase->column[t] + 1 ? pass.width : last + phase->column[t] + 1;
        }
    }
    return pass;
}

/* The layout as it is, if vectors fit into it, else the one that the convolutions beside it like. */
static tam_layout wished(const tam_layer_shape *s, int lanes) {
    tam_layout x = s->in;
    if (x.lanes % lanes != 0 || is_uneven(s)) {
        x.lanes = s->dtype == TAM_F32 ? 16 : x.c;
    }
    x.dtype = s->dtype;
    return x;
}

static const tam_layer_kind kind = {
    .pack = run_pack,
    .forward = run_forward,
    .backward_data = run_backward_data,
    .backward_weights = run_backward_weights,
    .free = run_free,
};

static void plan_memory(tam_grouped_layer *layer) {
    enum { LEAST_TASKS = 256 };
    tam_layer *base = &layer->base;
    int lanes = layer->kernels->lanes, line = base->x.dtype == TAM_F32 ? 16 : 32;
    int64_t n = base->shape.in.n;
    layer->slices = (base->shape.in.c + lanes - 1) / lanes;
    layer->together = line / lanes;
    int64_t wanted = (LEAST_TASKS + parts(layer) - 1) / parts(layer);
    layer->images = (n + wanted - 1) / wanted;
    layer->chunks = (n + layer->images - 1) / layer->images;
    layer->ring = tam_grouped_ring(&layer->forward, lanes, layer->together);
    size_t sums = 0;
    if (base->shape.training) {
        size_t data = tam_grouped_ring(&layer->data, lanes, layer->together);
        layer->ring = data > layer->ring ? data : layer->ring;
        sums = (size_t)(layer->chunks * sums_of_chunk(layer));
    }
    layer->ring = (layer->ring + 15) / 16 * 16;
    base->scratch_bytes = ((size_t)tam_ctx_threads(base->ctx) * layer->ring + sums) * sizeof(float);
    base->packed_bytes = (size_t)(layer->slices * tam_grouped_weights(&layer->forward, lanes)) * sizeof(float);
}

tam_status tam_grouped_make(tam_ctx *ctx, const tam_grouped_kernels *kernels, const tam_layer_shape *shape,
                            tam_layer **out) {
    if (!suits(shape)) {
        return TAM_OK;
    }
    tam_grouped_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a grouped convolution");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    tam_layer *base = &layer->base;
    base->kind = &kind;
    base->ctx = ctx;
    base->shape = *shape;
    base->x = base->dx = wished(shape, kernels->lanes);
    base->y = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, base->x.lanes, shape->out_dtype};
    base->fused = true;
    for (int k = 0; k < 3; k++) {
        base->algorithm[k] = shape->groups == shape->out ? "depthwise" : "grouped";
    }
    layer->kernels = kernels;
    layer->forward = pass_of(shape, &base->x, &base->y, false);
    layer->data = pass_of(shape, &base->x, &base->y, true);
    plan_memory(layer);
    *out = base;
    return TAM_OK;
}

/* oneDNN is as fast for small depthwise kernels in f32; in bf16 it is slow in NHWC, where the layers beside them want
 * to be. */
static bool is_faster(const tam_layer_shape *s) {
    return s->groups < s->out || s->window.kernel_h > 3 || is_uneven(s) ||
           (s->dtype == TAM_BF16 && s->in.lanes == s->in.c);
}

/* The best kernels whose vectors fit into the layout that is there. */
tam_status tam_layer_make_grouped(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                  const tam_layer_shape *shape, tam_layer **out) {
    (void)dnnl, (void)tuning, (void)name;
    if (!suits(shape) || !is_faster(shape)) {
        return TAM_OK;
    }
    const tam_grouped_kernels *kernels = tam_grouped_kernels_at(0);
    for (int k = 0;
         !is_uneven(shape) && shape->in.lanes >= 8 && kernels != NULL && shape->in.lanes % kernels->lanes != 0; k++) {
        kernels = tam_grouped_kernels_at(k);
    }
    return tam_grouped_make(ctx, kernels != NULL ? kernels : tam_grouped_plain(), shape, out);
}
