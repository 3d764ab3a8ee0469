/* Ten folds after a principal component analysis of the folds that choose the threshold. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"
#include "eval/eigen.h"
#include "eval/folds.h"
#include "eval/pair_list.h"

enum { ROWS_PER_TASK = 64 };

typedef struct pca_job {
    int64_t n;
    int d, components;
    const float *e;
    double *unit;       /* [n, d] rows of length 1 */
    int64_t *times;     /* [n] how often the choosing folds name each row */
    double *mean;       /* [d] */
    double *covariance; /* [d, d], then its eigenvectors in rows */
    double *value;      /* [d], and 2 d more as scratch */
    double *projected;  /* [n, components] of length 1 */
    double *sums;       /* [threads, d] */
} pca_job;

TAM_KERNEL static void add(int n, double factor, const double *restrict x, double *restrict y) {
    for (int i = 0; i < n; i++) {
        y[i] += factor * x[i];
    }
}

static void normalise_rows(pca_job *job) {
    for (int64_t i = 0; i < job->n; i++) {
        const float *row = job->e + i * job->d;
        double square = 0;
        for (int k = 0; k < job->d; k++) {
            square += (double)row[k] * (double)row[k];
        }
        for (int k = 0; k < job->d; k++) {
            job->unit[i * job->d + k] = (double)row[k] / (square > 0 ? sqrt(square) : 1);
        }
    }
}

/* Row r of the covariance, up to its diagonal; the rows in their order, so that threads do not matter. */
static void fill_covariance(void *argument, int64_t r, int worker) {
    pca_job *job = argument;
    double *row = job->covariance + r * job->d, *centred = job->sums + (int64_t)worker * job->d;
    memset(row, 0, (size_t)job->d * sizeof *row);
    for (int64_t i = 0; i < job->n; i++) {
        if (job->times[i] > 0) {
            const double *unit = job->unit + i * job->d;
            for (int64_t k = 0; k <= r; k++) {
                centred[k] = unit[k] - job->mean[k];
            }
            add((int)r + 1, (double)job->times[i] * centred[r], centred, row);
        }
    }
}

/* Counts the rows of all folds but one, and takes their mean; returns how many there are. */
static int64_t take_mean(pca_job *job, int64_t pairs, const int64_t *a, int folds, int fold) {
    int64_t rows = 0;
    memset(job->times, 0, (size_t)job->n * sizeof *job->times);
    memset(job->mean, 0, (size_t)job->d * sizeof *job->mean);
    for (int f = 0; f < folds; f++) {
        for (int64_t i = tam_fold_start(pairs, folds, f); i < tam_fold_start(pairs, folds, f + 1); i++) {
            if (f != fold || folds == 1) {
                job->times[a[2 * i]]++;
                job->times[a[2 * i + 1]]++;
                rows += 2;
            }
        }
    }
    for (int64_t i = 0; i < job->n; i++) {
        add(job->d, (double)job->times[i] / (double)rows, job->unit + i * job->d, job->mean);
    }
    return rows;
}

static void project_rows(void *argument, int64_t task, int worker) {
    pca_job *job = argument;
    int d = job->d, components = job->components;
    double *centred = job->sums + (int64_t)worker * d;
    int64_t end = (task + 1) * ROWS_PER_TASK < job->n ? (task + 1) * ROWS_PER_TASK : job->n;
    for (int64_t i = task * ROWS_PER_TASK; i < end; i++) {
        double *to = job->projected + i * components, square = 0;
        for (int k = 0; k < d; k++) {
            centred[k] = job->unit[i * d + k] - job->mean[k];
        }
        for (int c = 0; c < components; c++) {
            const double *direction = job->covariance + (int64_t)c * d;
            to[c] = 0;
            for (int k = 0; k < d; k++) {
                to[c] += centred[k] * direction[k];
            }
            square += to[c] * to[c];
        }
        for (int c = 0; c < components && square > 0; c++) {
            to[c] /= sqrt(square);
        }
    }
}

