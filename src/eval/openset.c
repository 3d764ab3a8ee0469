/* Open-set identification: the best gallery row of each probe decides, and a threshold on its score. */
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/interval.h"
#include "eval/radix.h"
#include "eval/rows.h"
#include "tammes/openset.h"

static const double ordinary_levels[] = {1e-1, 1e-2, 1e-3};

typedef struct openset_job {
    tam_rows gallery, probes;
    float *scratch;
    float *best;   /* [probes] highest score */
    uint32_t *row; /* [probes] the gallery row that has it */
} openset_job;

static void find_best(void *argument, int64_t tile, int worker) {
    openset_job *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    int64_t top = tile * TAM_TILE;
    int64_t rows = job->probes.count - top < TAM_TILE ? job->probes.count - top : TAM_TILE;
    for (int64_t i = 0; i < rows; i++) {
        job->best[top + i] = -INFINITY;
    }
    for (int64_t other = 0; other < job->gallery.tiles; other++) {
        int64_t left = other * TAM_TILE;
        int64_t columns = job->gallery.count - left < TAM_TILE ? job->gallery.count - left : TAM_TILE;
        tam_rows_tile(&job->probes, tile, &job->gallery, other, scores);
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < columns; j++) {
                float score = scores[i * TAM_TILE + j];
                if (score > job->best[top + i]) {
                    job->best[top + i] = score;
                    job->row[top + i] = (uint32_t)(left + j);
                }
            }
        }
    }
}

/* Whether the gallery holds each probe's class, by a walk along both orders. */
static void find_mated(const tam_groups *gallery, const int32_t *gallery_labels, const tam_groups *probes,
                       const int32_t *probe_labels, uint8_t *mated) {
    int64_t at = 0;
    for (int64_t i = 0; i < probes->count; i++) {
        int32_t label = probe_labels[probes->order[i]];
        while (at < gallery->count && gallery_labels[gallery->order[at]] < label) {
            at = gallery->end[at];
        }
        mated[probes->order[i]] = at < gallery->count && gallery_labels[gallery->order[at]] == label;
    }
}

/* Scores of the probes that were found rightly (at the front of `keys`) and of the non-mated ones (behind them), each
 * sorted, rising. */
typedef struct decisions {
    uint32_t *keys;
    int64_t mated, right, nonmated;
} decisions;

static void decide(const openset_job *job, const int32_t *gallery_labels, const int32_t *probe_labels,
                   const uint8_t *mated, uint32_t *spare, decisions *found) {
    int64_t count = job->probes.count;
    for (int64_t i = 0; i < count; i++) {
        found->mated += mated[i];
        if (!mated[i]) {
            found->keys[count - ++found->nonmated] = tam_key_of_float(job->best[i]);
        } else if (gallery_labels[job->row[i]] == probe_labels[i]) {
            found->keys[found->right++] = tam_key_of_float(job->best[i]);
        }
    }
    tam_radix_sort(found->keys, spare, NULL, NULL, found->right);
    tam_radix_sort(found->keys + count - found->nonmated, spare, NULL, NULL, found->nonmated);
}

/* How many of the rising keys are above `key`. */
static int64_t count_above(const uint32_t *keys, int64_t count, uint32_t key) {
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (keys[middle] > key) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return count - low;
}

static tam_tpir_at_fpir at_level(const decisions *found, int64_t probes, double fpir) {
    tam_tpir_at_fpir at = {fpir, NAN, NAN, NAN, NAN, NAN, 0};
    if (found->mated == 0 || found->nonmated == 0) {
        return at;
    }
    const uint32_t *strangers = found->keys + probes - found->nonmated;
    int64_t exceeding = (int64_t)floor((double)found->nonmated * fpir) - 1;
    exceeding = exceeding > 0 ? exceeding : 0;
    uint32_t threshold = strangers[found->nonmated - 1 - exceeding];
    int64_t hits = count_above(found->keys, found->right, threshold);
    at.threshold = (double)tam_float_of_key(threshold);
    at.tpir = (double)hits / (double)found->mated;
    at.achieved_fpir = (double)count_above(strangers, found->nonmated, threshold) / (double)found->nonmated;
    at.sufficient = (double)found->nonmated * fpir >= 3;
    tam_clopper_pearson(hits, found->mated, &at.low, &at.high);
    return at;
}

