/* The gradient of a sweep. With dz = act'(z) dy, and for each norm r = 1 / sqrt(variance + eps) and M values a channel:
 *     dbeta = sum dz,   dgamma = r sum dz (x - mean),   dslope = sum over z <= 0 of z dy,
 *     dx = scale dz - scale dbeta / M - scale r (x - mean) dgamma / M.
 * So the sums need dy before the first dx can be written. Where dy is completed by another sweep, that one takes them
 * too, piece by piece while dy is in the cache. */
#include <math.h>
#include <string.h>

#include "backend/cpu/sweep/cpu_sweep_step.h"
#include "base/team.h"

/* Partial sums of a task: [SUMS][period]. */
enum { BY_Z, BY_SLOPE, BY_X, SUMS = BY_X + TAM_SWEEP_TERMS };

/* The sums of one sweep's gradient, over pieces of its output. */
typedef struct sums_job {
    const tam_sweep_kernels *kernels;
    tam_sweep sweep;
    tam_sweep_factors factors;
    tam_cpu_cut cut;
    float *partial;
} sums_job;

/* Behind a pool dz is 0 but at the maxima, and x there was kept. */
static sums_job sums_of(tam_plan *plan, const tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    tam_sweep_room room = tam_sweep_room_of(plan, step);
    sums_job job = {
        .kernels = plan->kernels,
        .sweep = tam_sweep_of(plan, step, &room, true),
        .cut = tam_cpu_cut_of(&out->layout, out->layout.n),
        .partial = tam_cpu_memory_at(plan->memory, out->sums),
    };
    if (step->pool != NULL) {
        job.sweep.term[0].x = room.x_kept;
    }
    if (tam_sweep_has_factors(step)) {
        job.factors = tam_sweep_factors_at(plan, step, tam_sweep_scratch_bytes(&out->layout));
        job.cut.by_sample = true;
    }
    return job;
}

static void run_sums(const sums_job *j, int64_t task, const tam_cpu_run *run, float *partial) {
    if (j->factors.any) {
        tam_sweep sweep = tam_sweep_of_run(&j->sweep, &j->factors, run);
        tam_sweep_factors_sums(j->kernels, &sweep, &j->factors, &j->cut, task, run, partial);
    } else {
        j->kernels->gradient_sums(&j->sweep, run->start, run->count, (int64_t)run->block * j->cut.period, partial);
    }
}

static void sums_task(void *argument, int64_t task, int worker) {
    const sums_job *j = argument;
    int64_t length = (int64_t)SUMS * j->cut.period;
    float *partial = j->partial + task * length;
    (void)worker;
    memset(partial, 0, (size_t)length * sizeof *partial);
    TAM_CPU_EACH_RUN(run, &j->cut, task) {
        run_sums(j, task, &run, partial);
    }
}

/* The gradients of a norm's parameters, and the patterns of its dx. */
static void finish_norm(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, int k, const double *by_z,
                        const double *by_x) {
    const tam_node *norm = step->norm[k];
    const tam_layout *layout = &tam_cpu_in(plan, step, k)->layout;
    double eps = norm->key[TAM_BATCH_NORM_EPS], count = (double)layout->n * (double)tam_layout_pixels(layout);
    const float *gamma = tam_cpu_parameter(plan, norm, TAM_NORM_GAMMA);
    float *dgamma = tam_cpu_parameter_gradient(plan, norm, TAM_NORM_GAMMA);
    float *dbeta = tam_cpu_parameter_gradient(plan, norm, TAM_NORM_BETA);
    float *values = tam_sweep_scratch_of(plan, layout).values;
    bool learned = tam_graph_parameter_at(plan->graph, norm->first_parameter + TAM_NORM_GAMMA)->trained;
    for (int c = 0; c < layout->c; c++) {
        double inverse = 1 / sqrt(room->variance[k][c] + eps);
        dbeta[c] = (float)by_z[c];
        dgamma[c] = learned ? (float)(by_x[c] * inverse) : 0;
        values[c] = (float)(-(double)gamma[c] * inverse * inverse * inverse * by_x[c] / count);
    }
    tam_layout_spread(layout, values, 0, room->pattern[k].by_x);
    for (int c = 0; c < layout->c; c++) {
        values[c] = (float)(-(double)gamma[c] / sqrt(room->variance[k][c] + eps) * by_z[c] / count);
    }
    tam_layout_spread(layout, values, 0, room->pattern[k].constant);
}

