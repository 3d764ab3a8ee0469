#include "loss/pair_batch.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/team.h"
#include "loss/room.h"
#include "loss/vectors.h"

enum { ROWS_PER_TASK = 8, BLOCK = 64 };

/* Lies at the start of the block; the arrays follow it. */
typedef struct pair_space {
    int rows; /* of the batch */
    int n;    /* of them that count */
    int dim;
    const float *x;
    int *row;        /* [n] place of a sample in the batch */
    int32_t *y;      /* [n] */
    double *inverse; /* [n] 1 / |x|, or 0 */
    double *unit;    /* [n, D] */
    double *cosine;  /* [n, n] */
    double *g;       /* [n, n] */
} pair_space;

size_t tam_pair_space_bytes(int n, int dim) {
    size_t rows = (size_t)n, columns = (size_t)dim;
    return tam_room_bytes(sizeof(pair_space)) + tam_room_bytes(rows * sizeof(int)) +
           tam_room_bytes(rows * sizeof(int32_t)) + tam_room_bytes(rows * sizeof(double)) +
           tam_room_bytes(rows * columns * sizeof(double)) + 2 * tam_room_bytes(rows * rows * sizeof(double));
}

static void lay_out(pair_space *space, int n, int dim) {
    char *at = (char *)space + tam_room_bytes(sizeof *space);
    size_t rows = (size_t)n;
    space->row = tam_room_take(&at, rows * sizeof(int));
    space->y = tam_room_take(&at, rows * sizeof(int32_t));
    space->inverse = tam_room_take(&at, rows * sizeof(double));
    space->unit = tam_room_take(&at, rows * (size_t)dim * sizeof(double));
    space->cosine = tam_room_take(&at, rows * rows * sizeof(double));
    space->g = tam_room_take(&at, rows * rows * sizeof(double));
}

TAM_KERNEL static double squared_length(int64_t n, const float *x) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < n; d++) {
        sum += (double)x[d] * (double)x[d];
    }
    return sum;
}

TAM_KERNEL static void scale_row(int64_t n, double scale, const float *restrict x, double *restrict unit) {
    for (int64_t d = 0; d < n; d++) {
        unit[d] = scale * (double)x[d];
    }
}

/* sum += h (u - c v) over at most BLOCK columns. */
TAM_KERNEL static void add_direction(int64_t n, double h, const double *restrict u, double c, const double *restrict v,
                                     double *restrict sum) {
    for (int64_t d = 0; d < n; d++) {
        sum[d] += h * (u[d] - c * v[d]);
    }
}

/* Keeps a NaN, which fmin and fmax would not. */
static double clamp_cosine(double c) {
    return c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c;
}

