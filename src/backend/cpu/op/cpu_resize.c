/* Resize: rows of sums over rows, and in them sums over columns. Along an axis each place is a sum over few places of
 * the other side (taps); backward is the same with the axes' matrices transposed. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"

typedef struct tap {
    int place;
    float weight;
} tap;

/* Place i is the sum over taps first[i] to first[i + 1]. */
typedef struct axis {
    int from, to;
    int *first;
    tap *taps;
} axis;

typedef struct job {
    tam_dtype dtype;
    int64_t lanes;
    axis rows, columns;
    const char *x;
    char *y;
    float *sums; /* a row of x for each worker */
} job;

/* The two places of x by which place i of y is found, and the share of the second. */
static void taps_of(int i, int from, int to, bool nearest, tap pair[2]) {
    double centre = (i + 0.5) * from / to, at = centre - 0.5 > 0 ? centre - 0.5 : 0;
    int first = (int)(nearest ? centre : at);
    first = first < from - 1 ? first : from - 1;
    double share = nearest ? 0 : at - first;
    share = first + 1 < from ? share : 0;
    pair[0] = (tap){first, (float)(1 - share)};
    pair[1] = (tap){first + 1, (float)share};
}

static void fill_forward(axis *a, bool nearest) {
    int count = 0;
    for (int i = 0; i < a->to; i++) {
        tap pair[2];
        taps_of(i, a->from, a->to, nearest, pair);
        a->first[i] = count;
        a->taps[count++] = pair[0];
        if (pair[1].weight > 0) {
            a->taps[count++] = pair[1];
        }
    }
    a->first[a->to] = count;
}

/* The axis goes from y back to x: to x's place i come all places of y that it gave something to. */
static void fill_backward(axis *a, bool nearest) {
    tap pair[2];
    memset(a->first, 0, ((size_t)a->to + 1) * sizeof *a->first);
    for (int i = 0; i < a->from; i++) {
        taps_of(i, a->to, a->from, nearest, pair);
        a->first[pair[0].place + 1]++;
        if (pair[1].weight > 0) {
            a->first[pair[1].place + 1]++;
        }
    }
    for (int i = 0; i < a->to; i++) {
        a->first[i + 1] += a->first[i];
    }
    for (int i = 0; i < a->from; i++) {
        taps_of(i, a->to, a->from, nearest, pair);
        for (int k = 0; k < 2; k++) {
            if (pair[k].weight > 0) {
                a->taps[a->first[pair[k].place]++] = (tap){i, pair[k].weight};
            }
        }
    }
    for (int i = a->to; i > 0; i--) {
        a->first[i] = a->first[i - 1];
    }
    a->first[0] = 0;
}

TAM_KERNEL_PART float number_at(const tam_dtype dtype, const char *x, int64_t i) {
    return dtype == TAM_BF16 ? tam_bf16_value(((const tam_bf16 *)(const void *)x)[i])
                             : ((const float *)(const void *)x)[i];
}

/* sums = the sum over rows of x, `count` numbers each. */
TAM_KERNEL_PART void sum_rows(const tam_dtype dtype, const tap *taps, int tap_count, int64_t count, const char *x,
                              float *sums) {
    int64_t row = count * (dtype == TAM_BF16 ? 2 : 4);
    if (tap_count == 0) {
        memset(sums, 0, (size_t)count * sizeof *sums);
    }
    for (int t = 0; t < tap_count; t++) {
        const char *from = x + taps[t].place * row;
        const float weight = taps[t].weight;
        if (t == 0) {
#pragma omp simd
            for (int64_t i = 0; i < count; i++) {
                sums[i] = weight * number_at(dtype, from, i);
            }
        } else {
#pragma omp simd
            for (int64_t i = 0; i < count; i++) {
                sums[i] += weight * number_at(dtype, from, i);
            }
        }
    }
}

TAM_KERNEL_PART void put_number(const tam_dtype dtype, char *y, int64_t i, float number) {
    if (dtype == TAM_BF16) {
        ((tam_bf16 *)(void *)y)[i] = tam_bf16_nearest(number);
    } else {
        ((float *)(void *)y)[i] = number;
    }
}

/* A pixel of y, some lanes at a time. */
TAM_KERNEL_PART void sum_pixel(const tam_dtype dtype, const int some, const tap *taps, int tap_count, int64_t lanes,
                               const float *sums, char *y, int64_t at) {
    float total[TAM_PERIOD] = {0};
    for (int t = 0; t < tap_count; t++) {
        const float *from = sums + taps[t].place * lanes, weight = taps[t].weight;
#pragma omp simd
        for (int l = 0; l < some; l++) {
            total[l] += weight * from[l];
        }
    }
#pragma omp simd
    for (int l = 0; l < some; l++) {
        put_number(dtype, y, at + l, total[l]);
    }
}

