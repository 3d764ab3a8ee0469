/* Gathers what the bootstrap resamples: the genuine scores with their subjects, and the highest impostor scores. How
 * high they must be is found from a histogram of all of them. */
#include "tammes/bootstrap.h"

#include "base/memory.h"
#include "base/team.h"
#include "eval/curve.h"
#include "eval/groups.h"
#include "eval/pair_list.h"
#include "eval/resample.h"
#include "eval/rows.h"

enum { MOST_KEPT = 4000000, MOST_GENUINE = 20000000, SLICES = 1 << 16 };

typedef struct gather_job {
    tam_rows rows;
    tam_groups groups;
    uint32_t *subject; /* [n] of the rows in the order of labels */
    float *scratch;
    uint64_t *slices; /* [threads, SLICES] impostor scores by height */
    int least;        /* impostor scores of this slice and above are kept */
    tam_subject_scores *genuine, *impostor;
} gather_job;

static int slice_of(float score) {
    float place = (score + 1) * (SLICES / 2);
    return place < 0 ? 0 : place > SLICES - 1 ? SLICES - 1 : (int)place;
}

/* Calls of one row of a tile: the impostors are its columns from `from` on. */
typedef void (*visit_row)(gather_job *job, int worker, int64_t i, int64_t from, int64_t left, int64_t right,
                          const float *row);

static void visit_tile(gather_job *job, int64_t tile, int worker, visit_row visit) {
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t n = job->rows.count, top = tile * TAM_TILE, bottom = top + TAM_TILE < n ? top + TAM_TILE : n;
    for (int64_t other = tile; other < job->rows.tiles; other++) {
        int64_t left = other * TAM_TILE, right = left + TAM_TILE < n ? left + TAM_TILE : n;
        tam_rows_tile(&job->rows, tile, &job->rows, other, scores);
        for (int64_t i = top; i < bottom; i++) {
            int64_t end = job->groups.end[i];
            visit(job, worker, i, end > left ? end : left, left, right, scores + (i - top) * TAM_TILE);
        }
    }
}

static void measure_row(gather_job *job, int worker, int64_t i, int64_t from, int64_t left, int64_t right,
                        const float *row) {
    uint64_t *slices = job->slices + (int64_t)worker * SLICES;
    (void)i;
    for (int64_t j = from; j < right; j++) {
        slices[slice_of(row[j - left])]++;
    }
}

static void measure_tile(void *job, int64_t tile, int worker) {
    visit_tile(job, tile, worker, measure_row);
}

/* Their order does not matter: they are sorted. */
static void keep(const gather_job *job, tam_subject_scores *scores, int64_t i, int64_t j, float score) {
    int64_t at = __atomic_fetch_add(&scores->count, 1, __ATOMIC_RELAXED);
    scores->items[at] = (tam_subject_score){score, job->subject[i], job->subject[j]};
}

static void keep_row(gather_job *job, int worker, int64_t i, int64_t from, int64_t left, int64_t right,
                     const float *row) {
    (void)worker;
    for (int64_t j = i + 1 > left ? i + 1 : left; j < from && j < right; j++) {
        keep(job, job->genuine, i, j, row[j - left]);
    }
    for (int64_t j = from; j < right; j++) {
        if (slice_of(row[j - left]) >= job->least) {
            keep(job, job->impostor, i, j, row[j - left]);
        }
    }
}

static void keep_tile(void *job, int64_t tile, int worker) {
    visit_tile(job, tile, worker, keep_row);
}

/* The lowest slice such that it and those above hold at most `most` scores; *count receives how many. */
static tam_status choose_least(tam_ctx *ctx, gather_job *job, int64_t most, int64_t *count) {
    int threads = tam_ctx_threads(ctx);
    job->slices = tam_allocate(ctx, (size_t)threads * SLICES, sizeof *job->slices, "heights of scores");
    if (job->slices == NULL) {
        return TAM_RESOURCES;
    }
    tam_team_run(ctx, job->rows.tiles, measure_tile, job);
    int slice = SLICES;
    *count = 0;
    while (slice > 0) {
        int64_t here = 0;
        for (int t = 0; t < threads; t++) {
            here += (int64_t)job->slices[(int64_t)t * SLICES + slice - 1];
        }
        if (*count + here > most) {
            break;
        }
        *count += here;
        slice--;
    }
    job->least = slice;
    return TAM_OK;
}

