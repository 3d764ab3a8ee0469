/* Identification: which class is it. One pass over tiles; each probe keeps its ten most similar gallery rows. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/rows.h"
#include "tammes/eval.h"

enum { NEAREST = 10 };

typedef struct nearest_rows {
    int count;
    float score[NEAREST]; /* falling; of equal scores the lower row first */
    int64_t row[NEAREST];
} nearest_rows;

typedef struct identify_job {
    const tam_rows *gallery, *probes;
    const int32_t *gallery_labels, *probe_labels;
    bool itself;             /* probes are the gallery: a row does not find itself */
    const uint8_t *included; /* [probes], NULL: all */
    float *scratch;
    nearest_rows *nearest; /* [threads, TAM_TILE] */
    uint8_t *rank;         /* [probes] of the first row of the own class, from 1; 0: not among the nearest */
    float *best;           /* [probes] cosine to the nearest row */
} identify_job;

static void offer(nearest_rows *nearest, float score, int64_t row) {
    int at = nearest->count < NEAREST ? nearest->count++ : NEAREST - 1;
    for (; at > 0 && score > nearest->score[at - 1]; at--) {
        nearest->score[at] = nearest->score[at - 1];
        nearest->row[at] = nearest->row[at - 1];
    }
    nearest->score[at] = score;
    nearest->row[at] = row;
}

static void offer_tile(const identify_job *job, int64_t top, int64_t left, const float *scores, nearest_rows *nearest) {
    int64_t rows = job->probes->count - top < TAM_TILE ? job->probes->count - top : TAM_TILE;
    int64_t columns = job->gallery->count - left < TAM_TILE ? job->gallery->count - left : TAM_TILE;
    for (int64_t i = 0; i < rows; i++) {
        nearest_rows *own = &nearest[i];
        for (int64_t j = 0; j < columns; j++) {
            float score = scores[i * TAM_TILE + j];
            bool near = own->count < NEAREST || score > own->score[NEAREST - 1];
            if (near && !(job->itself && top + i == left + j)) {
                offer(own, score, left + j);
            }
        }
    }
}

static void identify_tile(void *argument, int64_t tile, int worker) {
    identify_job *job = argument;
    float *scores = job->scratch + (int64_t)worker * TAM_TILE * TAM_TILE;
    nearest_rows *nearest = job->nearest + (int64_t)worker * TAM_TILE;
    for (int i = 0; i < TAM_TILE; i++) {
        nearest[i].count = 0;
    }
    for (int64_t other = 0; other < job->gallery->tiles; other++) {
        tam_rows_tile(job->probes, tile, job->gallery, other, scores);
        offer_tile(job, tile * TAM_TILE, other * TAM_TILE, scores, nearest);
    }
    for (int64_t i = 0; i < TAM_TILE && tile * TAM_TILE + i < job->probes->count; i++) {
        int64_t probe = tile * TAM_TILE + i;
        job->rank[probe] = 0;
        job->best[probe] = nearest[i].count > 0 ? nearest[i].score[0] : 0;
        for (int k = nearest[i].count - 1; k >= 0; k--) {
            if (job->gallery_labels[nearest[i].row[k]] == job->probe_labels[probe]) {
                job->rank[probe] = (uint8_t)(k + 1);
            }
        }
    }
}

static tam_status run_job(tam_ctx *ctx, identify_job *job, tam_identification *result) {
    tam_status status = TAM_RESOURCES;
    int64_t probes = job->probes->count, counted = 0, hits[NEAREST + 1] = {0};
    double best = 0;
    job->scratch = tam_rows_scratch(ctx);
    job->nearest = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), TAM_TILE * sizeof *job->nearest, "nearest rows");
    job->rank = tam_allocate(ctx, (size_t)probes, sizeof *job->rank, "ranks");
    job->best = tam_allocate(ctx, (size_t)probes, sizeof *job->best, "best scores");
    if (job->scratch == NULL || job->nearest == NULL || job->rank == NULL || job->best == NULL) {
        goto done;
    }
    status = TAM_OK;
    tam_team_run(ctx, job->probes->tiles, identify_tile, job);
    for (int64_t i = 0; i < probes; i++) {
        if (job->included == NULL || job->included[i]) {
            counted++;
            hits[job->rank[i]]++;
            best += (double)job->best[i];
        }
    }
    *result = (tam_identification){counted, job->gallery->count, NAN, NAN, NAN, NAN};
    if (counted > 0 && job->gallery->count > 0) {
        int64_t within[NEAREST + 1] = {0};
        for (int k = 1; k <= NEAREST; k++) {
            within[k] = within[k - 1] + hits[k];
        }
        result->rank1 = (double)within[1] / (double)counted;
        result->rank5 = (double)within[5] / (double)counted;
        result->rank10 = (double)within[10] / (double)counted;
        result->nearest_mean = best / (double)counted;
    }
done:
    tam_release(ctx, job->scratch);
    tam_release(ctx, job->nearest);
    tam_release(ctx, job->rank);
    tam_release(ctx, job->best);
    return status;
}

tam_status tam_eval_identify(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                             const int32_t *gallery_labels, int64_t probe_count, const float *probes,
                             const int32_t *probe_labels, tam_identification *result) {
    tam_rows gallery_rows = {0}, probe_rows = {0};
    identify_job job = {.gallery = &gallery_rows,
                        .probes = &probe_rows,
                        .gallery_labels = gallery_labels,
                        .probe_labels = probe_labels};
    TAM_TRY(tam_rows_check(ctx, gallery_count, d, gallery, "gallery row"));
    TAM_TRY(tam_rows_check(ctx, probe_count, d, probes, "probe"));
    tam_status status = tam_rows_pack(ctx, gallery_count, d, gallery, NULL, &gallery_rows);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, probe_count, d, probes, NULL, &probe_rows);
    }
    if (status == TAM_OK) {
        status = run_job(ctx, &job, result);
    }
    tam_rows_free(ctx, &gallery_rows);
    tam_rows_free(ctx, &probe_rows);
    return status;
}

tam_status tam_eval_leave_one_out(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                                  tam_identification *result) {
    tam_rows rows = {0};
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    tam_groups groups = {0};
    uint8_t *included = tam_allocate(ctx, (size_t)n, 1, "rows with a partner");
    tam_status status = included == NULL ? TAM_RESOURCES : tam_groups_make(ctx, n, labels, &groups);
    if (status == TAM_OK) {
        status = tam_rows_pack(ctx, n, d, e, NULL, &rows);
    }
    if (status == TAM_OK) {
        for (int64_t i = 0; i < n; i++) {
            bool first = i == 0 || groups.end[i - 1] == (uint32_t)i;
            included[groups.order[i]] = !(first && groups.end[i] == (uint32_t)i + 1);
        }
        identify_job job = {.gallery = &rows,
                            .probes = &rows,
                            .gallery_labels = labels,
                            .probe_labels = labels,
                            .itself = true,
                            .included = included};
        status = run_job(ctx, &job, result);
    }
    tam_rows_free(ctx, &rows);
    tam_groups_free(ctx, &groups);
    tam_release(ctx, included);
    return status;
}
