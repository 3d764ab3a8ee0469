#include "check/centres.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "eval/rows.h"

static const double degrees = 180 / M_PI;

tam_status tam_centres_take(tam_ctx *ctx, int32_t classes, int d, tam_centres *centres) {
    size_t all = (size_t)classes;
    *centres = (tam_centres){.classes = classes, .d = d};
    centres->centre = tam_allocate(ctx, all, (size_t)d * sizeof *centres->centre, "centres of classes");
    centres->count = tam_allocate(ctx, all, sizeof *centres->count, "centres of classes");
    centres->gain = tam_allocate(ctx, all, sizeof *centres->gain, "centres of classes");
    centres->spread = tam_allocate(ctx, all, sizeof *centres->spread, "centres of classes");
    if (centres->centre == NULL || centres->count == NULL || centres->gain == NULL || centres->spread == NULL) {
        tam_centres_free(ctx, centres);
        return TAM_RESOURCES;
    }
    return TAM_OK;
}

void tam_centres_free(tam_ctx *ctx, tam_centres *centres) {
    tam_release(ctx, centres->centre);
    tam_release(ctx, centres->count);
    tam_release(ctx, centres->gain);
    tam_release(ctx, centres->spread);
    *centres = (tam_centres){0};
}

static double square_of(int d, const float *x) {
    double sum = 0;
    for (int k = 0; k < d; k++) {
        sum += (double)x[k] * (double)x[k];
    }
    return sum;
}

void tam_centres_add(tam_centres *centres, int64_t n, const float *x, const int32_t *labels) {
    for (int64_t i = 0; i < n; i++) {
        const float *row = x + i * centres->d;
        double square = square_of(centres->d, row);
        if (labels[i] < 0 || square == 0) {
            continue;
        }
        float *sum = centres->centre + (int64_t)labels[i] * centres->d;
        for (int k = 0; k < centres->d; k++) {
            sum[k] += (float)((double)row[k] / sqrt(square));
        }
        centres->count[labels[i]]++;
    }
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Of the classes with two rows and more; 45 degrees where there are none. */
static tam_status find_median(tam_ctx *ctx, tam_centres *centres) {
    float *known = tam_allocate(ctx, (size_t)centres->classes, sizeof *known, "spreads of classes");
    if (known == NULL) {
        return TAM_RESOURCES;
    }
    size_t count = 0;
    for (int32_t c = 0; c < centres->classes; c++) {
        if (centres->count[c] >= 2) {
            known[count++] = centres->spread[c];
        }
    }
    if (count > 0) {
        qsort(known, count, sizeof *known, by_value);
    }
    centres->median_spread = count > 0 ? known[count / 2] : 45;
    tam_release(ctx, known);
    return TAM_OK;
}

tam_status tam_centres_finish(tam_ctx *ctx, tam_centres *centres) {
    const int d = centres->d;
    for (int32_t c = 0; c < centres->classes; c++) {
        float *sum = centres->centre + (int64_t)c * d;
        double square = square_of(d, sum), n = centres->count[c], length = sqrt(square);
        if (!isfinite(square)) {
            return tam_fail(ctx, TAM_INPUT, "the model makes embeddings that are NaN or infinite");
        }
        double estimate = n >= 2 ? (square - n) / (n * (n - 1)) : 0;
        estimate = estimate < 0 ? 0 : estimate > 1 ? 1 : estimate;
        centres->spread[c] = (float)(acos(sqrt(estimate)) * degrees);
        centres->gain[c] = n > 0 ? (float)(length / n) : 0;
        for (int k = 0; k < d && length > 0; k++) {
            sum[k] = (float)((double)sum[k] / length);
        }
    }
    TAM_TRY(find_median(ctx, centres));
    for (int32_t c = 0; c < centres->classes; c++) {
        centres->spread[c] = centres->count[c] < 2 ? centres->median_spread : centres->spread[c];
        float spread = fminf(centres->spread[c], centres->median_spread);
        centres->gain[c] = (float)((double)centres->gain[c] / cos((double)spread / degrees));
    }
    return TAM_OK;
}

typedef struct alike_job {
    tam_ctx *ctx;
    const tam_centres *centres;
    tam_rows rows;
    float *scratch;
    double limit, least;  /* degrees, and the cosine of that */
    pthread_mutex_t lock; /* guards the rest */
    tam_check_classes *pairs;
    int64_t count;
} alike_job;

/* A row of tiles from the diagonal on. */
static void compare_tiles(void *argument, int64_t task, int worker) {
    alike_job *job = argument;
    const tam_centres *centres = job->centres;
    float *scores = job->scratch + (size_t)worker * TAM_TILE * TAM_TILE;
    for (int64_t tile = task; tile < job->rows.tiles; tile++) {
        tam_rows_tile(&job->rows, task, &job->rows, tile, scores);
        for (int64_t at = 0; at < (int64_t)TAM_TILE * TAM_TILE; at++) {
            int64_t a = task * TAM_TILE + at / TAM_TILE, b = tile * TAM_TILE + at % TAM_TILE;
            if (a >= b || b >= centres->classes) {
                continue;
            }
            double cosine = (double)scores[at] * (double)centres->gain[a] * (double)centres->gain[b];
            if (cosine < job->least || centres->count[a] == 0 || centres->count[b] == 0) {
                continue;
            }
            pthread_mutex_lock(&job->lock);
            if (job->count < TAM_CENTRES_MOST_PAIRS) {
                job->pairs[job->count++] = (tam_check_classes){
                    (int32_t)a, (int32_t)b, (float)(acos(cosine > 1 ? 1 : cosine) * degrees), (float)job->limit};
            }
            pthread_mutex_unlock(&job->lock);
        }
    }
}

static int by_angle(const void *x, const void *y) {
    const tam_check_classes *p = x, *q = y;
    if (p->angle != q->angle) {
        return p->angle < q->angle ? -1 : 1;
    }
    return p->a != q->a ? (p->a > q->a) - (p->a < q->a) : (p->b > q->b) - (p->b < q->b);
}

tam_status tam_centres_alike(tam_ctx *ctx, const tam_centres *centres, double limit, tam_check_classes **pairs,
                             int64_t *count) {
    alike_job job = {.ctx = ctx, .centres = centres, .limit = limit, .least = cos(limit / degrees)};
    *pairs = NULL;
    *count = 0;
    if (pthread_mutex_init(&job.lock, NULL) != 0) {
        return tam_fail(ctx, TAM_RESOURCES, "cannot make a lock");
    }
    tam_status status = tam_rows_pack(ctx, centres->classes, centres->d, centres->centre, NULL, &job.rows);
    job.scratch = status == TAM_OK ? tam_rows_scratch(ctx) : NULL;
    job.pairs = tam_allocate(ctx, TAM_CENTRES_MOST_PAIRS, sizeof *job.pairs, "pairs of classes");
    if (job.scratch != NULL && job.pairs != NULL) {
        tam_team_run(ctx, job.rows.tiles, compare_tiles, &job);
        qsort(job.pairs, (size_t)job.count, sizeof *job.pairs, by_angle);
        *pairs = job.pairs;
        *count = job.count;
    } else {
        tam_release(ctx, job.pairs);
        status = TAM_RESOURCES;
    }
    tam_release(ctx, job.scratch);
    tam_rows_free(ctx, &job.rows);
    pthread_mutex_destroy(&job.lock);
    return status;
}
