/* Verification over all pairs of two sets. */
#include "base/memory.h"
#include "base/team.h"
#include "eval/curve.h"
#include "eval/own_scores.h"

enum { MOST_GENUINE = 200000000 };

typedef struct cross_job {
    tam_own_scores set;
    int64_t *first; /* [probes] place of a probe's first genuine score */
    int64_t genuine_count;
    float *genuine, *scratch;
    tam_moments *moments; /* [tiles] of the impostor scores of each row of tiles */
    tam_curve curve;
} cross_job;

static void collect_genuine(void *argument, int64_t tile, int worker) {
    cross_job *job = argument;
    const tam_own_scores *set = &job->set;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < set->queries.count ? top + TAM_TILE : set->queries.count;
    for (int64_t other = set->from[top] / TAM_TILE; other * TAM_TILE < set->to[bottom - 1]; other++) {
        int64_t left = other * TAM_TILE;
        tam_rows_tile(&set->queries, tile, &set->gallery, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            int64_t from = set->from[i] > left ? set->from[i] : left;
            int64_t to = set->to[i] < left + TAM_TILE ? set->to[i] : left + TAM_TILE;
            for (int64_t j = from; j < to; j++) {
                job->genuine[job->first[i] + j - set->from[i]] = scores[(i - top) * TAM_TILE + j - left];
            }
        }
    }
}

static void count_columns(cross_job *job, int64_t tile, int worker, int64_t count, const float *scores) {
    if (count > 0) {
        tam_curve_count(&job->curve, worker, count, scores);
        tam_moments_add(count, scores, &job->moments[tile]);
    }
}

static void count_impostors(void *argument, int64_t tile, int worker) {
    cross_job *job = argument;
    const tam_own_scores *set = &job->set;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t m = set->gallery.count, top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < set->queries.count ? top + TAM_TILE : set->queries.count;
    for (int64_t other = 0; other < set->gallery.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < m ? left + TAM_TILE : m;
        tam_rows_tile(&set->queries, tile, &set->gallery, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            const float *row = scores + (i - top) * TAM_TILE;
            int64_t before = set->from[i] < right ? set->from[i] : right;
            int64_t after = set->to[i] > left ? set->to[i] : left;
            count_columns(job, tile, worker, before - left, row);
            count_columns(job, tile, worker, right - after, row + (after - left));
        }
    }
}

static tam_status place_genuine(tam_ctx *ctx, cross_job *job) {
    job->first = tam_allocate(ctx, (size_t)job->set.queries.count, sizeof *job->first, "places of scores");
    if (job->first == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < job->set.queries.count; i++) {
        job->first[i] = job->genuine_count;
        job->genuine_count += job->set.to[i] - job->set.from[i];
    }
    if (job->genuine_count > MOST_GENUINE) {
        return tam_fail(ctx, TAM_RESOURCES,
                        "%lld genuine pairs, more than the %d that are kept: evaluate fewer rows of each class",
                        (long long)job->genuine_count, MOST_GENUINE);
    }
    job->scratch = tam_rows_scratch(ctx);
    job->moments = tam_allocate(ctx, (size_t)job->set.queries.tiles, sizeof *job->moments, "sums of scores");
    job->genuine = tam_allocate(ctx, (size_t)job->genuine_count, sizeof *job->genuine, "genuine scores");
    return job->scratch != NULL && job->moments != NULL && job->genuine != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status measure(tam_ctx *ctx, cross_job *job, int levels, const double *far, tam_verification *result) {
    int64_t impostors = job->set.queries.count * job->set.gallery.count - job->genuine_count; /* below 2^64 / 2 */
    tam_moments all = {0};
    if (job->genuine_count == 0 || impostors == 0) {
        tam_curve_empty(job->genuine_count, impostors, levels, far, result);
        return TAM_OK;
    }
    tam_team_run(ctx, job->set.queries.tiles, collect_genuine, job);
    TAM_TRY(tam_curve_create(ctx, job->genuine_count, job->genuine, &job->curve));
    tam_team_run(ctx, job->set.queries.tiles, count_impostors, job);
    for (int64_t tile = 0; tile < job->set.queries.tiles; tile++) {
        all.sum += job->moments[tile].sum;
        all.squares += job->moments[tile].squares;
    }
    tam_curve_finish(&job->curve, &all, levels, far, result);
    return TAM_OK;
}

tam_status tam_eval_cross_pairs(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                                const int32_t *gallery_labels, int64_t probe_count, const float *probes,
                                const int32_t *probe_labels, int levels, const double *far, tam_verification *result) {
    cross_job job = {0};
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(tam_rows_check(ctx, gallery_count, d, gallery, "gallery row"));
    TAM_TRY(tam_rows_check(ctx, probe_count, d, probes, "probe"));
    tam_status status = tam_own_scores_make(ctx, d, gallery_count, gallery, gallery_labels, probe_count, probes,
                                            probe_labels, &job.set);
    if (status == TAM_OK) {
        status = place_genuine(ctx, &job);
    }
    if (status == TAM_OK) {
        status = measure(ctx, &job, levels, far, result);
    }
    tam_curve_free(ctx, &job.curve);
    tam_own_scores_free(ctx, &job.set);
    tam_release(ctx, job.first);
    tam_release(ctx, job.genuine);
    tam_release(ctx, job.moments);
    tam_release(ctx, job.scratch);
    return status;
}