static tam_status check_levels(tam_ctx *ctx, int *levels, const double **fpir) {
    if (*fpir == NULL) {
        *levels = (int)(sizeof ordinary_levels / sizeof *ordinary_levels);
        *fpir = ordinary_levels;
    }
    if (*levels < 0 || *levels > TAM_OPENSET_LEVELS) {
        return tam_fail(ctx, TAM_CONFIG, "%d rates of false identifications, but 0 to %d are possible", *levels,
                        TAM_OPENSET_LEVELS);
    }
    for (int i = 0; i < *levels; i++) {
        if (!((*fpir)[i] > 0 && (*fpir)[i] <= 1)) {
            return tam_fail(ctx, TAM_CONFIG, "a rate of false identifications of %g is outside (0, 1]", (*fpir)[i]);
        }
    }
    return TAM_OK;
}

static tam_status judge(tam_ctx *ctx, const openset_job *job, const int32_t *gallery_labels,
                        const int32_t *probe_labels, int levels, const double *fpir, tam_openset *result) {
    size_t probes = (size_t)job->probes.count;
    tam_groups gallery_groups = {0}, probe_groups = {0};
    uint8_t *mated = tam_allocate(ctx, probes, 1, "mated probes");
    uint32_t *keys = tam_allocate(ctx, probes, 2 * sizeof *keys, "scores of probes");
    decisions found = {.keys = keys};
    tam_status status = mated == NULL || keys == NULL ? TAM_RESOURCES : TAM_OK;
    if (status == TAM_OK) {
        status = tam_groups_make(ctx, job->gallery.count, gallery_labels, &gallery_groups);
    }
    if (status == TAM_OK) {
        status = tam_groups_make(ctx, job->probes.count, probe_labels, &probe_groups);
    }
    if (status == TAM_OK) {
        find_mated(&gallery_groups, gallery_labels, &probe_groups, probe_labels, mated);
        decide(job, gallery_labels, probe_labels, mated, keys + probes, &found);
        *result = (tam_openset){.gallery = job->gallery.count,
                                .mated = found.mated,
                                .nonmated = found.nonmated,
                                .rank1 = NAN,
                                .levels = levels};
        if (found.mated > 0) {
            result->rank1 = (double)found.right / (double)found.mated;
        }
        for (int i = 0; i < levels; i++) {
            result->at[i] = at_level(&found, job->probes.count, fpir[i]);
        }
    }
    tam_groups_free(ctx, &gallery_groups);
    tam_groups_free(ctx, &probe_groups);
    tam_release(ctx, mated);
    tam_release(ctx, keys);
    return status;
}

tam_status tam_eval_openset(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                            const int32_t *gallery_labels, int64_t probe_count, const float *probes,
                            const int32_t *probe_labels, int levels, const double *fpir, tam_openset *result) {
    openset_job job = {0};
    TAM_TRY(check_levels(ctx, &levels, &fpir));
    TAM_TRY(tam_rows_check(ctx, gallery_count, d, gallery, "gallery row"));
    TAM_TRY(tam_rows_check(ctx, probe_count, d, probes, "probe"));
    tam_status status = tam_rows_pack(ctx, gallery_count, d, gallery, NULL, &job.gallery);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, probe_count, d, probes, NULL, &job.probes);
    }
    if (status == TAM_OK) {
        job.scratch = tam_rows_scratch(ctx);
        job.best = tam_allocate(ctx, (size_t)probe_count, sizeof *job.best, "best scores");
        job.row = tam_allocate(ctx, (size_t)probe_count, sizeof *job.row, "best rows");
        status = job.scratch != NULL && job.best != NULL && job.row != NULL ? TAM_OK : TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        tam_team_run(ctx, job.probes.tiles, find_best, &job);
        status = judge(ctx, &job, gallery_labels, probe_labels, levels, fpir, result);
    }
    tam_rows_free(ctx, &job.gallery);
    tam_rows_free(ctx, &job.probes);
    tam_release(ctx, job.scratch);
    tam_release(ctx, job.best);
    tam_release(ctx, job.row);
    return status;
}