static tam_status take_scores(tam_ctx *ctx, int64_t room, tam_subject_scores *scores) {
    scores->items = tam_allocate(ctx, (size_t)room, sizeof *scores->items, "scores of subjects");
    return scores->items != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status gather(tam_ctx *ctx, gather_job *job, int64_t genuine, int64_t impostors, int64_t most,
                         tam_resample_input *input) {
    int64_t kept = impostors;
    input->all_impostors = impostors <= most;
    job->least = 0;
    if (!input->all_impostors) {
        TAM_TRY(choose_least(ctx, job, most, &kept));
    }
    TAM_TRY(take_scores(ctx, genuine, &input->genuine));
    TAM_TRY(take_scores(ctx, kept, &input->impostor));
    job->genuine = &input->genuine;
    job->impostor = &input->impostor;
    tam_team_run(ctx, job->rows.tiles, keep_tile, job);
    return TAM_OK;
}

/* Numbers the subjects, counts their rows and the genuine pairs. */
static int64_t number_subjects(gather_job *job, int64_t *rows, int64_t *genuine) {
    int64_t subjects = 0;
    *genuine = 0;
    for (int64_t at = 0; at < job->groups.count; at = job->groups.end[at]) {
        int64_t size = job->groups.end[at] - at;
        for (int64_t i = 0; i < size; i++) {
            job->subject[at + i] = (uint32_t)subjects;
        }
        rows[subjects++] = size;
        *genuine += size * (size - 1) / 2;
    }
    return subjects;
}

static const tam_bootstrap_config usual = {0};

tam_status tam_eval_bootstrap(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels, int levels,
                              const double *far, const tam_bootstrap_config *config, tam_bootstrap *result) {
    gather_job job = {0};
    tam_resample_input input = {0};
    int64_t genuine = 0;
    config = config != NULL ? config : &usual;
    TAM_TRY(tam_curve_levels(ctx, &levels, &far));
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    int64_t *rows = tam_allocate(ctx, (size_t)n, sizeof *rows, "rows of subjects");
    job.subject = tam_allocate(ctx, (size_t)n, sizeof *job.subject, "subjects");
    job.scratch = tam_rows_scratch(ctx);
    tam_status status = rows == NULL || job.subject == NULL || job.scratch == NULL ? TAM_RESOURCES : TAM_OK;
    if (status == TAM_OK) {
        status = tam_groups_make(ctx, n, labels, &job.groups);
    }
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, n, d, e, job.groups.order, &job.rows);
    }
    if (status == TAM_OK) {
        input.subjects = number_subjects(&job, rows, &genuine);
        input.rows = rows;
        int64_t all = n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
        if (genuine == 0 || all == genuine) {
            tam_resample_nothing(input.subjects, levels, far, result);
        } else if (genuine > MOST_GENUINE) {
            status = tam_fail(ctx, TAM_RESOURCES, "%lld genuine pairs, more than the %d that can be resampled",
                              (long long)genuine, MOST_GENUINE);
        } else {
            int64_t most = config->most_kept > 0 ? config->most_kept : MOST_KEPT;
            status = gather(ctx, &job, genuine, all - genuine, most, &input);
            if (status == TAM_OK) {
                status = tam_resample(ctx, &input, levels, far, config, result);
            }
        }
    }
    tam_rows_free(ctx, &job.rows);
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, rows);
    tam_release(ctx, job.subject);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.slices);
    tam_release(ctx, input.genuine.items);
    tam_release(ctx, input.impostor.items);
    return status;
}
