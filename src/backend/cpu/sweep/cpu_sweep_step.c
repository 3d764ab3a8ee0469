#include "backend/cpu/sweep/cpu_sweep_step.h"

#include <math.h>

#include "backend/cpu/sweep/cpu_activation.h"
#include "backend/running.h"
#include "base/memory.h"
#include "base/team.h"

static size_t up(size_t bytes) {
    return (bytes + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
}

/* Takes the next `bytes` of a block; from NULL on it only counts. */
static void *take(char **at, size_t bytes) {
    void *taken = *at;
    *at += up(bytes);
    return taken;
}

static tam_sweep_room room_at(tam_plan *plan, const tam_cpu_step *step, char **at) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout, *out = &tam_cpu_out(plan, step)->layout;
    size_t pattern = (size_t)tam_layout_pattern(layout) * sizeof(float);
    tam_sweep_room room = {0};
    for (int k = 0; k < step->terms; k++) {
        if (step->scaled[k] != NULL) {
            room.pattern[k].scale = take(at, pattern);
            room.pattern[k].shift = take(at, pattern);
        }
        if (step->norm[k] != NULL) {
            room.mean[k] = take(at, (size_t)layout->c * sizeof(double));
            room.variance[k] = take(at, (size_t)layout->c * sizeof(double));
            room.pattern[k].mean = take(at, pattern);
            room.pattern[k].scale = take(at, pattern);
            room.pattern[k].shift = take(at, pattern);
            room.pattern[k].by_x = take(at, pattern);
            room.pattern[k].constant = take(at, pattern);
        }
    }
    if (step->activation != NULL) {
        room.slope = take(at, pattern);
    }
    if (step->pool != NULL) {
        room.x_kept = take(at, tam_layout_bytes(out));
        room.place = take(at, tam_layout_bytes(out) / tam_dtype_bytes(out->dtype));
    }
    return room;
}

size_t tam_sweep_room_bytes(tam_plan *plan, const tam_cpu_step *step) {
    char *at = NULL;
    (void)room_at(plan, step, &at);
    return (size_t)(uintptr_t)at;
}

tam_sweep_room tam_sweep_room_of(tam_plan *plan, const tam_cpu_step *step) {
    char *at = tam_cpu_own(plan, step);
    return room_at(plan, step, &at);
}

static tam_sweep_scratch scratch_at(const tam_layout *layout, char **at) {
    size_t c = (size_t)layout->c;
    return (tam_sweep_scratch){
        .positions = take(at, (size_t)tam_layout_period(layout) * sizeof(double)),
        .sums = take(at, (2 + TAM_SWEEP_TERMS) * c * sizeof(double)),
        .values = take(at, c * sizeof(float)),
    };
}

size_t tam_sweep_scratch_bytes(const tam_layout *layout) {
    char *at = NULL;
    (void)scratch_at(layout, &at);
    return (size_t)(uintptr_t)at;
}

tam_sweep_scratch tam_sweep_scratch_of(tam_plan *plan, const tam_layout *layout) {
    char *at = tam_cpu_scratch(plan);
    return scratch_at(layout, &at);
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout, *out;
    for (int k = 1; k < step->terms; k++) {
        TAM_TRY(tam_cpu_convert(plan, step, k, &layout));
    }
    for (int k = step->terms; k < step->inputs; k++) {
        tam_layout factor = tam_layout_plain(layout.n, (tam_shape){layout.c, 1, 1, true});
        TAM_TRY(tam_cpu_convert(plan, step, k, &factor));
    }
    out = &tam_cpu_out(plan, step)->layout;
    *out = layout;
    if (step->pool != NULL) {
        out->h = step->pool->shape.h;
        out->w = step->pool->shape.w;
    }
    step->own = tam_cpu_ask(plan, step, tam_sweep_room_bytes(plan, step), !plan->config.training);
    tam_cpu_ask_scratch(plan, tam_sweep_scratch_bytes(&layout) + tam_sweep_factors_bytes(plan, step));
    return TAM_OK;
}

/* Backward reads the input of a norm, a product's factors, and everything that an activation's sign depends on: behind
 * a pool that is kept. */
static bool needs(const tam_plan *plan, const tam_cpu_step *step, int k) {
    (void)plan;
    if (k >= step->terms || step->factor[k] > 0) {
        return true;
    }
    return step->norm[k] != NULL || (step->activation != NULL && step->pool == NULL);
}

