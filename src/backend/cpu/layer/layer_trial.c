#include "backend/cpu/layer/layer_trial.h"

#include "base/bf16.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/team.h"

/* The memory of a trial. */
enum { X, Y, DX, DY, WEIGHT, BIAS, DWEIGHT, DBIAS, PACKED, SCRATCH, BLOCKS };

typedef struct trial {
    tam_layer *layer;
    void *block[BLOCKS];
    tam_layer_memory memory;
} trial;

/* Numbers of both signs between a half and one: a processor may be quicker with zeros, and slower with numbers too
 * small for it. The same for each run, whatever the number of threads. */
typedef struct fill_job {
    tam_dtype dtype;
    int64_t count;
    void *numbers;
} fill_job;

enum { FILL_PIECE = 1 << 16 };

static void fill_piece(void *argument, int64_t task, int worker) {
    const fill_job *job = argument;
    const int64_t end = (task + 1) * FILL_PIECE < job->count ? (task + 1) * FILL_PIECE : job->count;
    uint32_t number = (uint32_t)task;
    float *f32 = job->numbers;
    tam_bf16 *bf16 = job->numbers;
    (void)worker;
    for (int64_t i = task * FILL_PIECE; i < end; i++) {
        number = number * 1664525u + 1013904223u;
        const tam_bf16 bits = (tam_bf16)(0x3f00u | (number >> 16 & 0x807fu));
        if (job->dtype == TAM_BF16) {
            bf16[i] = bits;
        } else {
            f32[i] = tam_bf16_value(bits);
        }
    }
}

static tam_status take(tam_ctx *ctx, tam_dtype dtype, size_t bytes, void **out) {
    fill_job job = {.dtype = dtype, .count = (int64_t)(bytes / tam_dtype_bytes(dtype))};
    *out = job.numbers = tam_allocate(ctx, bytes, 1, "a layer to measure");
    if (job.numbers == NULL) {
        return TAM_RESOURCES;
    }
    tam_team_run(ctx, (job.count + FILL_PIECE - 1) / FILL_PIECE, fill_piece, &job);
    return TAM_OK;
}

static tam_status take_memory(tam_ctx *ctx, trial *t) {
    const tam_layer *layer = t->layer;
    const tam_layer_shape *s = &layer->shape;
    const size_t kernel = s->op == TAM_LAYER_FULL ? 1 : (size_t)(s->window.kernel_h * s->window.kernel_w);
    const size_t groups = s->op == TAM_LAYER_FULL ? 1 : (size_t)s->groups;
    const size_t weight = (size_t)s->out * ((size_t)s->in.c / groups) * kernel * sizeof(float);
    const size_t bias = (size_t)s->out * sizeof(float), y = tam_layout_bytes(&layer->y);
    const struct {
        tam_dtype dtype;
        size_t bytes;
    } blocks[BLOCKS] = {
        [X] = {layer->x.dtype, tam_layout_bytes(&layer->x)},
        [Y] = {layer->y.dtype, y},
        [DX] = {layer->dx.dtype, s->training ? tam_layout_bytes(&layer->dx) : 0},
        [DY] = {layer->y.dtype, s->training ? y : 0},
        [WEIGHT] = {TAM_F32, weight},
        [BIAS] = {TAM_F32, bias},
        [DWEIGHT] = {TAM_F32, s->training ? weight : 0},
        [DBIAS] = {TAM_F32, bias},
        [PACKED] = {TAM_F32, layer->packed_bytes},
        [SCRATCH] = {TAM_F32, layer->scratch_bytes},
    };
    for (int i = 0; i < BLOCKS; i++) {
        TAM_TRY(take(ctx, blocks[i].dtype, blocks[i].bytes, &t->block[i]));
    }
    t->memory = (tam_layer_memory){.x = t->block[X],
                                   .y = t->block[Y],
                                   .dx = t->block[DX],
                                   .dy = t->block[DY],
                                   .weight = t->block[WEIGHT],
                                   .bias = s->bias ? t->block[BIAS] : NULL,
                                   .dweight = t->block[DWEIGHT],
                                   .dbias = s->bias ? t->block[DBIAS] : NULL,
                                   .packed = t->block[PACKED],
                                   .scratch = t->block[SCRATCH]};
    return TAM_OK;
}

static void run_forward(trial *t) {
    if (t->layer->shape.training && t->layer->kind->pack != NULL) {
        t->layer->kind->pack(t->layer, &t->memory); /* in each step; in inference once for all */
    }
    t->layer->kind->forward(t->layer, &t->memory);
}

static void run_backward_data(trial *t) {
    t->layer->kind->backward_data(t->layer, &t->memory);
}

static void run_backward_weights(trial *t) {
    t->layer->kind->backward_weights(t->layer, &t->memory);
}

/* The least of several runs, behind one that warms the caches: what disturbs a run only makes it longer. */
static double least_seconds(void (*run)(trial *t), trial *t) {
    enum { LEAST_RUNS = 2, MOST_RUNS = 40 };
    const double enough = 0.05;
    double least = 1e30, all = 0.0;
    run(t);
    for (int i = 0; i < LEAST_RUNS || (all < enough && i < MOST_RUNS); i++) {
        double start = tam_seconds();
        run(t);
        double seconds = tam_seconds() - start;
        all += seconds;
        least = seconds < least ? seconds : least;
    }
    return least;
}

tam_status tam_layer_trial(tam_ctx *ctx, tam_layer *layer, double seconds[3]) {
    trial t = {.layer = layer};
    tam_status status = take_memory(ctx, &t);
    seconds[0] = seconds[1] = seconds[2] = 0.0;
    if (status == TAM_OK) {
        if (layer->kind->pack != NULL) {
            layer->kind->pack(layer, &t.memory);
        }
        seconds[0] = least_seconds(run_forward, &t);
        if (layer->shape.training) {
            seconds[1] = layer->shape.free_gradient ? 0.0 : least_seconds(run_backward_data, &t);
            seconds[2] = least_seconds(run_backward_weights, &t);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        tam_release(ctx, t.block[i]);
    }
    return status;
}

tam_status tam_layer_trial_change(tam_ctx *ctx, const tam_layout *from, const tam_layout *to, double *seconds) {
    enum { RUNS = 3 };
    void *x = NULL, *y = NULL;
    *seconds = 0.0;
    if (tam_layout_same(from, to)) {
        return TAM_OK;
    }
    tam_status status = take(ctx, from->dtype, tam_layout_bytes(from), &x);
    if (status == TAM_OK) {
        status = take(ctx, to->dtype, tam_layout_bytes(to), &y);
    }
    for (int i = 0; status == TAM_OK && i <= RUNS; i++) {
        double start = tam_seconds();
        tam_layout_copy(ctx, from->n, from, x, to, y);
        double run = tam_seconds() - start;
        *seconds = i <= 1 || run < *seconds ? run : *seconds; /* the first one warms up */
    }
    tam_release(ctx, x);
    tam_release(ctx, y);
    return status;
}
