/* Pooling of a template's images. */
#include "tammes/templates.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/rows.h"

typedef struct pool_job {
    int width, d;
    const float *x, *score;
    const tam_template_faces *which;
    const tam_template_variant *variant;
    double *sums; /* [threads, 2, d]: of a medium, of the template */
    float *out;
} pool_job;

/* Adds a face's embedding, as the variant wants it. */
static void add_face(const pool_job *job, int64_t face, double *sum) {
    const float *row = job->x + face * job->width;
    double square = 0, factor = job->variant->detector ? (double)job->score[face] : 1;
    int d = job->d, other = job->variant->add_halves ? d : -1;
    for (int k = 0; k < d && !job->variant->keep_norms; k++) {
        double value = (double)row[k] + (other > 0 ? (double)row[other + k] : 0);
        square += value * value;
    }
    factor *= square > 0 ? 1 / sqrt(square) : 1;
    for (int k = 0; k < d; k++) {
        sum[k] += factor * ((double)row[k] + (other > 0 ? (double)row[other + k] : 0));
    }
}

static void pool(void *argument, int64_t t, int worker) {
    pool_job *job = argument;
    const tam_template_faces *which = job->which;
    int d = job->d;
    double *medium = job->sums + (int64_t)worker * 2 * d, *whole = medium + d, square = 0;
    memset(whole, 0, (size_t)d * sizeof *whole);
    for (int64_t i = which->first[t], end; i < which->first[t + 1]; i = end) {
        int64_t media = which->media[which->face[i]];
        memset(medium, 0, (size_t)d * sizeof *medium);
        for (end = i; end < which->first[t + 1] && which->media[which->face[end]] == media; end++) {
            add_face(job, which->face[end], medium);
        }
        for (int k = 0; k < d; k++) {
            whole[k] += medium[k] / (double)(end - i);
        }
    }
    for (int k = 0; k < d; k++) {
        square += whole[k] * whole[k];
    }
    for (int k = 0; k < d; k++) {
        job->out[t * d + k] = (float)(square > 0 ? whole[k] / sqrt(square) : 0);
    }
}

tam_status tam_templates_pool(tam_ctx *ctx, int64_t faces, int width, int d, const float *x, const float *score,
                              const tam_template_faces *which, const tam_template_variant *variant, float *out) {
    pool_job job = {.width = width, .d = d, .x = x, .score = score, .which = which, .variant = variant, .out = out};
    TAM_TRY(tam_rows_check(ctx, faces, width, x, "face"));
    if (d < 1 || (width != d && width != 2 * d) || (variant->add_halves && width != 2 * d)) {
        return tam_fail(ctx, TAM_CONFIG, "rows of %d numbers cannot be templates of %d%s", width, d,
                        variant->add_halves ? " with the mirror image's added (F1)" : "");
    }
    for (int64_t i = 0; variant->detector && i < faces; i++) {
        if (!isfinite(score[i])) {
            return tam_fail(ctx, TAM_INPUT, "face %lld has a detector's score that is no number", (long long)i);
        }
    }
    job.sums = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), 2 * (size_t)d * sizeof *job.sums, "templates");
    if (job.sums == NULL) {
        return TAM_RESOURCES;
    }
    tam_team_run(ctx, which->templates, pool, &job);
    tam_release(ctx, job.sums);
    return TAM_OK;
}
