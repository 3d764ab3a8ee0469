#include "backend/cpu/plan/cpu_cut.h"

#include <string.h>

#include "base/kernel.h"
#include "base/team.h"

tam_cpu_cut tam_cpu_cut_of(const tam_layout *layout, int n) {
    enum { TASK_NUMBERS = 1 << 15 }; /* stays in a core's own cache from one sweep to the next */
    int64_t rows = n * tam_layout_pixels(layout), piece = TASK_NUMBERS / layout->lanes;
    tam_cpu_cut cut = {
        .layout = *layout,
        .blocks = tam_layout_blocks(layout),
        .period = tam_layout_period(layout),
        .rows = rows,
        .piece = piece < 1 ? 1 : piece,
    };
    cut.tasks = (rows + cut.piece - 1) / cut.piece * cut.blocks;
    return cut;
}

/* From run->row on, to the end of the task or of the sample's block. */
static void find_run(const tam_cpu_cut *cut, tam_cpu_run *run) {
    const tam_layout *layout = &cut->layout;
    int64_t pixels = tam_layout_pixels(layout), image = run->row / pixels, pixel = run->row % pixels;
    int64_t rows = run->last - run->row;
    if ((cut->blocks > 1 || cut->by_sample) && rows > pixels - pixel) {
        rows = pixels - pixel;
    }
    run->start = ((image * cut->blocks + run->block) * pixels + pixel) * layout->lanes;
    run->count = rows * layout->lanes;
}

tam_cpu_run tam_cpu_first_run(const tam_cpu_cut *cut, int64_t task) {
    int64_t first = task / cut->blocks * cut->piece, last = first + cut->piece;
    tam_cpu_run run = {.block = (int)(task % cut->blocks), .row = first, .last = last < cut->rows ? last : cut->rows};
    find_run(cut, &run);
    return run;
}

void tam_cpu_next_run(const tam_cpu_cut *cut, tam_cpu_run *run) {
    run->row += run->count / cut->layout.lanes;
    find_run(cut, run);
}

TAM_KERNEL_PART void add_part(int width, const float *partial, double *sums) {
#pragma omp simd
    for (int k = 0; k < width; k++) {
        sums[k] += (double)partial[k];
    }
}

TAM_KERNEL static void add_tasks(const tam_cpu_cut *cut, int block, const float *partial, int64_t stride,
                                 double *sums) {
    for (int64_t task = block; task < cut->tasks; task += cut->blocks) {
        add_part(cut->period, partial + task * stride, sums);
    }
}

/* A block's channels from the sums at its positions. */
static void gather(const tam_cpu_cut *cut, int block, const double *positions, double *channels) {
    int lanes = cut->layout.lanes;
    for (int lane = 0; lane < lanes && block * lanes + lane < cut->layout.c; lane++) {
        double sum = 0;
        for (int k = lane; k < cut->period; k += lanes) {
            sum += positions[k];
        }
        channels[block * lanes + lane] = sum;
    }
}

void tam_cpu_fold(const tam_cpu_cut *cut, const float *partial, int64_t stride, double *sums) {
    for (int block = 0; block < cut->blocks; block++) {
        double positions[TAM_PERIOD] = {0};
        if (cut->period > TAM_PERIOD) { /* a position is a channel */
            memset(sums, 0, (size_t)cut->layout.c * sizeof *sums);
            add_tasks(cut, block, partial, stride, sums);
        } else {
            add_tasks(cut, block, partial, stride, positions);
            gather(cut, block, positions, sums);
        }
    }
}

/* Statistics: every position of the period in every task is a set of its own with a size, a mean and a sum of squares
 * about it; the sets are then united (Chan, Golub, LeVeque, 1979). No large sum of squares is ever taken about 0. */

enum { MEAN, SQUARE, SIZE, SET_PARTS };

size_t tam_cpu_statistics_bytes(const tam_cpu_cut *cut) {
    return (size_t)cut->tasks * SET_PARTS * (size_t)cut->period * sizeof(float);
}

static void count_sets(const tam_cpu_cut *cut, int64_t task, float *size) {
    TAM_CPU_EACH_RUN(run, cut, task) {
        int64_t whole = run.count / cut->period, rest = run.count % cut->period;
        for (int k = 0; k < cut->period; k++) {
            size[k] += (float)(whole + (k < rest));
        }
    }
}

