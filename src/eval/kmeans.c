/* k-means on the sphere. Rows are assigned tile by tile; the sums of a cluster are made in the order of its rows, so
 * that the result does not depend on the threads. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/rows.h"
#include "tammes/clustering.h"

enum { DEFAULT_ROUNDS = 100, ROWS_PER_TASK = 512 };

typedef struct kmeans_job {
    int64_t n, k;
    int d;
    float *unit;    /* [n, d] rows of length 1 */
    float *centres; /* [k, d] of length 1 */
    tam_rows rows, packed;
    tam_groups groups;
    float *scratch;
    float *away;    /* [n] 1 - cosine to the nearest centre so far, not below 0 */
    double *sums;   /* [threads, d] */
    int32_t *start; /* [k] where a cluster begins in the order of groups, -1: it is empty */
    int32_t *cluster, *before;
    int64_t newest; /* centre, while beginning */
} kmeans_job;

static void normalise_rows(const float *e, kmeans_job *job) {
    for (int64_t i = 0; i < job->n; i++) {
        const float *row = e + i * job->d;
        double square = 0;
        for (int c = 0; c < job->d; c++) {
            square += (double)row[c] * (double)row[c];
        }
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int c = 0; c < job->d; c++) {
            job->unit[i * job->d + c] = (float)((double)row[c] * scale);
        }
    }
}

TAM_KERNEL static float dot(int d, const float *restrict a, const float *restrict b) {
    float sum[16] = {0};
    int c = 0;
    for (; c + 16 <= d; c += 16) {
        for (int lane = 0; lane < 16; lane++) {
            sum[lane] += a[c + lane] * b[c + lane];
        }
    }
    for (int lane = 0; c < d; c++, lane++) {
        sum[lane] += a[c] * b[c];
    }
    float total = 0;
    for (int lane = 0; lane < 16; lane++) {
        total += sum[lane];
    }
    return total;
}

static void come_nearer(void *argument, int64_t task, int worker) {
    kmeans_job *job = argument;
    int64_t end = (task + 1) * ROWS_PER_TASK < job->n ? (task + 1) * ROWS_PER_TASK : job->n;
    const float *centre = job->centres + job->newest * job->d;
    (void)worker;
    for (int64_t i = task * ROWS_PER_TASK; i < end; i++) {
        float away = fmaxf(1 - dot(job->d, job->unit + i * job->d, centre), 0);
        job->away[i] = job->newest == 0 || away < job->away[i] ? away : job->away[i];
    }
}

/* A row with a chance in proportion to how far it is from all centres; any row when all lie on centres. */
static int64_t draw_row(const kmeans_job *job, tam_random *random) {
    double sum = 0, place = (double)tam_random_uniform(random);
    for (int64_t i = 0; i < job->n; i++) {
        sum += (double)job->away[i];
    }
    if (!(sum > 0)) {
        return tam_random_below(random, (uint32_t)job->n);
    }
    place *= sum;
    int64_t last = 0;
    for (int64_t i = 0; i < job->n; i++) {
        if (job->away[i] > 0) {
            last = i;
            place -= (double)job->away[i];
            if (place < 0) {
                break;
            }
        }
    }
    return last;
}

static void begin(tam_ctx *ctx, uint64_t seed, kmeans_job *job) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_CLUSTERS, 0, 0);
    int64_t row = tam_random_below(&random, (uint32_t)job->n);
    for (job->newest = 0; job->newest < job->k; job->newest++) {
        row = job->newest == 0 ? row : draw_row(job, &random);
        memcpy(job->centres + job->newest * job->d, job->unit + row * job->d, (size_t)job->d * sizeof *job->unit);
        tam_team_run(ctx, (job->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, come_nearer, job);
    }
}

static void assign_tile(void *argument, int64_t tile, int worker) {
    kmeans_job *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    float best[TAM_TILE];
    int64_t top = tile * TAM_TILE;
    int64_t rows = job->n - top < TAM_TILE ? job->n - top : TAM_TILE;
    for (int64_t other = 0; other < job->packed.tiles; other++) {
        int64_t left = other * TAM_TILE, columns = job->k - left < TAM_TILE ? job->k - left : TAM_TILE;
        tam_rows_tile(&job->rows, tile, &job->packed, other, scores);
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < columns; j++) {
                float score = scores[i * TAM_TILE + j];
                if ((left == 0 && j == 0) || score > best[i]) {
                    best[i] = score;
                    job->cluster[top + i] = (int32_t)(left + j);
                }
            }
        }
    }
}

