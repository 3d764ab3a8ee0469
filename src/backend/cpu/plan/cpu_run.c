/* Running a plan. */
#include <string.h>
#include <time.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "backend/plan_check.h"
#include "base/team.h"

static const tam_layout *output_layout(const tam_plan *plan) {
    return &plan->values[plan->steps[plan->step_count - 1].output].layout;
}

/* The rows that an inference leaves empty are zero, so that the layers, which run on the whole batch, see numbers. */
static void take_input(tam_plan *plan, int n, const float *x) {
    tam_cpu_value *input = &plan->values[0];
    int64_t sample = tam_layout_sample(&input->layout);
    memcpy(input->data, x, (size_t)(n * sample) * sizeof *x);
    memset((float *)input->data + n * sample, 0, (size_t)((plan->config.batch - n) * sample) * sizeof *x);
}

double tam_cpu_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void run_forward(tam_plan *plan, tam_cpu_step *step, int n, tam_cpu_part part) {
    double began = tam_cpu_now();
    if (!step->view) {
        step->kind->forward(plan, step, n);
    }
    step->seconds[part] = tam_cpu_now() - began;
}

/* A value and its views are now in another place. A view of a change of layout, which its own step has put before it,
 * has the smaller number. */
static void move_value(tam_plan *plan, int root, int buffer) {
    for (int v = 0; v < plan->value_count; v++) {
        if (plan->values[v].root == root) {
            plan->values[v].data = tam_cpu_memory_at(plan->memory, buffer);
        }
    }
}

tam_status tam_cpu_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y) {
    TAM_TRY(tam_plan_check_rows(plan->ctx, &plan->config, n));
    tam_team_enter(plan->ctx);
    uint64_t version = tam_parameters_version(plan->parameters);
    plan->pack = plan->config.training || !plan->is_packed || plan->packed_version != version;
    plan->packed_version = version;
    plan->is_packed = true;
    plan->step = step;
    for (int v = 0; v < plan->value_count; v++) {
        if (plan->values[v].dropped) {
            move_value(plan, v, plan->values[v].buffer);
        }
    }
    take_input(plan, n, x);
    for (int s = 0; s < plan->step_count; s++) {
        run_forward(plan, &plan->steps[s], n, TAM_CPU_FORWARD);
    }
    if (plan->config.training) {
        tam_parameters_touch(plan->parameters); /* running statistics have moved */
    }
    const tam_layout *layout = output_layout(plan);
    memcpy(y, tam_cpu_out(plan, &plan->steps[plan->step_count - 1])->data,
           (size_t)(n * tam_layout_sample(layout)) * sizeof *y);
    plan->ran = true;
    return TAM_OK;
}

typedef struct sum_job {
    const tam_sweep_kernels *kernels;
    tam_cpu_cut cut;
    tam_sweep sweep;
} sum_job;

static void add_task(void *argument, int64_t task, int worker) {
    const sum_job *job = argument;
    (void)worker;
    TAM_CPU_EACH_RUN(run, &job->cut, task) {
        job->kernels->apply(&job->sweep, run.start, run.count, 0);
    }
}

/* Adds what a further reader of a value has found to the value's gradient. */
static void add_gradient(tam_plan *plan, const tam_cpu_value *value, const void *dx) {
    const tam_layout *layout = &value->gradient_layout;
    sum_job job = {
        .kernels = plan->kernels,
        .cut = tam_cpu_cut_of(layout, layout->n),
        .sweep = {.dtype = layout->dtype,
                  .period = tam_layout_period(layout),
                  .terms = 2,
                  .term = {{.x = value->gradient}, {.x = dx}},
                  .y = value->gradient},
    };
    tam_team_run(plan->ctx, job.cut.tasks, add_task, &job);
}

static void backward_step(tam_plan *plan, tam_cpu_step *step, bool input_wanted) {
    bool nothing = true;
    double began = tam_cpu_now();
    for (int k = 0; k < step->inputs; k++) {
        step->wanted[k] = input_wanted || tam_cpu_in(plan, step, k)->trained;
        nothing = nothing && step->passed[k];
    }
    if (!(nothing && step->view)) {
        step->kind->backward(plan, step);
    }
    for (int k = 0; k < step->inputs; k++) {
        if (step->wanted[k] && step->dx_buffer[k] >= 0) {
            add_gradient(plan, tam_cpu_in(plan, step, k), step->dx[k]);
        }
    }
    step->seconds[TAM_CPU_BACKWARD] = tam_cpu_now() - began;
}

static void run_action(tam_plan *plan, const tam_cpu_action *action, bool input_wanted) {
    tam_cpu_step *step = &plan->steps[action->step];
    if (action->again) { /* also before the first parameter: who learns may read it */
        move_value(plan, step->output, tam_cpu_out(plan, step)->again);
        plan->again = true;
        run_forward(plan, step, plan->config.batch, TAM_CPU_AGAIN);
        plan->again = false;
        return;
    }
    if (input_wanted || tam_cpu_out(plan, step)->trained) {
        backward_step(plan, step, input_wanted);
    }
}

tam_status tam_cpu_backward(tam_plan *plan, const float *dy, float *dx) {
    if (!plan->config.training || !plan->ran) {
        return tam_fail(plan->ctx, TAM_CONFIG, "backward needs a forward of a plan for training before it");
    }
    plan->ran = false; /* gradients take the place of values */
    tam_team_enter(plan->ctx);
    const tam_layout *layout = output_layout(plan);
    memcpy(tam_cpu_out(plan, &plan->steps[plan->step_count - 1])->gradient, dy, tam_layout_bytes(layout));
    for (int a = 0; a < plan->action_count; a++) {
        run_action(plan, &plan->actions[a], dx != NULL);
    }
    if (dx != NULL) {
        const tam_cpu_value *input = &plan->values[0];
        tam_layout_copy(plan->ctx, plan->config.batch, &input->gradient_layout, input->gradient, &input->layout, dx);
    }
    return TAM_OK;
}
