/* Verification: is it the same class or not, over all pairs and over listed pairs. */
#include <math.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/curve.h"
#include "eval/groups.h"
#include "eval/pair_list.h"
#include "eval/rows.h"

/* The genuine scores are the only memory that grows with pairs: 200 million take about 4 GB with their counts. */
enum { MOST_GENUINE = 200000000 };

/* Rows in the order of their labels: the genuine partners to the right of row i are i + 1 ... end[i] - 1, its impostors
 * end[i] ... n - 1. */
typedef struct all_pairs {
    tam_rows rows;
    tam_groups groups;
    int64_t *first; /* [n] place of row i's first genuine score */
    float *genuine; /* [pairs] */
    int64_t genuine_count;
    float *scratch;
    tam_moments *moments; /* [tiles] of the impostor scores of each row of tiles */
    tam_curve curve;
} all_pairs;

/* Tiles of one row of tiles hold the genuine scores as far as its rows' classes reach. */
static void collect_genuine(void *argument, int64_t tile, int worker) {
    all_pairs *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < job->rows.count ? top + TAM_TILE : job->rows.count;
    for (int64_t other = tile; other * TAM_TILE < job->groups.end[bottom - 1]; other++) {
        int64_t left = other * TAM_TILE;
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            int64_t from = i + 1 > left ? i + 1 : left;
            int64_t to = job->groups.end[i] < left + TAM_TILE ? job->groups.end[i] : left + TAM_TILE;
            for (int64_t j = from; j < to; j++) {
                job->genuine[job->first[i] + j - i - 1] = scores[(i - top) * TAM_TILE + j - left];
            }
        }
    }
}

static void count_scores(all_pairs *job, int worker, int64_t tile, int64_t count, const float *scores) {
    tam_curve_count(&job->curve, worker, count, scores);
    for (int64_t i = 0; i < count; i += TAM_TILE) {
        tam_moments_add(count - i < TAM_TILE ? count - i : TAM_TILE, scores + i, &job->moments[tile]);
    }
}

static void count_impostors(void *argument, int64_t tile, int worker) {
    all_pairs *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t n = job->rows.count, top = tile * TAM_TILE;
    int64_t bottom = top + TAM_TILE < n ? top + TAM_TILE : n;
    for (int64_t other = job->groups.end[top] / TAM_TILE; other < job->rows.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < n ? left + TAM_TILE : n;
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        if (job->groups.end[bottom - 1] <= left && right - left == TAM_TILE) { /* a whole tile of impostors */
            count_scores(job, worker, tile, (bottom - top) * TAM_TILE, scores);
            continue;
        }
        for (int64_t i = top; i < bottom; i++) {
            int64_t from = job->groups.end[i] > left ? job->groups.end[i] : left;
            if (from < right) {
                count_scores(job, worker, tile, right - from, scores + (i - top) * TAM_TILE + from - left);
            }
        }
    }
}

static tam_status place_genuine(tam_ctx *ctx, all_pairs *job) {
    for (int64_t i = 0; i < job->rows.count; i++) {
        job->first[i] = job->genuine_count;
        job->genuine_count += job->groups.end[i] - i - 1;
    }
    if (job->genuine_count > MOST_GENUINE) {
        return tam_fail(ctx, TAM_RESOURCES,
                        "%lld genuine pairs, more than the %d that are kept: evaluate fewer rows of each class",
                        (long long)job->genuine_count, MOST_GENUINE);
    }
    job->genuine = tam_allocate(ctx, (size_t)job->genuine_count, sizeof *job->genuine, "genuine scores");
    return job->genuine != NULL ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_eval_all_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels, int levels,
                              const double *far, tam_verification *result) {
    all_pairs job = {0};
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    job.first = tam_allocate(ctx, (size_t)n, sizeof *job.first, "places of scores");
    job.scratch = tam_rows_scratch(ctx);
    tam_status status = TAM_RESOURCES;
    if (job.first == NULL || job.scratch == NULL) {
        goto done;
    }
    status = tam_groups_make(ctx, n, labels, &job.groups);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, n, d, e, job.groups.order, &job.rows);
    }
    if (status == TAM_OK) {
        status = place_genuine(ctx, &job);
    }
    if (status != TAM_OK) {
        goto done;
    }
    int64_t all = n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n; /* n (n - 1) may not fit */
    int64_t impostors = all - job.genuine_count;
    if (job.genuine_count == 0 || impostors == 0) {
        tam_curve_empty(job.genuine_count, impostors, levels, far, result);
        goto done;
    }
    tam_team_run(ctx, job.rows.tiles, collect_genuine, &job);
    job.moments = tam_allocate(ctx, (size_t)job.rows.tiles, sizeof *job.moments, "sums of scores");
    status = job.moments != NULL ? tam_curve_create(ctx, job.genuine_count, job.genuine, &job.curve) : TAM_RESOURCES;
    if (status == TAM_OK) {
        tam_team_run(ctx, job.rows.tiles, count_impostors, &job);
        for (int64_t tile = 1; tile < job.rows.tiles; tile++) {
            job.moments[0].sum += job.moments[tile].sum;
            job.moments[0].squares += job.moments[tile].squares;
        }
        tam_curve_finish(&job.curve, &job.moments[0], levels, far, result);
    }