static void move_centre(void *argument, int64_t k, int worker) {
    kmeans_job *job = argument;
    double *sum = job->sums + (int64_t)worker * job->d, square = 0;
    float *centre = job->centres + k * job->d;
    if (job->start[k] < 0) {
        return;
    }
    memset(sum, 0, (size_t)job->d * sizeof *sum);
    for (int64_t at = job->start[k]; at < job->groups.end[job->start[k]]; at++) {
        const float *row = job->unit + (int64_t)job->groups.order[at] * job->d;
        for (int c = 0; c < job->d; c++) {
            sum[c] += (double)row[c];
        }
    }
    for (int c = 0; c < job->d; c++) {
        square += sum[c] * sum[c];
    }
    for (int c = 0; c < job->d && square > 0; c++) {
        centre[c] = (float)(sum[c] / sqrt(square));
    }
}

static tam_status move_centres(tam_ctx *ctx, kmeans_job *job) {
    TAM_TRY(tam_groups_make(ctx, job->n, job->cluster, &job->groups));
    for (int64_t k = 0; k < job->k; k++) {
        job->start[k] = -1;
    }
    for (int64_t at = 0; at < job->n; at = job->groups.end[at]) {
        job->start[job->cluster[job->groups.order[at]]] = (int32_t)at;
    }
    tam_team_run(ctx, job->k, move_centre, job);
    tam_groups_free(ctx, &job->groups);
    return TAM_OK;
}

static tam_status go_round(tam_ctx *ctx, int rounds, kmeans_job *job) {
    size_t bytes = (size_t)job->n * sizeof *job->cluster;
    for (int round = 0; round < rounds; round++) {
        TAM_TRY(tam_rows_pack(ctx, job->k, job->d, job->centres, NULL, &job->packed));
        tam_team_run(ctx, job->rows.tiles, assign_tile, job);
        tam_rows_free(ctx, &job->packed);
        if (round > 0 && memcmp(job->before, job->cluster, bytes) == 0) {
            break;
        }
        memcpy(job->before, job->cluster, bytes);
        TAM_TRY(move_centres(ctx, job));
    }
    return TAM_OK;
}

static bool take_memory(tam_ctx *ctx, kmeans_job *job) {
    size_t n = (size_t)job->n, d = (size_t)job->d, k = (size_t)job->k;
    job->unit = tam_allocate(ctx, n * d, sizeof *job->unit, "normalised rows");
    job->centres = tam_allocate(ctx, k * d, sizeof *job->centres, "centres");
    job->away = tam_allocate(ctx, n, sizeof *job->away, "distances to centres");
    job->sums = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx) * d, sizeof *job->sums, "centres");
    job->start = tam_allocate(ctx, k, sizeof *job->start, "clusters");
    job->before = tam_allocate(ctx, n, sizeof *job->before, "clusters");
    job->scratch = tam_rows_scratch(ctx);
    return job->unit != NULL && job->centres != NULL && job->away != NULL && job->sums != NULL && job->start != NULL &&
           job->before != NULL && job->scratch != NULL;
}

tam_status tam_cluster_kmeans(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t k, int rounds, uint64_t seed,
                              int32_t *cluster) {
    kmeans_job job = {.n = n, .k = k, .d = d, .cluster = cluster};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    if (k < 1 || k > n || n > INT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld clusters of %lld rows", (long long)k, (long long)n);
    }
    tam_status status = take_memory(ctx, &job) ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        normalise_rows(e, &job);
        status = tam_rows_pack(ctx, n, d, e, NULL, &job.rows);
    }
    if (status == TAM_OK) {
        begin(ctx, seed, &job);
        status = go_round(ctx, rounds > 0 ? rounds : DEFAULT_ROUNDS, &job);
    }
    tam_rows_free(ctx, &job.rows);
    tam_rows_free(ctx, &job.packed);
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, job.unit);
    tam_release(ctx, job.centres);
    tam_release(ctx, job.away);
    tam_release(ctx, job.sums);
    tam_release(ctx, job.start);
    tam_release(ctx, job.before);
    tam_release(ctx, job.scratch);
    return status;
}