static int tasks_of(const pair_space *space) {
    return (space->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static int task_end(const pair_space *space, int64_t task) {
    int end = (int)(task + 1) * ROWS_PER_TASK;
    return end < space->n ? end : space->n;
}

static void normalise_rows(void *argument, int64_t task, int worker) {
    pair_space *space = argument;
    (void)worker;
    for (int i = (int)task * ROWS_PER_TASK; i < task_end(space, task); i++) {
        const float *x = space->x + (int64_t)space->row[i] * space->dim;
        double length = sqrt(squared_length(space->dim, x));
        space->inverse[i] = length < 1e-32 ? 0.0 : 1.0 / length;
        scale_row(space->dim, space->inverse[i], x, space->unit + (int64_t)i * space->dim);
    }
}

/* The part left of the diagonal, mirrored: nobody else writes those two places. */
static void fill_cosines(void *argument, int64_t task, int worker) {
    pair_space *space = argument;
    int64_t n = space->n, dim = space->dim;
    (void)worker;
    for (int64_t i = task * ROWS_PER_TASK; i < task_end(space, task); i++) {
        const double *unit = space->unit + i * dim;
        for (int64_t j = 0; j <= i; j++) {
            double c = clamp_cosine(tam_vector_dot(dim, unit, space->unit + j * dim));
            space->cosine[i * n + j] = c;
            space->cosine[j * n + i] = c;
        }
    }
}

void tam_pair_space_fill(tam_ctx *ctx, void *block, int n, int dim, const float *x, const int32_t *y) {
    pair_space *space = block;
    *space = (pair_space){.rows = n, .dim = dim, .x = x};
    lay_out(space, n, dim);
    for (int i = 0; i < n; i++) {
        if (y[i] >= 0) {
            space->row[space->n] = i;
            space->y[space->n++] = y[i];
        }
    }
    tam_team_run(ctx, tasks_of(space), normalise_rows, space);
    tam_team_run(ctx, tasks_of(space), fill_cosines, space);
}

typedef struct gradient_job {
    const pair_space *space;
    double weight;
    float *dx;
} gradient_job;

/* A few columns at a time, so that the sum needs no memory but the stack. */
static void add_row_gradient(const gradient_job *job, int64_t i) {
    const pair_space *space = job->space;
    int64_t n = space->n, dim = space->dim;
    const double *unit = space->unit + i * dim;
    float *dx = job->dx + (int64_t)space->row[i] * dim;
    double scale = job->weight * space->inverse[i];
    for (int64_t begin = 0; begin < dim; begin += BLOCK) {
        double sum[BLOCK] = {0};
        int64_t columns = dim - begin < BLOCK ? dim - begin : BLOCK;
        for (int64_t j = 0; j < n; j++) {
            double h = space->g[i * n + j] + space->g[j * n + i];
            if (j != i && h != 0.0) {
                add_direction(columns, h, space->unit + j * dim + begin, space->cosine[i * n + j], unit + begin, sum);
            }
        }
        for (int64_t d = 0; d < columns; d++) {
            dx[begin + d] += (float)(scale * sum[d]);
        }
    }
}

static void add_gradients(void *argument, int64_t task, int worker) {
    const gradient_job *job = argument;
    (void)worker;
    for (int i = (int)task * ROWS_PER_TASK; i < task_end(job->space, task); i++) {
        add_row_gradient(job, i);
    }
}

double tam_pair_space_apply(tam_ctx *ctx, void *block, const tam_loss_term *term, uint64_t seed, int64_t step,
                            void *room, float *dx) {
    pair_space *space = block;
    tam_pair_batch batch = {.n = space->n,
                            .dim = space->dim,
                            .y = space->y,
                            .cosine = space->cosine,
                            .room = room,
                            .seed = seed,
                            .step = step};
    memset(space->g, 0, (size_t)space->n * (size_t)space->n * sizeof(double));
    double loss = term->term->pairs(term->key, &batch, space->g);
    gradient_job job = {.space = space, .weight = term->weight, .dx = dx};
    tam_team_run(ctx, tasks_of(space), add_gradients, &job);
    return term->weight * loss;
}

tam_pair_result tam_pair_space_report(const void *block, float *theta, double *mean_theta) {
    const pair_space *space = block;
    tam_pair_result result = {0};
    double total = 0.0;
    if (theta != NULL) {
        memset(theta, 0, (size_t)space->rows * sizeof *theta);
    }
    for (int64_t i = 0; i < space->n; i++) {
        const double *cosine = space->cosine + i * space->n;
        double nearest_positive = -INFINITY, nearest_negative = -INFINITY, angles = 0.0;
        int positives = 0;
        for (int64_t j = 0; j < space->n; j++) {
            if (j != i && space->y[j] == space->y[i]) {
                nearest_positive = fmax(nearest_positive, cosine[j]);
                angles += acos(cosine[j]);
                positives++;
            } else if (j != i) {
                nearest_negative = fmax(nearest_negative, cosine[j]);
            }
        }
        if (positives > 0) {
            result.positives++;
            result.correct += nearest_positive > nearest_negative;
            total += angles / positives;
        }
        if (theta != NULL) {
            theta[space->row[i]] = positives > 0 ? (float)(angles / positives) : NAN;
        }
    }
    result.any_positive = result.positives > 0;
    *mean_theta = result.any_positive ? total / result.positives : 0.0;
    return result;
}
