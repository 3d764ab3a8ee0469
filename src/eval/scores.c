/* One pass over the scores of pairs: counts in bins, and the worst pairs. */
#include "tammes/scores.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/histogram.h"
#include "eval/own_scores.h"
#include "eval/pair_list.h"
#include "eval/rows.h"
#include "eval/worst_pairs.h"

/* What one worker has seen of one kind of pairs. */
typedef struct seen {
    int64_t bins[TAM_SCORE_BINS];
    tam_worst worst;
} seen;

typedef enum kind { GENUINE, IMPOSTOR, KINDS } kind;

typedef struct pass {
    tam_rows rows;
    tam_groups groups;
    tam_own_scores sets; /* of two sets */
    float *scratch;
    seen (*seen)[KINDS]; /* [threads] */
} pass;

static tam_status take_seen(tam_ctx *ctx, int worst, pass *job) {
    size_t threads = (size_t)tam_ctx_threads(ctx);
    if (worst < 0 || worst > TAM_WORST_PAIRS) {
        return tam_fail(ctx, TAM_CONFIG, "%d worst pairs, but 0 to %d are possible", worst, TAM_WORST_PAIRS);
    }
    job->seen = tam_allocate(ctx, threads, sizeof *job->seen, "counts of scores");
    for (size_t t = 0; job->seen != NULL && t < threads; t++) {
        job->seen[t][GENUINE].worst.most = job->seen[t][IMPOSTOR].worst.most = worst;
    }
    return job->seen != NULL ? TAM_OK : TAM_RESOURCES;
}

static float badness_of(kind which, float score) {
    return which == GENUINE ? score : -score;
}

static int64_t within(int64_t place, int64_t left, int64_t right) {
    return place < left ? left : place < right ? place : right;
}

/* Scores of a row with n others. one_set: the lower of two rows is named first. */
static void look_at(seen *mine, kind which, bool one_set, uint32_t row, const uint32_t *others, int64_t n,
                    const float *scores) {
    if (n <= 0) {
        return;
    }
    tam_histogram_count(mine->bins, n, scores);
    for (int64_t k = 0; k < n; k++) {
        float badness = badness_of(which, scores[k]);
        if (tam_worst_may_take(&mine->worst, badness)) {
            bool turned = one_set && others[k] < row;
            int64_t a = turned ? others[k] : row, b = turned ? row : others[k];
            tam_worst_add(&mine->worst, (tam_bad_pair){badness, a, b, a});
        }
    }
}

static void look_at_tiles(void *argument, int64_t tile, int worker) {
    pass *job = argument;
    const tam_groups *groups = &job->groups;
    seen *mine = job->seen[worker];
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t n = job->rows.count, top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < n ? top + TAM_TILE : n;
    for (int64_t other = tile; other < job->rows.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < n ? left + TAM_TILE : n;
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            const float *row = scores + (i - top) * TAM_TILE;
            uint32_t a = groups->order[i];
            int64_t from = within(i + 1, left, right), middle = within(groups->end[i], from, right);
            look_at(&mine[GENUINE], GENUINE, true, a, groups->order + from, middle - from, row + (from - left));
            look_at(&mine[IMPOSTOR], IMPOSTOR, true, a, groups->order + middle, right - middle, row + (middle - left));
        }
    }
}

/* The probes of one row of tiles with the whole gallery, whose classes lie together. */
static void look_across(void *argument, int64_t tile, int worker) {
    pass *job = argument;
    const tam_own_scores *sets = &job->sets;
    const uint32_t *order = sets->gallery_groups.order;
    seen *mine = job->seen[worker];
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t m = sets->gallery.count, n = sets->queries.count, top = tile * TAM_TILE;
    for (int64_t other = 0; other < sets->gallery.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < m ? left + TAM_TILE : m;
        tam_rows_tile(&sets->queries, tile, &sets->gallery, other, scores);
        for (int64_t i = top; i < n && i < top + TAM_TILE; i++) {
            const float *row = scores + (i - top) * TAM_TILE;
            uint32_t probe = sets->query_groups.order[i];
            int64_t from = within(sets->from[i], left, right), to = within(sets->to[i], left, right);
            look_at(&mine[IMPOSTOR], IMPOSTOR, false, probe, order + left, from - left, row);
            look_at(&mine[GENUINE], GENUINE, false, probe, order + from, to - from, row + (from - left));
            look_at(&mine[IMPOSTOR], IMPOSTOR, false, probe, order + to, right - to, row + (to - left));
        }
    }
}

