#include "eval/pair_list.h"

#include <math.h>

#include "base/team.h"
#include "eval/rows.h"

enum { PAIRS_PER_TASK = 1024 };

typedef struct pair_job {
    int d;
    const float *e;
    int64_t pairs;
    const int64_t *a;
    double *out;
    double (*measure)(int d, const float *first, const float *second);
} pair_job;

tam_status tam_pairs_check(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a) {
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    if (pairs < 0) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be evaluated", (long long)pairs);
    }
    for (int64_t i = 0; i < 2 * pairs; i++) {
        if (a[i] < 0 || a[i] >= n) {
            return tam_fail(ctx, TAM_INPUT, "pair %lld names row %lld of %lld rows", (long long)(i / 2),
                            (long long)a[i], (long long)n);
        }
    }
    return TAM_OK;
}

static void measure_pairs(void *argument, int64_t task, int worker) {
    pair_job *job = argument;
    int64_t end = (task + 1) * PAIRS_PER_TASK < job->pairs ? (task + 1) * PAIRS_PER_TASK : job->pairs;
    (void)worker;
    for (int64_t i = task * PAIRS_PER_TASK; i < end; i++) {
        job->out[i] = job->measure(job->d, job->e + job->a[2 * i] * job->d, job->e + job->a[2 * i + 1] * job->d);
    }
}

static void run_job(tam_ctx *ctx, pair_job job) {
    tam_team_run(ctx, (job.pairs + PAIRS_PER_TASK - 1) / PAIRS_PER_TASK, measure_pairs, &job);
}

static double length_of(int d, const float *x) {
    double square = 0;
    for (int k = 0; k < d; k++) {
        square += (double)x[k] * (double)x[k];
    }
    return square > 0 ? sqrt(square) : 1;
}

static double cosine_of(int d, const float *first, const float *second) {
    double sum = 0;
    for (int k = 0; k < d; k++) {
        sum += (double)first[k] * (double)second[k];
    }
    return sum / (length_of(d, first) * length_of(d, second));
}

static double distance_of(int d, const float *first, const float *second) {
    double sum = 0, length_first = length_of(d, first), length_second = length_of(d, second);
    for (int k = 0; k < d; k++) {
        double difference = (double)first[k] / length_first - (double)second[k] / length_second;
        sum += difference * difference;
    }
    return sum;
}

void tam_pairs_cosines(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, double *cosines) {
    run_job(ctx, (pair_job){d, e, pairs, a, cosines, cosine_of});
}

void tam_pairs_distances(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, double *distances) {
    run_job(ctx, (pair_job){d, e, pairs, a, distances, distance_of});
}
