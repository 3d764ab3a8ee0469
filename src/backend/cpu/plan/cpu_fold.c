#include "backend/cpu/plan/cpu_fold.h"

#include <math.h>
#include <string.h>

#include "backend/cpu/sweep/cpu_activation.h"
#include "base/memory.h"
#include "base/team.h"

/* What the step keeps: the bias, the slopes as the sweep behind the layer wants them, and the weights themselves where
 * the layer does not pack them. */
typedef struct room {
    float *bias, *slope, *weight;
} room;

static bool is_folded(const tam_cpu_step *step) {
    return step->norm[0] != NULL || step->scaled[0] != NULL || step->front != NULL;
}

/* Layers know prelu, relu and relu6; other activations are left to a sweep. */
static bool leaves_activation(const tam_cpu_step *step) {
    const tam_layer_shape *shape = &step->layer->shape;
    return step->activation != NULL && !(step->layer->fused && (shape->prelu || shape->relu || shape->relu6));
}

static bool leaves_addition(const tam_cpu_step *step) {
    return step->inputs > 1 && !step->layer->fused;
}

static int64_t weights_of(const tam_plan *plan, const tam_cpu_step *step) {
    return tam_graph_parameter_at(plan->graph, step->node->first_parameter)->count;
}

/* Takes the next numbers of a block; from NULL on it only counts. */
static float *take(char **at, int64_t count) {
    float *taken = (float *)(void *)*at;
    *at += ((size_t)count * sizeof(float) + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    return taken;
}

static room room_at(const tam_plan *plan, const tam_cpu_step *step, char **at) {
    const tam_layer *layer = step->layer;
    room made = {0};
    if (is_folded(step)) {
        made.bias = take(at, layer->shape.out);
    }
    if (leaves_activation(step)) {
        made.slope = take(at, tam_layout_pattern(&layer->y));
    }
    if (is_folded(step) && layer->packed_bytes == 0) {
        made.weight = take(at, weights_of(plan, step));
    }
    return made;
}

static room room_of(const tam_plan *plan, const tam_cpu_step *step) {
    char *at = tam_cpu_memory_at(plan->memory, step->own);
    return room_at(plan, step, &at);
}

void tam_cpu_fold_shape(const tam_cpu_step *step, tam_layer_shape *shape) {
    shape->bias = shape->bias || is_folded(step);
    shape->add = step->inputs > 1;
    shape->prelu = step->activation != NULL && step->activation->parameter_count > 0;
    shape->relu = step->activation != NULL && strcmp(step->activation->op->name, "relu") == 0;
    shape->relu6 = step->activation != NULL && strcmp(step->activation->op->name, "relu6") == 0;
}

void tam_cpu_fold_ask(tam_plan *plan, tam_cpu_step *step) {
    char *at = NULL;
    (void)room_at(plan, step, &at);
    step->own = tam_cpu_ask(plan, step, (size_t)(uintptr_t)at, true);
    if (is_folded(step) && step->layer->packed_bytes > 0) {
        step->folded = tam_cpu_ask(plan, step, (size_t)weights_of(plan, step) * sizeof(float), false);
    }
}

void tam_cpu_fold_memory(tam_plan *plan, const tam_cpu_step *step, tam_layer_memory *memory) {
    const room own = room_of(plan, step);
    if (is_folded(step)) {
        memory->weight = own.weight != NULL ? own.weight : tam_cpu_memory_at(plan->memory, step->folded);
        memory->bias = own.bias;
    }
    if (step->inputs > 1) {
        memory->added = tam_cpu_in(plan, step, 1)->data;
    }
    if (step->activation != NULL && step->activation->parameter_count > 0) {
        memory->slope = tam_cpu_parameter(plan, step->activation, 0);
    }
}

/* A batch norm and a scale behind it as y = scale x + shift. */
typedef struct norm {
    const float *gamma, *beta, *mean, *variance; /* gamma: NULL without a norm */
    double eps, factor, shift;
} norm;

static norm norm_of(tam_plan *plan, const tam_node *node, const tam_node *scaled) {
    norm made = {.factor = 1};
    if (node != NULL) {
        made.gamma = tam_cpu_parameter(plan, node, TAM_NORM_GAMMA);
        made.beta = tam_cpu_parameter(plan, node, TAM_NORM_BETA);
        made.mean = tam_cpu_parameter(plan, node, TAM_NORM_MEAN);
        made.variance = tam_cpu_parameter(plan, node, TAM_NORM_VARIANCE);
        made.eps = node->key[TAM_BATCH_NORM_EPS];
    }
    if (scaled != NULL) {
        made.factor = scaled->key[TAM_SCALE_FACTOR];
        made.shift = scaled->key[TAM_SCALE_SHIFT];
    }
    return made;
}

static double scale_at(const norm *n, int64_t c) {
    double own = n->gamma == NULL ? 1.0 : (double)n->gamma[c] / sqrt((double)n->variance[c] + n->eps);
    return n->factor * own;
}

static double shift_at(const norm *n, int64_t c) {
    double own = n->gamma == NULL ? 0.0 : n->factor * (double)n->beta[c] - scale_at(n, c) * (double)n->mean[c];
    return n->shift + own;
}

typedef struct fold_job {
    norm front, behind;
    const float *weight, *bias;
    float *folded_weight, *folded_bias;
    int64_t outs, width;    /* outputs of a group, and weights of an output */
    int64_t channels, each; /* input channels of a group, and weights of an output for each */
} fold_job;

static void fold_output(void *argument, int64_t o, int worker) {
    const fold_job *job = argument;
    const double scale = scale_at(&job->behind, o);
    const float *weight = job->weight + o * job->width;
    float *folded = job->folded_weight + o * job->width;
    double bias = job->bias != NULL ? (double)job->bias[o] : 0.0;
    (void)worker;
    for (int64_t c = 0; c < job->channels; c++) {
        const int64_t channel = o / job->outs * job->channels + c;
        const double factor = scale * scale_at(&job->front, channel);
        double sum = 0.0;
        for (int64_t i = c * job->each; i < (c + 1) * job->each; i++) {
            sum += (double)weight[i];
            folded[i] = (float)(factor * (double)weight[i]);
        }
        bias += sum * shift_at(&job->front, channel);
    }
    job->folded_bias[o] = (float)(scale * bias + shift_at(&job->behind, o));
}

void tam_cpu_fold_pack(tam_plan *plan, const tam_cpu_step *step) {
    const tam_layer_shape *shape = &step->layer->shape;
    const room own = room_of(plan, step);
    if (own.slope != NULL) {
        const float *slope = shape->prelu ? tam_cpu_parameter(plan, step->activation, 0) : NULL;
        tam_cpu_activation_spread(&step->layer->y, step->activation, slope, own.slope);
    }
    if (!is_folded(step)) {
        return;
    }
    const int groups = shape->op == TAM_LAYER_FULL ? 1 : shape->groups;
    const int inputs = step->front != NULL ? step->front->shape.c : shape->in.c;
    fold_job job = {
        .front = norm_of(plan, step->front, NULL),
        .behind = norm_of(plan, step->norm[0], step->scaled[0]),
        .weight = tam_cpu_parameter(plan, step->node, 0),
        .bias = step->node->parameter_count > 1 ? tam_cpu_parameter(plan, step->node, 1) : NULL,
        .folded_weight = own.weight != NULL ? own.weight : tam_cpu_memory_at(plan->memory, step->folded),
        .folded_bias = own.bias,
        .outs = shape->out / groups,
        .width = weights_of(plan, step) / shape->out,
        .channels = inputs / groups,
    };
    job.each = job.width / job.channels;
    tam_team_run(plan->ctx, shape->out, fold_output, &job);
}

typedef struct finish_job {
    const tam_sweep_kernels *kernels;
    tam_sweep sweep;
    tam_cpu_cut cut;
} finish_job;

static void finish_task(void *argument, int64_t task, int worker) {
    const finish_job *job = argument;
    (void)worker;
    TAM_CPU_EACH_RUN(run, &job->cut, task) {
        job->kernels->apply(&job->sweep, run.start, run.count, (int64_t)run.block * job->cut.period);
    }
}

void tam_cpu_fold_finish(tam_plan *plan, const tam_cpu_step *step, int n) {
    if (!leaves_activation(step) && !leaves_addition(step)) {
        return;
    }
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    finish_job job = {
        .kernels = plan->kernels,
        .cut = tam_cpu_cut_of(&out->layout, n),
        .sweep = {.dtype = out->layout.dtype,
                  .period = tam_layout_period(&out->layout),
                  .terms = leaves_addition(step) ? 2 : 1,
                  .term = {{.x = out->data}},
                  .slope = room_of(plan, step).slope,
                  .y = out->data},
    };
    if (leaves_activation(step)) {
        tam_cpu_activation_set(step->activation, &job.sweep);
    }
    if (leaves_addition(step)) {
        job.sweep.term[1].x = tam_cpu_in(plan, step, 1)->data;
    }
    tam_team_run(plan->ctx, job.cut.tasks, finish_task, &job);
}