/* Adds up what the workers have seen. */
static void gather(tam_ctx *ctx, const pass *job, kind which, int64_t *bins, int *count, tam_worst_pair *pairs) {
    tam_worst all = {.most = job->seen[0][which].worst.most};
    for (int t = 0; t < tam_ctx_threads(ctx); t++) {
        const seen *one = &job->seen[t][which];
        for (int b = 0; b < TAM_SCORE_BINS; b++) {
            bins[b] += one->bins[b];
        }
        for (int k = 0; k < one->worst.count; k++) {
            tam_worst_add(&all, one->worst.pair[k]);
        }
    }
    *count = all.count;
    for (int k = 0; k < all.count; k++) {
        pairs[k] = (tam_worst_pair){all.pair[k].a, all.pair[k].b, badness_of(which, all.pair[k].badness)};
    }
}

static void gather_all(tam_ctx *ctx, const pass *job, tam_scores *result) {
    memset(result, 0, sizeof *result);
    gather(ctx, job, GENUINE, result->genuine, &result->genuine_count, result->worst_genuine);
    gather(ctx, job, IMPOSTOR, result->impostor, &result->impostor_count, result->worst_impostor);
}

tam_status tam_eval_scores(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels, int worst,
                           tam_scores *result) {
    pass job = {0};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    TAM_TRY(take_seen(ctx, worst, &job));
    tam_status status = tam_groups_make(ctx, n, labels, &job.groups);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, n, d, e, job.groups.order, &job.rows);
    }
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        status = job.scratch != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.rows.tiles, look_at_tiles, &job);
        gather_all(ctx, &job, result);
    }
    tam_rows_free(ctx, &job.rows);
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.seen);
    return status;
}

tam_status tam_eval_scores_across(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                  const int32_t *gallery_labels, int64_t probe_count, const float *probes,
                                  const int32_t *probe_labels, int worst, tam_scores *result) {
    pass job = {0};
    TAM_TRY(tam_rows_check(ctx, gallery_count, d, gallery, "gallery row"));
    TAM_TRY(tam_rows_check(ctx, probe_count, d, probes, "probe"));
    TAM_TRY(take_seen(ctx, worst, &job));
    tam_status status = tam_own_scores_make(ctx, d, gallery_count, gallery, gallery_labels, probe_count, probes,
                                            probe_labels, &job.sets);
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        status = job.scratch != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.sets.queries.tiles, look_across, &job);
        gather_all(ctx, &job, result);
    }
    tam_own_scores_free(ctx, &job.sets);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.seen);
    return status;
}

tam_status tam_eval_scores_of_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                                    const uint8_t *same, int worst, tam_scores *result) {
    pass job = {0};
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    TAM_TRY(take_seen(ctx, worst, &job));
    double *cosines = tam_allocate(ctx, (size_t)pairs, sizeof *cosines, "scores of pairs");
    tam_status status = cosines != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        tam_pairs_cosines(ctx, d, e, pairs, a, cosines);
    }
    for (int64_t i = 0; status == TAM_OK && i < pairs; i++) {
        kind which = same[i] ? GENUINE : IMPOSTOR;
        float score = (float)cosines[i];
        tam_histogram_count(job.seen[0][which].bins, 1, &score);
        tam_worst_add(&job.seen[0][which].worst, (tam_bad_pair){badness_of(which, score), a[2 * i], a[2 * i + 1], i});
    }
    if (status == TAM_OK) {
        gather_all(ctx, &job, result);
    }
    tam_release(ctx, cosines);
    tam_release(ctx, job.seen);
    return status;
}
