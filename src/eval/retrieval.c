/* Retrieval without a sorted list of answers: what counts is the rank of each row of the query's own class, which is 1
 * + how many rows come before it. So a query keeps the scores of its class, sorted, and of all other rows only between
 * which two of these they fall. */
#include "tammes/retrieval.h"

#include <math.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/own_scores.h"

static const int levels[TAM_RECALL_LEVELS] = {1, 2, 4, 8, 10, 100, 1000};

const int *tam_recall_levels(void) {
    return levels;
}

/* What one query is told; sums over queries are made in their order, whatever the threads did. */
typedef struct query_result {
    uint32_t first_rank; /* of the best row of the class; 0: there is none */
    double r_precision, average;
} query_result;

typedef struct retrieval_job {
    tam_own_scores set;
    float *scratch;
    query_result *results;
} retrieval_job;

static void count_others(const tam_own_scores *set, const tam_own_tile *t, int64_t left, const float *scores) {
    int64_t columns = set->gallery.count - left < TAM_TILE ? set->gallery.count - left : TAM_TILE;
    for (int r = 0; r < t->rows; r++) {
        int64_t count = t->count[r], from = set->from[t->top + r] - left, to = set->to[t->top + r] - left;
        if (count == 0) {
            continue;
        }
        float least = t->own[r][count - 1].score; /* what is below it comes after all and does not count */
        for (int64_t j = 0; j < columns; j++) {
            float score = scores[r * TAM_TILE + j];
            if (score >= least && (j < from || j >= to)) {
                tam_answer other = {score, set->gallery_groups.order[left + j]};
                t->before[r][tam_own_place(t, r, other)]++;
            }
        }
    }
}

static query_result judge(const uint32_t *before, int64_t count) {
    query_result result = {0};
    int64_t others = 0, within = 0;
    for (int64_t k = 0; k < count; k++) {
        others += before[k];
        int64_t rank = k + 1 + others;
        if (k == 0) {
            result.first_rank = (uint32_t)rank;
        }
        if (rank <= count) {
            within++;
            result.average += (double)(k + 1) / (double)rank;
        }
    }
    if (count > 0) {
        result.r_precision = (double)within / (double)count;
        result.average /= (double)count;
    }
    return result;
}

static void ask_tile(void *argument, int64_t tile, int worker) {
    retrieval_job *job = argument;
    const tam_own_scores *set = &job->set;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    tam_own_tile t;
    tam_own_tile_begin(set, tile, worker, scores, &t);
    for (int64_t other = 0; other < set->gallery.tiles; other++) {
        tam_rows_tile(&set->queries, tile, &set->gallery, other, scores);
        count_others(set, &t, other * TAM_TILE, scores);
    }
    for (int r = 0; r < t.rows; r++) {
        job->results[set->query_groups.order[t.top + r]] = judge(t.before[r], t.count[r]);
    }
}

static void sum_up(const retrieval_job *job, tam_retrieval *result) {
    int64_t hits[TAM_RECALL_LEVELS] = {0};
    *result = (tam_retrieval){0};
    for (int64_t i = 0; i < job->set.queries.count; i++) {
        const query_result *one = &job->results[i];
        if (one->first_rank == 0) {
            result->left_out++;
            continue;
        }
        result->queries++;
        result->r_precision += one->r_precision;
        result->map_at_r += one->average;
        for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
            hits[k] += one->first_rank <= (uint32_t)levels[k];
        }
    }
    double count = result->queries > 0 ? (double)result->queries : NAN;
    result->r_precision /= count;
    result->map_at_r /= count;
    for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
        result->recall[k] = (double)hits[k] / count;
    }
}

/* gallery NULL: the queries ask each other. */
static tam_status run(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery, const int32_t *gallery_labels,
                      int64_t query_count, const float *queries, const int32_t *query_labels, tam_retrieval *result) {
    retrieval_job job = {0};
    tam_status status = tam_own_scores_make(ctx, d, gallery_count, gallery, gallery_labels, query_count, queries,
                                            query_labels, &job.set);
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        job.results = tam_allocate(ctx, (size_t)query_count, sizeof *job.results, "results of queries");
        status = job.scratch != NULL && job.results != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.set.queries.tiles, ask_tile, &job);
        sum_up(&job, result);
    }
    tam_own_scores_free(ctx, &job.set);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.results);
    return status;
}

tam_status tam_eval_retrieval(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                              const int32_t *gallery_labels, int64_t query_count, const float *queries,
                              const int32_t *query_labels, tam_retrieval *result) {
    TAM_TRY(tam_rows_check(ctx, gallery_count, d, gallery, "gallery row"));
    TAM_TRY(tam_rows_check(ctx, query_count, d, queries, "query"));
    return run(ctx, d, gallery_count, gallery, gallery_labels, query_count, queries, query_labels, result);
}

tam_status tam_eval_retrieval_within(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                     tam_retrieval *result) {
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    return run(ctx, d, 0, NULL, NULL, n, e, labels, result);
}
