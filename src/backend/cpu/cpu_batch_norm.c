/* Batch norm, alone or with the relu or prelu and the maximum pool behind it (Ioffe and Szegedy, ICML 2015).
 *
 *     z = scale (x - mean) + beta,   scale = gamma / sqrt(variance + eps),   y = max(z, 0) + slope min(z, 0)
 *
 * slope is 1 without an activation, 0 for relu, prelu's own otherwise. Training sweeps x twice forward (statistics,
 * then y) and (x, dy) twice backward (sums, then dx). */
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu_batch_norm.h"
#include "backend/cpu/cpu_norm_pool.h"
#include "backend/running.h"
#include "base/team.h"

enum { GAMMA, BETA, MEAN, VARIANCE };

static bool has_prelu(const tam_cpu_step *step) {
    return step->activation != NULL && step->activation->parameter_count > 0;
}

/* The numbers that live from forward to backward, then the scratch of one call. */
typedef struct parts {
    tam_norm_patterns pattern;
    double *mean, *variance; /* [c] */
    double *sums;            /* [3][c] */
    float *values;           /* [c]: one channel's number before it is spread */
    float *partial;          /* [task][3][period] */
    float *x_kept;           /* of the pool, as place */
    int32_t *place;
} parts;

static size_t kept_bytes(const tam_cpu_step *step, const tam_layout *layout, const tam_layout *out) {
    size_t maxima = step->pool != NULL ? tam_layout_bytes(out) / sizeof(float) : 0;
    return 2 * (size_t)layout->c * sizeof(double) + 4 * (size_t)tam_layout_pattern(layout) * sizeof(float) +
           maxima * (sizeof(float) + sizeof(int32_t));
}

static size_t scratch_bytes(const tam_layout *layout) {
    tam_cpu_cut cut = tam_cpu_cut_of(layout, layout->n);
    size_t pattern = (size_t)tam_layout_pattern(layout), c = (size_t)layout->c;
    return 3 * c * sizeof(double) + c * sizeof(float) + (2 + 3 * (size_t)cut.groups) * pattern * sizeof(float);
}

static parts parts_of(tam_plan *plan, const tam_cpu_step *step, const tam_layout *layout) {
    parts p;
    int64_t pattern = tam_layout_pattern(layout);
    p.mean = (double *)(void *)tam_cpu_own(plan, step);
    p.variance = p.mean + layout->c;
    p.pattern.mean = (float *)(void *)(p.variance + layout->c);
    p.pattern.scale = p.pattern.mean + pattern;
    p.pattern.beta = p.pattern.scale + pattern;
    p.pattern.slope = p.pattern.beta + pattern;
    p.x_kept = p.pattern.slope + pattern;
    p.place = (int32_t *)(void *)(p.x_kept + tam_layout_bytes(&tam_cpu_out(plan, step)->layout) / sizeof(float));
    p.sums = (double *)(void *)tam_cpu_scratch(plan);
    p.pattern.by_x = (float *)(void *)(p.sums + 3 * layout->c);
    p.pattern.constant = p.pattern.by_x + pattern;
    p.partial = p.pattern.constant + pattern;
    p.values = p.partial + 3 * tam_cpu_cut_of(layout, layout->n).groups * pattern;
    return p;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout, *out = &tam_cpu_out(plan, step)->layout;
    *out = layout;
    if (step->pool != NULL) {
        out->h = step->pool->shape.h;
        out->w = step->pool->shape.w;
    }
    step->own = tam_cpu_ask(plan, step, kept_bytes(step, &layout, out), false);
    tam_cpu_ask_scratch(plan, scratch_bytes(&layout));
    return TAM_OK;
}

static tam_norm_job job_of(tam_plan *plan, const tam_cpu_step *step, const parts *p, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    return (tam_norm_job){
        .layout = &in->layout,
        .cut = tam_cpu_cut_of(&in->layout, n),
        .n = n,
        .pattern = p->pattern,
        .x = in->data,
        .y = out->data,
        .dy = out->gradient,
        .dx = step->dx[0],
        .partial = p->partial,
    };
}

static tam_norm_pool_job pool_job_of(tam_plan *plan, const tam_cpu_step *step, const parts *p,
                                     const tam_norm_job *norm) {
    return (tam_norm_pool_job){
        .norm = *norm,
        .pooled = tam_cpu_out(plan, step)->layout,
        .kernel = (int)step->pool->key[TAM_POOL_KERNEL],
        .x_kept = p->x_kept,
        .place = p->place,
    };
}

/* The sweeps with the pool or without. */

static void apply(tam_plan *plan, const tam_cpu_step *step, const parts *p, const tam_norm_job *job) {
    if (step->pool == NULL) {
        tam_norm_apply(plan->ctx, job);
    } else {
        tam_norm_pool_job pool = pool_job_of(plan, step, p, job);
        tam_norm_pool_apply(plan->ctx, &pool);
    }
}

static void sum_gradients(tam_plan *plan, const tam_cpu_step *step, const parts *p, const tam_norm_job *job) {
    if (step->pool == NULL) {
        tam_norm_gradient_sums(plan->ctx, job, p->sums);
    } else {
        tam_norm_pool_job pool = pool_job_of(plan, step, p, job);
        tam_norm_pool_gradient_sums(plan->ctx, &pool, p->sums);
    }
}

