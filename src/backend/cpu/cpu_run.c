/* Running a plan. */
#include <string.h>

#include "backend/cpu/cpu_plan.h"
#include "backend/plan_check.h"
#include "base/kernel.h"
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

tam_status tam_cpu_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y) {
    TAM_TRY(tam_plan_check_rows(plan->ctx, &plan->config, n));
    tam_team_enter(plan->ctx);
    uint64_t version = tam_parameters_version(plan->parameters);
    plan->pack = plan->config.training || !plan->is_packed || plan->packed_version != version;
    plan->packed_version = version;
    plan->is_packed = true;
    plan->step = step;
    take_input(plan, n, x);
    for (int s = 0; s < plan->step_count; s++) {
        tam_cpu_step *current = &plan->steps[s];
        if (!current->view) {
            current->kind->forward(plan, current, n);
        }
    }
    const tam_layout *layout = output_layout(plan);
    memcpy(y, tam_cpu_out(plan, &plan->steps[plan->step_count - 1])->data,
           (size_t)(n * tam_layout_sample(layout)) * sizeof *y);
    plan->ran = true;
    return TAM_OK;
}

typedef struct sum_job {
    int64_t count, piece;
    const float *x;
    float *y;
} sum_job;

TAM_KERNEL static void add_up(int64_t count, const float *x, float *y) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        y[i] += x[i];
    }
}

static void add_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const sum_job *job = argument;
    int64_t start = task * job->piece, left = job->count - start;
    add_up(left < job->piece ? left : job->piece, job->x + start, job->y + start);
}

/* Adds what a further reader of a value has found to the value's gradient. */
static void add_gradient(tam_plan *plan, const tam_cpu_value *value, const float *dx) {
    sum_job job = {value->layout.n * tam_layout_sample(&value->layout), 1 << 16, dx, value->gradient};
    tam_team_run(plan->ctx, (job.count + job.piece - 1) / job.piece, add_piece, &job);
}

static void backward_step(tam_plan *plan, tam_cpu_step *step, bool input_wanted) {
    for (int k = 0; k < step->inputs; k++) {
        step->wanted[k] = input_wanted || tam_cpu_in(plan, step, k)->trained;
    }
    step->kind->backward(plan, step);
    for (int k = 0; k < step->inputs; k++) {
        if (step->wanted[k] && step->dx_buffer[k] >= 0) {
            add_gradient(plan, tam_cpu_in(plan, step, k), step->dx[k]);
        }
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
    for (int s = plan->step_count - 1; s >= 0; s--) {
        tam_cpu_step *step = &plan->steps[s];
        if (dx != NULL || tam_cpu_out(plan, step)->trained) {
            backward_step(plan, step, dx != NULL);
        }
    }
    if (dx != NULL) {
        const tam_cpu_value *input = &plan->values[0];
        tam_layout_copy(plan->ctx, plan->config.batch, &input->gradient_layout, input->gradient, &input->layout, dx);
    }
    return TAM_OK;
}

tam_cpu_cut tam_cpu_cut_of(const tam_layout *layout, int n) {
    enum { TASK_NUMBERS = 1 << 16 }; /* 256 KB: stays in a core's own cache between two sweeps */
    int64_t images = TASK_NUMBERS / tam_layout_run(layout);
    images = images < 1 ? 1 : images > n ? n : images;
    return (tam_cpu_cut){
        .blocks = tam_layout_blocks(layout), .images = (int)images, .groups = (n + images - 1) / images};
}

void tam_cpu_fold(const tam_layout *layout, const tam_cpu_cut *cut, const float *partial, int64_t stride,
                  double *sums) {
    int period = tam_layout_period(layout);
    for (int c = 0; c < layout->c; c++) {
        double sum = 0;
        int block = c / layout->lanes;
        for (int64_t group = 0; group < cut->groups; group++) {
            const float *part = partial + (group * cut->blocks + block) * stride;
            for (int k = c % layout->lanes; k < period; k += layout->lanes) {
                sum += (double)part[k];
            }
        }
        sums[c] = sum;
    }
}