/* New statistics enter the running ones, the variance without bias. */
static void update_running(tam_plan *plan, const tam_node *norm, const tam_sweep_room *room, int k, double count) {
    double momentum = norm->key[TAM_BATCH_NORM_MOMENTUM];
    float *mean = tam_cpu_parameter(plan, norm, TAM_NORM_MEAN),
          *variance = tam_cpu_parameter(plan, norm, TAM_NORM_VARIANCE);
    for (int c = 0; c < norm->shape.c; c++) {
        mean[c] = tam_running_next(mean[c], momentum, room->mean[k][c]);
        variance[c] = tam_running_next(variance[c], momentum, room->variance[k][c] * count / (count - 1));
    }
}

/* The statistics of term k: the batch's in training, the running ones in inference. */
static void find_statistics(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, int k, int n) {
    const tam_node *norm = step->norm[k];
    const tam_cpu_value *in = tam_cpu_in(plan, step, k);
    if (!plan->config.training) {
        for (int c = 0; c < norm->shape.c; c++) {
            room->mean[k][c] = (double)tam_cpu_parameter(plan, norm, TAM_NORM_MEAN)[c];
            room->variance[k][c] = (double)tam_cpu_parameter(plan, norm, TAM_NORM_VARIANCE)[c];
        }
        return;
    }
    tam_cpu_cut cut = tam_cpu_cut_of(&in->layout, n);
    float *partial = tam_cpu_memory_at(plan->memory, in->statistics);
    bool taken = k > 0 && step->norm[0] != NULL && step->input[k] == step->input[0];
    if (in->statistics_by == step->number && !taken) {
        tam_cpu_statistics(plan->ctx, plan->kernels, &cut, in->data, partial);
    }
    tam_cpu_statistics_fold(&cut, partial, tam_sweep_scratch_of(plan, &in->layout).positions, room->mean[k],
                            room->variance[k]);
    update_running(plan, norm, room, k, (double)cut.rows);
}

/* z = scale (x - mean) + shift, scale = gamma / sqrt(variance + eps), shift = beta. */
static void spread_norm(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, int k) {
    const tam_node *norm = step->norm[k];
    const tam_layout *layout = &tam_cpu_in(plan, step, k)->layout;
    const float *gamma = tam_cpu_parameter(plan, norm, TAM_NORM_GAMMA);
    float *values = tam_sweep_scratch_of(plan, layout).values;
    double eps = norm->key[TAM_BATCH_NORM_EPS];
    for (int c = 0; c < layout->c; c++) {
        values[c] = (float)room->mean[k][c];
    }
    tam_layout_spread(layout, values, 0, room->pattern[k].mean);
    for (int c = 0; c < layout->c; c++) {
        values[c] = (float)((double)gamma[c] / sqrt(room->variance[k][c] + eps));
    }
    tam_layout_spread(layout, values, 0, room->pattern[k].scale);
    tam_layout_spread(layout, tam_cpu_parameter(plan, norm, TAM_NORM_BETA), 0, room->pattern[k].shift);
}

static void spread_scale(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, int k) {
    const tam_layout *layout = &tam_cpu_in(plan, step, k)->layout;
    const double *key = step->scaled[k]->key;
    tam_layout_spread(layout, NULL, (float)key[TAM_SCALE_FACTOR], room->pattern[k].scale);
    tam_layout_spread(layout, NULL, (float)key[TAM_SCALE_SHIFT], room->pattern[k].shift);
}

static void prepare(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, int n) {
    for (int k = 0; k < step->terms; k++) {
        if (step->scaled[k] != NULL) {
            spread_scale(plan, step, room, k);
        }
        if (step->norm[k] != NULL) {
            find_statistics(plan, step, room, k, n);
            spread_norm(plan, step, room, k);
        }
    }
    if (step->activation != NULL) {
        const tam_node *act = step->activation;
        const float *slope = act->parameter_count > 0 ? tam_cpu_parameter(plan, act, 0) : NULL;
        tam_cpu_activation_spread(&tam_cpu_in(plan, step, 0)->layout, act, slope, room->slope);
    }
}

