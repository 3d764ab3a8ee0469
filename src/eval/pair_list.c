#include "eval/pair_list.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/team.h"
#include "eval/rows.h"

enum { PAIRS_PER_TASK = 1024 };

typedef struct pair_job {
    int d;
    const float *e;
    int64_t pairs;
    const int64_t *a;
    double *out;
    float *rounded; /* in the place of `out` */
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
        double value = job->measure(job->d, job->e + job->a[2 * i] * job->d, job->e + job->a[2 * i + 1] * job->d);
        if (job->rounded != NULL) {
            job->rounded[i] = (float)value;
        } else {
            job->out[i] = value;
        }
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

enum { LANES = 8 };

typedef float narrow __attribute__((vector_size(4 * LANES)));
typedef double wide __attribute__((vector_size(8 * LANES)));

TAM_KERNEL_PART double sum_of(const wide *lanes) {
    const wide v = *lanes;
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

typedef struct products {
    wide dot, first, second; /* of the rows with each other and with themselves */
} products;

TAM_KERNEL_PART void add_products(const float *first, const float *second, size_t count, products *sums) {
    narrow x = {0}, y = {0};
    memcpy(&x, first, count * sizeof(float));
    memcpy(&y, second, count * sizeof(float));
    wide a = __builtin_convertvector(x, wide), b = __builtin_convertvector(y, wide);
    sums->dot += a * b;
    sums->first += a * a;
    sums->second += b * b;
}

/* Products of f32 are exact in f64, so the bits are the same with and without fused multiplication. */
TAM_KERNEL static double cosine_of(int d, const float *first, const float *second) {
    products sums = {0};
    int whole = d - d % LANES;
    for (int k = 0; k < whole; k += LANES) {
        add_products(first + k, second + k, LANES, &sums);
    }
    if (whole < d) {
        add_products(first + whole, second + whole, (size_t)(d - whole), &sums);
    }
    double a = sum_of(&sums.first), b = sum_of(&sums.second);
    return sum_of(&sums.dot) / ((a > 0 ? sqrt(a) : 1) * (b > 0 ? sqrt(b) : 1));
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
    run_job(ctx, (pair_job){d, e, pairs, a, cosines, NULL, cosine_of});
}

void tam_pairs_scores(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, float *scores) {
    run_job(ctx, (pair_job){d, e, pairs, a, NULL, scores, cosine_of});
}

void tam_pairs_distances(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a, double *distances) {
    run_job(ctx, (pair_job){d, e, pairs, a, distances, NULL, distance_of});
}
