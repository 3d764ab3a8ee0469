/* The product of two maps, or two vectors, number by number. What a map and a vector make is a sweep. */
#include "backend/cpu/plan/cpu_plan.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum { PIECE = 1 << 14 };

typedef struct job {
    tam_dtype dtype;
    int64_t count;
    const void *x[2], *dy;
    void *y, *dx[2]; /* dx: NULL: not wanted; may be dy */
    bool add[2];     /* to what is there */
} job;

TAM_KERNEL_PART float number_at(const tam_dtype dtype, const void *x, int64_t i) {
    return dtype == TAM_BF16 ? tam_bf16_value(((const tam_bf16 *)x)[i]) : ((const float *)x)[i];
}

TAM_KERNEL_PART void set_number(const tam_dtype dtype, void *y, int64_t i, float number) {
    if (dtype == TAM_BF16) {
        ((tam_bf16 *)y)[i] = tam_bf16_nearest(number);
    } else {
        ((float *)y)[i] = number;
    }
}

TAM_KERNEL_PART void multiply(const tam_dtype dtype, const void *a, const void *b, void *y, int64_t first,
                              int64_t last) {
#pragma omp simd
    for (int64_t i = first; i < last; i++) {
        set_number(dtype, y, i, number_at(dtype, a, i) * number_at(dtype, b, i));
    }
}

TAM_KERNEL_PART void multiply_add(const tam_dtype dtype, const void *a, const void *b, void *y, int64_t first,
                                  int64_t last) {
#pragma omp simd
    for (int64_t i = first; i < last; i++) {
        set_number(dtype, y, i, number_at(dtype, y, i) + number_at(dtype, a, i) * number_at(dtype, b, i));
    }
}

#define FOR_DTYPES(name)                                                                                     \
    TAM_KERNEL static void name##_f32(const void *a, const void *b, void *y, int64_t first, int64_t last) {  \
        name(TAM_F32, a, b, y, first, last);                                                                 \
    }                                                                                                        \
    TAM_KERNEL static void name##_bf16(const void *a, const void *b, void *y, int64_t first, int64_t last) { \
        name(TAM_BF16, a, b, y, first, last);                                                                \
    }
FOR_DTYPES(multiply)
FOR_DTYPES(multiply_add)

static void product(const job *j, bool add, const void *a, const void *b, void *y, int64_t task) {
    int64_t first = task * PIECE, last = first + PIECE < j->count ? first + PIECE : j->count;
    if (j->dtype == TAM_BF16) {
        (add ? multiply_add_bf16 : multiply_bf16)(a, b, y, first, last);
    } else {
        (add ? multiply_add_f32 : multiply_f32)(a, b, y, first, last);
    }
}

static void forward_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    product(j, false, j->x[0], j->x[1], j->y, task);
}

/* What lies in dy's place comes last. */
static void backward_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int order = j->dx[0] == j->dy ? 1 : 0;
    for (int i = 0; i < 2; i++) {
        int k = i ^ order;
        if (j->dx[k] != NULL) {
            product(j, j->add[k], j->dy, j->x[1 - k], j->dx[k], task);
        }
    }
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    TAM_TRY(tam_cpu_convert(plan, step, 1, &layout));
    tam_cpu_out(plan, step)->layout = layout;
    return TAM_OK;
}

static job job_of(tam_plan *plan, const tam_cpu_step *step, int n) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    return (job){
        .dtype = out->layout.dtype,
        .count = n * tam_layout_sample(&out->layout),
        .x = {tam_cpu_in(plan, step, 0)->data, tam_cpu_in(plan, step, 1)->data},
        .y = out->data,
        .dy = out->gradient,
    };
}

static int64_t tasks_of(const job *j) {
    return (j->count + PIECE - 1) / PIECE;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n);
    tam_team_run(plan->ctx, tasks_of(&j), forward_piece, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    for (int k = 0; k < 2; k++) {
        j.dx[k] = step->wanted[k] ? step->dx[k] : NULL;
        j.add[k] = step->add[k];
    }
    tam_team_run(plan->ctx, tasks_of(&j), backward_piece, &j);
}

const tam_cpu_kind tam_cpu_kind_mul = {
    .op = "mul",
    .create = create,
    .forward = forward,
    .backward = backward,
    .needs = tam_cpu_needs_input,
    .in_place = true,
    .adds_gradient = true,
};