tam_sweep tam_sweep_of(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, bool backward) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    tam_sweep sweep = {
        .dtype = out->layout.dtype,
        .period = tam_layout_period(&out->layout),
        .terms = step->terms,
        .slope = room->slope,
        .y = backward ? NULL : out->data,
        .dy = backward ? out->gradient : NULL,
    };
    tam_cpu_activation_set(step->activation, &sweep);
    for (int k = 0; k < step->terms; k++) {
        const tam_sweep_pattern *pattern = &room->pattern[k];
        sweep.term[k] = (tam_sweep_term){
            .x = !backward || needs(plan, step, k) ? tam_cpu_in(plan, step, k)->data : NULL,
            .mean = pattern->mean,
            .scale = pattern->scale,
            .shift = pattern->shift,
            .by_x = pattern->by_x,
            .constant = pattern->constant,
        };
    }
    return sweep;
}

tam_sweep_pool tam_sweep_pool_of(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room) {
    const tam_layout *in = &tam_cpu_in(plan, step, 0)->layout, *out = &tam_cpu_out(plan, step)->layout;
    return (tam_sweep_pool){
        .h = in->h,
        .w = in->w,
        .out_h = out->h,
        .out_w = out->w,
        .kernel = (int)step->pool->key[TAM_POOL_KERNEL],
        .lanes = in->lanes,
        .x_kept = room->x_kept,
        .place = room->place,
    };
}

typedef struct job {
    const tam_sweep_kernels *kernels;
    tam_sweep sweep;
    tam_sweep_factors factors;
    tam_cpu_cut cut; /* of the output, as of the inputs but for a pool */
    float *statistics;
    tam_sweep_pool pool;
    int64_t x_run, y_run;
} job;

static void apply_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    (void)worker;
    TAM_CPU_EACH_RUN(run, &j->cut, task) {
        tam_sweep sweep = tam_sweep_of_run(&j->sweep, &j->factors, &run);
        j->kernels->apply(&sweep, run.start, run.count, (int64_t)run.block * j->cut.period);
    }
    if (j->statistics != NULL) {
        tam_cpu_statistics_task(j->kernels, &j->cut, j->sweep.y, j->statistics, task);
    }
}

static void apply_map(void *argument, int64_t task, int worker) {
    const job *j = argument;
    (void)worker;
    j->kernels->apply_pooled(&j->sweep, &j->pool, task * j->x_run, task * j->y_run,
                             task % j->cut.blocks * j->cut.period);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    tam_sweep_room room = tam_sweep_room_of(plan, step);
    if (!plan->again && (plan->config.training || plan->pack)) {
        prepare(plan, step, &room, n);
    }
    job j = {.kernels = plan->kernels, .sweep = tam_sweep_of(plan, step, &room, false)};
    j.cut = tam_cpu_cut_of(&out->layout, n);
    j.factors = tam_sweep_factors_at(plan, step, tam_sweep_scratch_bytes(&in->layout));
    j.cut.by_sample = j.factors.any;
    if (j.factors.any) {
        tam_sweep_factors_spread(plan, step, &j.factors, n);
    }
    if (step->pool != NULL) {
        j.pool = tam_sweep_pool_of(plan, step, &room);
        j.x_run = tam_layout_run(&in->layout);
        j.y_run = tam_layout_run(&out->layout);
        tam_team_run(plan->ctx, tam_sweep_maps(&out->layout, n), apply_map, &j);
        return;
    }
    if (out->statistics != TAM_NONE && out->statistics_by == step->number && !plan->again) {
        j.statistics = tam_cpu_memory_at(plan->memory, out->statistics);
    }
    tam_team_run(plan->ctx, j.cut.tasks, apply_task, &j);
}

/* One kind under the names of the ops that begin a sweep. */
#define SWEEP(name)                            \
    const tam_cpu_kind tam_cpu_kind_##name = { \
        .op = #name,                           \
        .create = create,                      \
        .forward = forward,                    \
        .backward = tam_sweep_backward,        \
        .needs = needs,                        \
        .in_place = true,                      \
        .adds_gradient = true,                 \
        .sweeps = true,                        \
    }

SWEEP(batch_norm);
SWEEP(scale);
SWEEP(prelu);
SWEEP(relu);
SWEEP(relu6);
SWEEP(sigmoid);
SWEEP(hsigmoid);
SWEEP(swish);
SWEEP(hswish);
SWEEP(gelu);
SWEEP(tanh);
SWEEP(add);
SWEEP(gate);
