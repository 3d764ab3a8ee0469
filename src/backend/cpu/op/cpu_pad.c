/* Zeros around a map: rows are copied as they lie. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/team.h"

typedef struct job {
    int64_t pixel, row, padded_row; /* bytes */
    int h, padded_h, top, left;
    int64_t rows; /* of a task */
    char *map, *padded;
} job;

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    layout.h = step->node->shape.h;
    layout.w = step->node->shape.w;
    tam_cpu_out(plan, step)->layout = layout;
    return TAM_OK;
}

static job job_of(const tam_plan *plan, const tam_cpu_step *step) {
    enum { TASK_BYTES = 1 << 16 };
    const tam_layout *in = &plan->values[step->input[0]].layout, *out = &plan->values[step->output].layout;
    job j = {.h = in->h, .padded_h = out->h};
    j.top = (int)step->node->key[TAM_PAD_TOP];
    j.left = (int)step->node->key[TAM_PAD_LEFT];
    j.pixel = in->lanes * (int64_t)tam_dtype_bytes(in->dtype);
    j.row = in->w * j.pixel;
    j.padded_row = out->w * j.pixel;
    j.rows = j.padded_row < TASK_BYTES ? TASK_BYTES / j.padded_row : 1;
    return j;
}

/* Rows of all maps, one after the other. */
static int64_t tasks_of(const job *j, int64_t rows) {
    return (rows + j->rows - 1) / j->rows;
}

typedef struct rows_job {
    job job;
    int64_t rows;
} rows_job;

static void forward_rows(void *argument, int64_t task, int worker) {
    const rows_job *rows = argument;
    const job *j = &rows->job;
    (void)worker;
    for (int64_t r = task * j->rows; r < (task + 1) * j->rows && r < rows->rows; r++) {
        int64_t map = r / j->padded_h, row = r % j->padded_h - j->top, left = j->left * j->pixel;
        char *to = j->padded + r * j->padded_row;
        if (row < 0 || row >= j->h) {
            memset(to, 0, (size_t)j->padded_row);
            continue;
        }
        memset(to, 0, (size_t)left);
        memcpy(to + left, j->map + (map * j->h + row) * j->row, (size_t)j->row);
        memset(to + left + j->row, 0, (size_t)(j->padded_row - left - j->row));
    }
}

static void backward_rows(void *argument, int64_t task, int worker) {
    const rows_job *rows = argument;
    const job *j = &rows->job;
    (void)worker;
    for (int64_t r = task * j->rows; r < (task + 1) * j->rows && r < rows->rows; r++) {
        int64_t map = r / j->h, row = r % j->h + j->top;
        const char *from = j->padded + (map * j->padded_h + row) * j->padded_row + j->left * j->pixel;
        memcpy(j->map + r * j->row, from, (size_t)j->row);
    }
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    rows_job rows = {job_of(plan, step), (int64_t)n * tam_layout_blocks(&out->layout) * out->layout.h};
    rows.job.map = in->data;
    rows.job.padded = out->data;
    tam_team_run(plan->ctx, tasks_of(&rows.job, rows.rows), forward_rows, &rows);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    rows_job rows = {job_of(plan, step), (int64_t)in->layout.n * tam_layout_blocks(&in->layout) * in->layout.h};
    rows.job.map = step->dx[0];
    rows.job.padded = out->gradient;
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, tasks_of(&rows.job, rows.rows), backward_rows, &rows);
    }
}

const tam_cpu_kind tam_cpu_kind_pad = {
    .op = "pad",
    .create = create,
    .forward = forward,
    .backward = backward,
    .made_again = true,
};
