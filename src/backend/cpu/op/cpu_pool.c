/* Maximum and mean over windows. What lies in the padding neither wins nor counts. */
#include "backend/cpu/plan/cpu_plan.h"
#include "base/team.h"

static bool is_maximum(const tam_cpu_step *step) {
    return step->kind == &tam_cpu_kind_max_pool;
}

static size_t place_bytes(const tam_cpu_step *step) {
    return step->node->key[TAM_POOL_KERNEL] <= TAM_SWEEP_SHORT_WINDOW ? sizeof(uint8_t) : sizeof(uint16_t);
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    layout.h = step->node->shape.h;
    layout.w = step->node->shape.w;
    tam_cpu_out(plan, step)->layout = layout;
    if (is_maximum(step) && plan->config.training) {
        size_t numbers = (size_t)(layout.n * tam_layout_sample(&layout));
        step->own = tam_cpu_ask(plan, step, numbers * place_bytes(step), false);
    }
    return TAM_OK;
}

typedef void (*rows_kernel)(const tam_sweep_windows *windows, int64_t first, int64_t last);

typedef struct job {
    tam_sweep_windows windows;
    rows_kernel kernel;
    int64_t rows, piece; /* of all maps; of a task */
} job;

static job job_of(tam_plan *plan, const tam_cpu_step *step, int n, bool backward) {
    enum { TASK_NUMBERS = 1 << 15 };
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    const double *key = step->node->key;
    int64_t maps = (int64_t)n * tam_layout_blocks(&in->layout);
    int64_t piece = TASK_NUMBERS / ((int64_t)in->layout.w * in->layout.lanes);
    return (job){
        .windows =
            {
                .dtype = in->layout.dtype,
                .maximum = is_maximum(step),
                .h = in->layout.h,
                .w = in->layout.w,
                .out_h = out->layout.h,
                .out_w = out->layout.w,
                .kernel = (int)key[TAM_POOL_KERNEL],
                .stride = (int)key[TAM_POOL_STRIDE],
                .pad = (int)key[TAM_POOL_PAD],
                .lanes = in->layout.lanes,
                .x = in->data,
                .y = out->data,
                .dy = out->gradient,
                .dx = step->dx[0],
                .place = is_maximum(step) && plan->config.training ? tam_cpu_own(plan, step) : NULL,
            },
        .rows = maps * (backward ? in->layout.h : out->layout.h),
        .piece = piece < 1 ? 1 : piece,
    };
}

static void run_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t first = task * j->piece, last = first + j->piece;
    j->kernel(&j->windows, first, last < j->rows ? last : j->rows);
}

static void run(tam_plan *plan, job *j, rows_kernel kernel) {
    j->kernel = kernel;
    tam_team_run(plan->ctx, (j->rows + j->piece - 1) / j->piece, run_task, j);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n, false);
    run(plan, &j, tam_cpu_sweep_kernels()->windows);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch, true);
    if (step->wanted[0]) {
        run(plan, &j, tam_cpu_sweep_kernels()->windows_gradient);
    }
}

const tam_cpu_kind tam_cpu_kind_max_pool = {
    .op = "max_pool",
    .create = create,
    .forward = forward,
    .backward = backward,
};

const tam_cpu_kind tam_cpu_kind_avg_pool = {
    .op = "avg_pool",
    .create = create,
    .forward = forward,
    .backward = backward,
};
