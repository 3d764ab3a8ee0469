/* Identification among distractors: the trials of a probe are its scores with its own class, sorted; distractors come
 * in tiles, in a random order, and at every level the trials learn how many came before them so far. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"
#include "eval/interval.h"
#include "eval/own_scores.h"
#include "tammes/openset.h"

static const int64_t ranks[TAM_DISTRACTOR_RANKS] = {1, 5, 10, 100};

/* Trials of one probe within each rank, at each level. */
typedef struct probe_hits {
    uint32_t within[TAM_DISTRACTOR_LEVELS][TAM_DISTRACTOR_RANKS];
} probe_hits;

typedef struct distractor_job {
    tam_own_scores set;
    tam_rows distractors;
    float *scratch;
    int levels;
    int64_t level[TAM_DISTRACTOR_LEVELS];
    probe_hits *hits; /* [probes] */
} distractor_job;

/* Distractors in columns [from, to) of a tile of scores. One that is as similar as a trial's row comes before it. */
static void count_columns(const tam_own_tile *t, int64_t from, int64_t to, const float *scores) {
    for (int r = 0; r < t->rows; r++) {
        if (t->count[r] == 0) {
            continue;
        }
        float least = t->own[r][t->count[r] - 1].score;
        for (int64_t j = from; j < to; j++) {
            float score = scores[r * TAM_TILE + j];
            if (score >= least) {
                int64_t low = 0, high = t->count[r];
                while (low < high) {
                    int64_t middle = low + (high - low) / 2;
                    low = score >= t->own[r][middle].score ? low : middle + 1;
                    high = score >= t->own[r][middle].score ? middle : high;
                }
                t->before[r][low]++;
            }
        }
    }
}

static void close_level(distractor_job *job, const tam_own_tile *t, int level) {
    for (int r = 0; r < t->rows; r++) {
        probe_hits *hits = &job->hits[t->top + r];
        int64_t before = 0;
        for (int64_t k = 0; k < t->count[r]; k++) {
            before += t->before[r][k];
            for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
                hits->within[level][rank] += before < ranks[rank];
            }
        }
    }
}

static void try_tile(void *argument, int64_t tile, int worker) {
    distractor_job *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    tam_own_tile t;
    int level = 0;
    tam_own_tile_begin(&job->set, tile, worker, scores, &t);
    for (int64_t other = 0; other < job->distractors.tiles; other++) {
        int64_t left = other * TAM_TILE, from = 0;
        tam_rows_tile(&job->set.queries, tile, &job->distractors, other, scores);
        for (; level < job->levels && job->level[level] <= left + TAM_TILE; level++) {
            count_columns(&t, from, job->level[level] - left, scores);
            close_level(job, &t, level);
            from = job->level[level] - left;
        }
        if (level < job->levels) {
            count_columns(&t, from, TAM_TILE, scores);
        }
    }
}

static void choose_levels(distractor_job *job, int64_t count) {
    for (int64_t level = 10; level <= 1000000 && level < count; level *= 10) {
        job->level[job->levels++] = level;
    }
    job->level[job->levels++] = count;
}

/* A random order of the distractors. */
static uint32_t *draw_order(tam_ctx *ctx, int64_t count, uint64_t seed) {
    uint32_t *order = tam_allocate(ctx, (size_t)count, sizeof *order, "an order of distractors");
    tam_random random = tam_random_at(seed, TAM_PURPOSE_DISTRACTORS, 0, 0);
    for (int64_t i = 0; order != NULL && i < count; i++) {
        uint32_t j = tam_random_below(&random, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    return order;
}

static void sum_up(const distractor_job *job, tam_distractors *result) {
    *result = (tam_distractors){.probes = job->set.queries.count, .levels = job->levels};
    for (int64_t i = 0; i < job->set.queries.count; i++) {
        result->trials += job->set.to[i] - job->set.from[i] - 1;
    }
    for (int level = 0; level < job->levels; level++) {
        tam_distractor_level *at = &result->at[level];
        int64_t hits[TAM_DISTRACTOR_RANKS] = {0};
        at->distractors = job->level[level];
        for (int64_t i = 0; i < job->set.queries.count; i++) {
            for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
                hits[rank] += job->hits[i].within[level][rank];
            }
        }
        for (int rank = 0; rank < TAM_DISTRACTOR_RANKS; rank++) {
            at->rank[rank] = result->trials > 0 ? (double)hits[rank] / (double)result->trials : NAN;
        }
        tam_clopper_pearson(hits[0], result->trials, &at->low, &at->high);
    }
}

tam_status tam_eval_distractors(tam_ctx *ctx, int d, int64_t n, const float *e, const int32_t *labels, int64_t count,
                                const float *x, uint64_t seed, tam_distractors *result) {
    distractor_job job = {0};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "probe"));
    TAM_TRY(tam_rows_check(ctx, count, d, x, "distractor"));
    if (count == 0) {
        return tam_fail(ctx, TAM_CONFIG, "there are no distractors");
    }
    choose_levels(&job, count);
    uint32_t *order = draw_order(ctx, count, seed);
    tam_status status =
        order == NULL ? TAM_RESOURCES : tam_own_scores_make(ctx, d, 0, NULL, NULL, n, e, labels, &job.set);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, count, d, x, order, &job.distractors);
    }
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        job.hits = tam_allocate(ctx, (size_t)n, sizeof *job.hits, "ranks of trials");
        status = job.scratch != NULL && job.hits != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.set.queries.tiles, try_tile, &job);
        sum_up(&job, result);
    }
    tam_own_scores_free(ctx, &job.set);
    tam_rows_free(ctx, &job.distractors);
    tam_release(ctx, order);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.hits);
    return status;
}