TAM_KERNEL_PART void sum_columns(const tam_dtype dtype, const axis *columns, const int64_t lanes, const float *sums,
                                 char *y) {
    enum { SOME = 16 };
    for (int w = 0; w < columns->to; w++) {
        const tap *taps = columns->taps + columns->first[w];
        int count = columns->first[w + 1] - columns->first[w];
        int64_t l = 0;
        for (; l + SOME <= lanes; l += SOME) {
            sum_pixel(dtype, SOME, taps, count, lanes, sums + l, y, w * lanes + l);
        }
        if (l < lanes) {
            sum_pixel(dtype, (int)(lanes - l), taps, count, lanes, sums + l, y, w * lanes + l);
        }
    }
}

TAM_KERNEL_PART void make_row(const tam_dtype dtype, const job *j, int row, const char *x, float *sums, char *y) {
    const tap *taps = j->rows.taps + j->rows.first[row];
    sum_rows(dtype, taps, j->rows.first[row + 1] - j->rows.first[row], j->columns.from * j->lanes, x, sums);
    if (j->lanes == 1) {
        sum_columns(dtype, &j->columns, 1, sums, y);
    } else {
        sum_columns(dtype, &j->columns, j->lanes, sums, y);
    }
}

TAM_KERNEL static void row_f32(const job *j, int row, const char *x, float *sums, char *y) {
    make_row(TAM_F32, j, row, x, sums, y);
}

TAM_KERNEL static void row_bf16(const job *j, int row, const char *x, float *sums, char *y) {
    make_row(TAM_BF16, j, row, x, sums, y);
}

/* A row of a map: a block of one sample. */
static void run_row(void *argument, int64_t task, int worker) {
    const job *j = argument;
    int64_t map = task / j->rows.to, row = task % j->rows.to, bytes = (int64_t)tam_dtype_bytes(j->dtype) * j->lanes;
    const char *x = j->x + map * j->rows.from * j->columns.from * bytes;
    char *y = j->y + (map * j->rows.to + row) * j->columns.to * bytes;
    float *sums = j->sums + worker * j->columns.from * j->lanes;
    (j->dtype == TAM_BF16 ? row_bf16 : row_f32)(j, (int)row, x, sums, y);
}

/* Takes the next bytes of a block; from NULL on it only counts. */
static void *take(char **at, size_t bytes) {
    void *taken = *at;
    *at += (bytes + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    return taken;
}

static axis axis_at(int from, int to, char **at) {
    size_t most = 2 * (size_t)(from > to ? from : to);
    return (axis){from, to, take(at, ((size_t)to + 1) * sizeof(int)), take(at, most * sizeof(tap))};
}

static job job_at(const tam_plan *plan, const tam_layout *from, const tam_layout *to, char **at) {
    job j = {.dtype = from->dtype, .lanes = from->lanes};
    j.rows = axis_at(from->h, to->h, at);
    j.columns = axis_at(from->w, to->w, at);
    j.sums = take(at, (size_t)(tam_ctx_threads(plan->ctx) * from->w * j.lanes) * sizeof(float));
    return j;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout in = tam_cpu_in(plan, step, 0)->layout;
    tam_layout *out = &tam_cpu_out(plan, step)->layout;
    char *forward = NULL, *backward = NULL;
    *out = in;
    out->h = step->node->shape.h;
    out->w = step->node->shape.w;
    (void)job_at(plan, &in, out, &forward);
    (void)job_at(plan, out, &in, &backward);
    tam_cpu_ask_scratch(plan, (size_t)(uintptr_t)forward);
    tam_cpu_ask_scratch(plan, (size_t)(uintptr_t)backward);
    return TAM_OK;
}

static bool is_nearest(const tam_cpu_step *step) {
    return (int)step->node->key[TAM_RESIZE_MODE] == TAM_RESIZE_NEAREST;
}

static void run(tam_plan *plan, job *j, int64_t maps) {
    tam_team_run(plan->ctx, maps * j->rows.to, run_row, j);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    char *at = tam_cpu_scratch(plan);
    job j = job_at(plan, &in->layout, &out->layout, &at);
    fill_forward(&j.rows, is_nearest(step));
    fill_forward(&j.columns, is_nearest(step));
    j.x = in->data;
    j.y = out->data;
    run(plan, &j, (int64_t)n * tam_layout_blocks(&in->layout));
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    char *at = tam_cpu_scratch(plan);
    job j = job_at(plan, &out->layout, &in->layout, &at);
    fill_backward(&j.rows, is_nearest(step));
    fill_backward(&j.columns, is_nearest(step));
    j.x = out->gradient;
    j.y = step->dx[0];
    if (step->wanted[0]) {
        run(plan, &j, (int64_t)in->layout.n * tam_layout_blocks(&in->layout));
    }
}

const tam_cpu_kind tam_cpu_kind_resize = {
    .op = "resize",
    .create = create,
    .forward = forward,
    .backward = backward,
    .made_again = true,
};