done:
    tam_curve_free(ctx, &job.curve);
    tam_rows_free(ctx, &job.rows);
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, job.genuine);
    tam_release(ctx, job.moments);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.first);
    return status;
}

tam_status tam_eval_pair_scores(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                                float *scores) {
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    tam_pairs_scores(ctx, d, e, pairs, a, scores);
    return TAM_OK;
}

static tam_status check_scores(tam_ctx *ctx, int64_t pairs, const float *scores) {
    if (pairs < 0) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be evaluated", (long long)pairs);
    }
    for (int64_t i = 0; i < pairs; i++) {
        if (!isfinite(scores[i])) {
            return tam_fail(ctx, TAM_INPUT, "pair %lld has a score that is no number", (long long)i);
        }
    }
    return TAM_OK;
}

/* The genuine scores at the front of `sorted`, the impostor scores behind them. */
static tam_status draw_curve(tam_ctx *ctx, int64_t genuine, int64_t impostor, float *sorted, int levels,
                             const double *far, tam_verification *result) {
    tam_curve curve = {0};
    tam_moments moments = {0};
    TAM_TRY(tam_curve_create(ctx, genuine, sorted, &curve));
    tam_curve_count(&curve, 0, impostor, sorted + genuine);
    for (int64_t i = 0; i < impostor; i += TAM_TILE) {
        tam_moments_add(impostor - i < TAM_TILE ? impostor - i : TAM_TILE, sorted + genuine + i, &moments);
    }
    tam_curve_finish(&curve, &moments, levels, far, result);
    tam_curve_free(ctx, &curve);
    return TAM_OK;
}

tam_status tam_eval_scored_pairs(tam_ctx *ctx, int64_t pairs, const float *scores, const uint8_t *same, int levels,
                                 const double *far, tam_verification *result) {
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(check_scores(ctx, pairs, scores));
    int64_t genuine = 0, impostor = 0;
    float *sorted = tam_allocate(ctx, (size_t)pairs, sizeof *sorted, "scores of pairs");
    if (sorted == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < pairs; i++) {
        if (same[i]) {
            sorted[genuine++] = scores[i];
        } else {
            sorted[pairs - ++impostor] = scores[i];
        }
    }
    tam_status status = TAM_OK;
    if (genuine == 0 || impostor == 0) {
        tam_curve_empty(genuine, impostor, levels, far, result);
    } else {
        status = draw_curve(ctx, genuine, impostor, sorted, levels, far, result);
    }
    tam_release(ctx, sorted);
    return status;
}

tam_status tam_eval_pairs(tam_ctx *ctx, int64_t n, int d, const float *e, int64_t pairs, const int64_t *a,
                          const uint8_t *same, int levels, const double *far, tam_verification *result) {
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(tam_pairs_check(ctx, n, d, e, pairs, a));
    float *scores = tam_allocate(ctx, (size_t)pairs, sizeof *scores, "scores of pairs");
    if (scores == NULL) {
        return TAM_RESOURCES;
    }
    tam_pairs_scores(ctx, d, e, pairs, a, scores);
    tam_status status = tam_eval_scored_pairs(ctx, pairs, scores, same, levels, far, result);
    tam_release(ctx, scores);
    return status;
}