static void finish_sums(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_room *room, const sums_job *job) {
    const tam_layout *layout = &tam_cpu_out(plan, step)->layout;
    double *sums = tam_sweep_scratch_of(plan, layout).sums;
    int64_t stride = (int64_t)SUMS * job->cut.period;
    for (int part = 0; part < BY_X + step->terms; part++) {
        tam_cpu_fold(&job->cut, job->partial + (int64_t)part * job->cut.period, stride,
                     sums + (int64_t)part * layout->c);
    }
    for (int k = 0; k < step->terms; k++) {
        if (step->norm[k] != NULL) {
            finish_norm(plan, step, room, k, sums + (int64_t)BY_Z * layout->c, sums + (int64_t)(BY_X + k) * layout->c);
        }
    }
    if (step->activation != NULL && step->activation->parameter_count > 0) {
        float *dslope = tam_cpu_parameter_gradient(plan, step->activation, 0);
        for (int c = 0; c < layout->c; c++) {
            dslope[c] = (float)sums[(int64_t)BY_SLOPE * layout->c + c];
        }
    }
}

/* dx, before each piece the sums that dx does not need, and behind it the sums of the sweeps whose gradient is now
 * complete. */
typedef struct gradient_job {
    const tam_sweep_kernels *kernels;
    tam_sweep sweep;
    tam_sweep_factors factors;
    tam_sweep_pool pool;
    tam_cpu_cut cut;
    int64_t x_run, y_run;
    const sums_job *own; /* NULL: they are there already */
    int after_count;
    sums_job after[TAM_SWEEP_TERMS];
} gradient_job;

static void gradient_task(void *argument, int64_t task, int worker) {
    gradient_job *j = argument;
    if (j->own != NULL) {
        sums_task((void *)(uintptr_t)j->own, task, worker);
    }
    TAM_CPU_EACH_RUN(run, &j->cut, task) {
        tam_sweep sweep = tam_sweep_of_run(&j->sweep, &j->factors, &run);
        j->kernels->gradient(&sweep, run.start, run.count, (int64_t)run.block * j->cut.period);
    }
    for (int i = 0; i < j->after_count; i++) {
        sums_task(&j->after[i], task, worker);
    }
}

static void gradient_map(void *argument, int64_t task, int worker) {
    const gradient_job *j = argument;
    (void)worker;
    j->kernels->gradient_pooled(&j->sweep, &j->pool, task * j->x_run, task * j->y_run,
                                task % j->cut.blocks * j->cut.period);
}

static bool wants(const tam_cpu_step *step, int k) {
    return step->wanted[k] && !step->passed[k];
}

/* own: the step's sums, if they are still to be taken. */
static void write_gradients(tam_plan *plan, tam_cpu_step *step, const tam_sweep_room *room, const sums_job *own) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    gradient_job j = {.kernels = plan->kernels, .sweep = tam_sweep_of(plan, step, room, true), .own = own};
    bool any = own != NULL;
    for (int k = 0; k < step->terms; k++) {
        const tam_cpu_value *value = tam_cpu_in(plan, step, k);
        j.sweep.term[k].dx = wants(step, k) ? step->dx[k] : NULL;
        j.sweep.term[k].add = step->add[k];
        any = any || wants(step, k);
        if (wants(step, k) && value->sums_by == step->number) {
            j.after[j.after_count++] = sums_of(plan, &plan->steps[value->producer]);
        }
    }
    if (!any) {
        return;
    }
    j.cut = tam_cpu_cut_of(&in->layout, in->layout.n);
    if (tam_sweep_has_factors(step)) {
        j.factors = tam_sweep_factors_at(plan, step, tam_sweep_scratch_bytes(&in->layout));
        j.cut.by_sample = true;
    }
    if (step->pool == NULL) {
        tam_team_run(plan->ctx, j.cut.tasks, gradient_task, &j);
        return;
    }
    j.pool = tam_sweep_pool_of(plan, step, room);
    j.x_run = tam_layout_run(&in->layout);
    j.y_run = tam_layout_run(&out->layout);
    tam_team_run(plan->ctx, tam_sweep_maps(&in->layout, in->layout.n), gradient_map, &j);
}

void tam_sweep_backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    const bool together = tam_sweep_sums_together(step);
    tam_sweep_room room = tam_sweep_room_of(plan, step);
    if (out->sums == TAM_NONE) {
        write_gradients(plan, step, &room, NULL);
        return;
    }
    sums_job job = sums_of(plan, step);
    if (job.factors.any) {
        tam_sweep_factors_spread(plan, step, &job.factors, out->layout.n);
    }
    if (out->sums_by == step->number && !together) {
        tam_team_run(plan->ctx, job.cut.tasks, sums_task, &job);
    }
    if (!together) {
        finish_sums(plan, step, &room, &job);
    }
    write_gradients(plan, step, &room, together ? &job : NULL);
    if (job.factors.any) {
        tam_sweep_factors_finish(step, &job.factors, &job.cut);
    }
}
