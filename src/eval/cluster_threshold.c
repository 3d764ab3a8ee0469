/* Single linkage: what hangs together by cosines at or above a threshold. Each tile of rows finds its links; they are
 * joined one tile after another, so that the result does not depend on the threads, and neither does it anyway. */
#include <math.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/rows.h"
#include "tammes/clustering.h"

typedef struct link_job {
    tam_rows rows;
    float threshold;
    float *scratch;
    _Atomic uint32_t *parent; /* [n] a row nearer to the root, which is the lowest row of what hangs together */
} link_job;

/* The root, halving the path on the way. Other threads only ever lower parents, so a lost race costs a step. */
static uint32_t root_of(_Atomic uint32_t *parent, uint32_t i) {
    for (;;) {
        uint32_t up = atomic_load_explicit(&parent[i], memory_order_relaxed);
        uint32_t above = atomic_load_explicit(&parent[up], memory_order_relaxed);
        if (up == above) {
            return up;
        }
        atomic_compare_exchange_weak_explicit(&parent[i], &up, above, memory_order_relaxed, memory_order_relaxed);
        i = above;
    }
}

static void join(_Atomic uint32_t *parent, uint32_t a, uint32_t b) {
    for (;;) {
        a = root_of(parent, a);
        b = root_of(parent, b);
        if (a == b) {
            return;
        }
        uint32_t low = a < b ? a : b, high = a < b ? b : a, expected = high;
        if (atomic_compare_exchange_strong_explicit(&parent[high], &expected, low, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            return;
        }
    }
}

static void link_tile(void *argument, int64_t tile, int worker) {
    link_job *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t n = job->rows.count, top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < n ? top + TAM_TILE : n;
    for (int64_t other = tile; other < job->rows.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < n ? left + TAM_TILE : n;
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            for (int64_t j = i + 1 > left ? i + 1 : left; j < right; j++) {
                if (scores[(i - top) * TAM_TILE + j - left] >= job->threshold) {
                    join(job->parent, (uint32_t)i, (uint32_t)j);
                }
            }
        }
    }
}

/* Roots are the lowest rows, so every root is numbered before what hangs below it. */
static int64_t number_clusters(link_job *job, int32_t *cluster) {
    int64_t clusters = 0;
    for (int64_t i = 0; i < job->rows.count; i++) {
        uint32_t root = root_of(job->parent, (uint32_t)i);
        cluster[i] = root == (uint32_t)i ? (int32_t)clusters++ : cluster[root];
    }
    return clusters;
}

tam_status tam_cluster_threshold(tam_ctx *ctx, int64_t n, int d, const float *e, double threshold, int32_t *cluster,
                                 int64_t *clusters) {
    link_job job = {.threshold = (float)threshold};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    if (!(threshold >= -1 && threshold <= 2) || n > INT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "clusters of %lld rows at a cosine of %g: at most 2^31 rows, -1 to 2 (none)",
                        (long long)n, threshold);
    }
    tam_status status = tam_rows_pack(ctx, n, d, e, NULL, &job.rows);
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        job.parent = tam_allocate(ctx, (size_t)n, sizeof *job.parent, "clusters");
        status = job.scratch != NULL && job.parent != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        for (int64_t i = 0; i < n; i++) {
            job.parent[i] = (uint32_t)i;
        }
        tam_team_run(ctx, job.rows.tiles, link_tile, &job);
        *clusters = number_clusters(&job, cluster);
    }
    tam_rows_free(ctx, &job.rows);
    tam_release(ctx, job.scratch);
    tam_release(ctx, (void *)job.parent);
    return status;
}