static void measure(const pca_job *job, int64_t pairs, const int64_t *a, double *distances) {
    for (int64_t i = 0; i < pairs; i++) {
        const double *first = job->projected + a[2 * i] * job->components;
        const double *second = job->projected + a[2 * i + 1] * job->components;
        distances[i] = 0;
        for (int c = 0; c < job->components; c++) {
            distances[i] += (first[c] - second[c]) * (first[c] - second[c]);
        }
    }
}

static tam_status analyse(tam_ctx *ctx, pca_job *job, int64_t pairs, const int64_t *a, int folds, int fold) {
    int64_t rows = take_mean(job, pairs, a, folds, fold);
    if (rows < job->components) {
        return tam_fail(ctx, TAM_CONFIG, "%d components of the %lld rows outside of fold %d", job->components,
                        (long long)rows, fold + 1);
    }
    tam_team_run(ctx, job->d, fill_covariance, job);
    if (!tam_symmetric_eigen(job->d, job->covariance, job->value, job->value + job->d)) {
        return tam_fail(ctx, TAM_INTERNAL, "the principal components of fold %d were not found", fold + 1);
    }
    tam_team_run(ctx, (job->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, project_rows, job);
    return TAM_OK;
}

static tam_status take_memory(tam_ctx *ctx, pca_job *job) {
    size_t n = (size_t)job->n, d = (size_t)job->d;
    job->unit = tam_allocate(ctx, n * d, sizeof *job->unit, "normalised rows");
    job->times = tam_allocate(ctx, n, sizeof *job->times, "counts of rows");
    job->mean = tam_allocate(ctx, d, sizeof *job->mean, "a mean");
    job->covariance = tam_allocate(ctx, d * d, sizeof *job->covariance, "a covariance");
    job->value = tam_allocate(ctx, 3 * d, sizeof *job->value, "eigenvalues");
    job->projected = tam_allocate(ctx, n, (size_t)job->components * sizeof *job->projected, "projected rows");
    job->sums = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx) * d, sizeof *job->sums, "centred rows");
    bool whole = job->unit != NULL && job->times != NULL && job->mean != NULL && job->covariance != NULL &&
                 job->value != NULL && job->projected != NULL && job->sums != NULL;
    return whole ? TAM_OK : TAM_RESOURCES;
}

static void release(tam_ctx *ctx, pca_job *job) {
    tam_release(ctx, job->unit);
    tam_release(ctx, job->times);
    tam_release(ctx, job->mean);
    tam_release(ctx, job->covariance);
    tam_release(ctx, job->value);
    tam_release(ctx, job->projected);
    tam_release(ctx, job->sums);
}

tam_status tam_eval_folds_pca(tam_ctx *ctx, int components, int64_t n, int d, const float *e, int64_t pairs,
                              const int64_t *a, const uint8_t *same, int folds, tam_folds *result) {
    pca_job job = {.n = n, .d = d, .components = components, .e = e};
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    if (folds < 1 || pairs < folds) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be cut into %d folds", (long long)pairs, folds);
    }
    if (components < 1 || components > d) {
        return tam_fail(ctx, TAM_CONFIG, "%d components are outside [1, %d]", components, d);
    }
    double *numbers = tam_allocate(ctx, (size_t)pairs + 2 * (size_t)folds, sizeof *numbers, "distances of pairs");
    int64_t *right = tam_allocate(ctx, (size_t)folds + 1, TAM_FOLD_THRESHOLDS * sizeof *right, "counts of folds");
    tam_status status = numbers != NULL && right != NULL ? take_memory(ctx, &job) : TAM_RESOURCES;
    if (status == TAM_OK) {
        double *accuracy = numbers + pairs, *threshold = accuracy + folds;
        normalise_rows(&job);
        for (int fold = 0; fold < folds && status == TAM_OK; fold++) {
            status = analyse(ctx, &job, pairs, a, folds, fold);
            measure(&job, status == TAM_OK ? pairs : 0, a, numbers);
            tam_folds_by_distance(pairs, folds, fold, fold + 1, numbers, same, right, accuracy, threshold);
        }
        tam_folds_sum_up(folds, accuracy, threshold, result);
    }
    release(ctx, &job);
    tam_release(ctx, numbers);
    tam_release(ctx, right);
    return status;
}
