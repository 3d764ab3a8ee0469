#include "eval/score_counts.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/pair_list.h"
#include "eval/rows.h"

enum { BOTH = 2 * TAM_SCORE_BINS };

static int bin_of(double score) {
    int bin = (int)((score + 1) * (TAM_SCORE_BINS / 2.0));
    return bin < 0 ? 0 : bin < TAM_SCORE_BINS ? bin : TAM_SCORE_BINS - 1;
}

static tam_status take_bins(tam_ctx *ctx, int copies, int64_t **bins) {
    *bins = tam_allocate(ctx, (size_t)copies, BOTH * sizeof **bins, "counts of scores");
    if (*bins == NULL) {
        return TAM_RESOURCES;
    }
    memset(*bins, 0, (size_t)copies * BOTH * sizeof **bins);
    return TAM_OK;
}

static void split(int64_t *bins, tam_score_counts *counts) {
    counts->bins[0] = bins;
    counts->bins[1] = bins + TAM_SCORE_BINS;
}

void tam_score_counts_free(tam_ctx *ctx, tam_score_counts *counts) {
    tam_release(ctx, counts->bins[0]);
    *counts = (tam_score_counts){0};
}

tam_status tam_score_counts_listed(tam_ctx *ctx, int d, const float *e, int64_t pairs, const int64_t *a,
                                   const uint8_t *same, tam_score_counts *counts) {
    int64_t *bins;
    double *cosines = tam_allocate(ctx, (size_t)pairs, sizeof *cosines, "scores of pairs");
    tam_status status = cosines != NULL ? take_bins(ctx, 1, &bins) : TAM_RESOURCES;
    if (status == TAM_OK) {
        split(bins, counts);
        tam_pairs_cosines(ctx, d, e, pairs, a, cosines);
        for (int64_t i = 0; i < pairs; i++) {
            counts->bins[same[i] != 0][bin_of(cosines[i])]++;
        }
    }
    tam_release(ctx, cosines);
    return status;
}

/* Rows lie in the order of their labels, so row i's partners of its class to the right of it end at groups.end[i]. */
typedef struct all_pairs {
    tam_rows rows;
    tam_groups groups;
    float *scratch;
    int64_t *bins; /* [threads][2][TAM_SCORE_BINS] */
} all_pairs;

static void count_tile(const all_pairs *job, int64_t top, int64_t left, const float *scores, int64_t *bins) {
    int64_t n = job->rows.count;
    int64_t bottom = top + TAM_TILE < n ? top + TAM_TILE : n, right = left + TAM_TILE < n ? left + TAM_TILE : n;
    for (int64_t i = top; i < bottom; i++) {
        for (int64_t j = i + 1 > left ? i + 1 : left; j < right; j++) {
            int same = j < job->groups.end[i];
            bins[same * TAM_SCORE_BINS + bin_of((double)scores[(i - top) * TAM_TILE + j - left])]++;
        }
    }
}

static void count_row(void *argument, int64_t tile, int worker) {
    all_pairs *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    for (int64_t other = tile; other < job->rows.tiles; other++) {
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        count_tile(job, tile * TAM_TILE, other * TAM_TILE, scores, job->bins + (int64_t)worker * BOTH);
    }
}

tam_status tam_score_counts_all(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                tam_score_counts *counts) {
    all_pairs job = {.scratch = tam_rows_scratch(ctx)};
    int threads = tam_ctx_threads(ctx);
    tam_status status = job.scratch != NULL ? take_bins(ctx, threads, &job.bins) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_groups_make(ctx, n, labels, &job.groups);
    }
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, n, d, e, job.groups.order, &job.rows);
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.rows.tiles, count_row, &job);
        for (int64_t i = BOTH; i < (int64_t)threads * BOTH; i++) {
            job.bins[i % BOTH] += job.bins[i];
        }
        split(job.bins, counts);
        job.bins = NULL;
    }
    tam_rows_free(ctx, &job.rows);
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.bins);
    return status;
}