static void write_gradient(tam_plan *plan, const tam_cpu_step *step, const parts *p, const tam_norm_job *job) {
    if (step->pool == NULL) {
        tam_norm_gradient(plan->ctx, job);
    } else {
        tam_norm_pool_job pool = pool_job_of(plan, step, p, job);
        tam_norm_pool_gradient(plan->ctx, &pool);
    }
}

/* New statistics enter the running ones, the variance without bias. */
static void update_running(tam_plan *plan, const tam_cpu_step *step, const parts *p, const tam_layout *layout) {
    double momentum = step->node->key[TAM_BATCH_NORM_MOMENTUM];
    double count = (double)layout->n * (double)tam_layout_pixels(layout);
    float *mean = tam_cpu_parameter(plan, step->node, MEAN), *variance = tam_cpu_parameter(plan, step->node, VARIANCE);
    for (int c = 0; c < layout->c; c++) {
        double unbiased = p->variance[c] * count / (count - 1);
        mean[c] = tam_running_next(mean[c], momentum, p->mean[c]);
        variance[c] = tam_running_next(variance[c], momentum, unbiased);
    }
}

static void spread_patterns(tam_plan *plan, const tam_cpu_step *step, const parts *p, const tam_layout *layout) {
    double eps = step->node->key[TAM_BATCH_NORM_EPS];
    const float *gamma = tam_cpu_parameter(plan, step->node, GAMMA);
    for (int c = 0; c < layout->c; c++) {
        p->values[c] = (float)p->mean[c];
    }
    tam_layout_spread(layout, p->values, 0, p->pattern.mean);
    for (int c = 0; c < layout->c; c++) {
        p->values[c] = (float)((double)gamma[c] / sqrt(p->variance[c] + eps));
    }
    tam_layout_spread(layout, p->values, 0, p->pattern.scale);
    tam_layout_spread(layout, tam_cpu_parameter(plan, step->node, BETA), 0, p->pattern.beta);
    const float *slope = has_prelu(step) ? tam_cpu_parameter(plan, step->activation, 0) : NULL;
    tam_layout_spread(layout, slope, step->activation != NULL ? 0 : 1, p->pattern.slope);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout;
    parts p = parts_of(plan, step, layout);
    tam_norm_job job = job_of(plan, step, &p, n);
    if (plan->config.training) {
        tam_norm_statistics(plan->ctx, &job, p.mean, p.variance);
        update_running(plan, step, &p, layout);
    } else {
        const float *mean = tam_cpu_parameter(plan, step->node, MEAN);
        const float *variance = tam_cpu_parameter(plan, step->node, VARIANCE);
        for (int c = 0; c < layout->c; c++) {
            p.mean[c] = (double)mean[c];
            p.variance[c] = (double)variance[c];
        }
    }
    spread_patterns(plan, step, &p, layout);
    apply(plan, step, &p, &job);
}

/* With dz = act'(z) dy, r = 1 / sqrt(variance + eps) and M values a channel:
 *     dbeta = sum dz,   dgamma = r sum dz (x - mean),   dslope = sum over z <= 0 of z dy,
 *     dx = scale dz - scale dbeta / M - scale r (x - mean) dgamma / M. */
static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout;
    parts p = parts_of(plan, step, layout);
    tam_norm_job job = job_of(plan, step, &p, plan->config.batch);
    const double *by_z = p.sums, *by_x = p.sums + layout->c, *by_slope = p.sums + 2 * layout->c;
    sum_gradients(plan, step, &p, &job);

    double eps = step->node->key[TAM_BATCH_NORM_EPS];
    double count = (double)layout->n * (double)tam_layout_pixels(layout);
    const float *gamma = tam_cpu_parameter(plan, step->node, GAMMA);
    float *dgamma = tam_cpu_parameter_gradient(plan, step->node, GAMMA);
    float *dbeta = tam_cpu_parameter_gradient(plan, step->node, BETA);
    bool learned = tam_graph_parameter_at(plan->graph, step->node->first_parameter + GAMMA)->trained;
    for (int c = 0; c < layout->c; c++) {
        dbeta[c] = (float)by_z[c];
        dgamma[c] = learned ? (float)(by_x[c] / sqrt(p.variance[c] + eps)) : 0;
        if (has_prelu(step)) {
            tam_cpu_parameter_gradient(plan, step->activation, 0)[c] = (float)by_slope[c];
        }
    }
    if (!step->wanted[0]) {
        return;
    }
    for (int c = 0; c < layout->c; c++) {
        double inverse = 1 / sqrt(p.variance[c] + eps);
        p.values[c] = (float)(-(double)gamma[c] * inverse * inverse * inverse * by_x[c] / count);
    }
    tam_layout_spread(layout, p.values, 0, p.pattern.by_x);
    for (int c = 0; c < layout->c; c++) {
        p.values[c] = (float)(-(double)gamma[c] / sqrt(p.variance[c] + eps) * by_z[c] / count);
    }
    tam_layout_spread(layout, p.values, 0, p.pattern.constant);
    write_gradient(plan, step, &p, &job);
}

const tam_cpu_kind tam_cpu_kind_batch_norm = {
    .op = "batch_norm",
    .create = create,
    .forward = forward,
    .backward = backward,
    .reads_x = true,
    .in_place = true,
};