void tam_cpu_statistics_task(const tam_sweep_kernels *kernels, const tam_cpu_cut *cut, const void *x, float *partial,
                             int64_t task) {
    tam_dtype dtype = cut->layout.dtype;
    float *set = partial + task * SET_PARTS * cut->period;
    float *mean = set + MEAN * cut->period, *square = set + SQUARE * cut->period, *size = set + SIZE * cut->period;
    memset(set, 0, SET_PARTS * (size_t)cut->period * sizeof *set);
    count_sets(cut, task, size);
    TAM_CPU_EACH_RUN(run, cut, task) {
        kernels->sum(dtype, cut->period, x, run.start, run.count, mean);
    }
    for (int k = 0; k < cut->period; k++) {
        mean[k] = size[k] > 0 ? mean[k] / size[k] : 0;
    }
    TAM_CPU_EACH_RUN(run, cut, task) {
        kernels->squares(dtype, cut->period, x, run.start, run.count, mean, square);
    }
}

typedef struct job {
    const tam_sweep_kernels *kernels;
    const tam_cpu_cut *cut;
    const void *x;
    float *partial;
} job;

static void statistics_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    (void)worker;
    tam_cpu_statistics_task(j->kernels, j->cut, j->x, j->partial, task);
}

void tam_cpu_statistics(tam_ctx *ctx, const tam_sweep_kernels *kernels, const tam_cpu_cut *cut, const void *x,
                        float *partial) {
    job j = {kernels, cut, x, partial};
    tam_team_run(ctx, cut->tasks, statistics_task, &j);
}

TAM_KERNEL_PART void add_means(int width, const float *set, double *sums) {
    const float *mean = set + MEAN * width, *size = set + SIZE * width;
#pragma omp simd
    for (int k = 0; k < width; k++) {
        sums[k] += (double)size[k] * (double)mean[k];
    }
}

TAM_KERNEL static void sum_means(const tam_cpu_cut *cut, int block, const float *partial, double *sums) {
    for (int64_t task = block; task < cut->tasks; task += cut->blocks) {
        add_means(cut->period, partial + task * SET_PARTS * cut->period, sums);
    }
}

/* `lanes` divides the width, and average is the block's. */
TAM_KERNEL_PART void add_squares(int width, int lanes, const float *set, const double *average, double *sums) {
    const float *mean = set + MEAN * width, *square = set + SQUARE * width, *size = set + SIZE * width;
    for (int first = 0; first < width; first += lanes) {
#pragma omp simd
        for (int l = 0; l < lanes; l++) {
            double away = (double)mean[first + l] - average[l];
            sums[first + l] += (double)square[first + l] + away * away * (double)size[first + l];
        }
    }
}

TAM_KERNEL static void sum_squares(const tam_cpu_cut *cut, int block, const float *partial, const double *average,
                                   double *sums) {
    for (int64_t task = block; task < cut->tasks; task += cut->blocks) {
        add_squares(cut->period, cut->layout.lanes, partial + task * SET_PARTS * cut->period, average, sums);
    }
}

void tam_cpu_statistics_fold(const tam_cpu_cut *cut, const float *partial, double *positions, double *mean,
                             double *variance) {
    int lanes = cut->layout.lanes;
    double numbers = (double)cut->rows;
    for (int block = 0; block < cut->blocks; block++) {
        int first = block * lanes, last = first + lanes < cut->layout.c ? first + lanes : cut->layout.c;
        memset(positions, 0, (size_t)cut->period * sizeof *positions);
        sum_means(cut, block, partial, positions);
        gather(cut, block, positions, mean);
        for (int c = first; c < last; c++) {
            mean[c] /= numbers;
        }
        /* the last block may be filled up: its fill is 0 everywhere, and so is its mean */
        double average[TAM_PERIOD] = {0};
        memcpy(average, mean + first, (size_t)(last - first < TAM_PERIOD ? last - first : TAM_PERIOD) * sizeof *mean);
        memset(positions, 0, (size_t)cut->period * sizeof *positions);
        sum_squares(cut, block, partial, lanes > TAM_PERIOD ? mean : average, positions);
        gather(cut, block, positions, variance);
        for (int c = first; c < last; c++) {
            variance[c] /= numbers;
        }
    }
}
