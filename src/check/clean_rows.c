/* Rows and the centres of their classes. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/team.h"
#include "check/clean_inside.h"
#include "eval/groups.h"

enum { ROUNDS = 3, ROWS_AT_ONCE = 64 * TAM_TILE };

static const double degrees = 180 / M_PI;

static double dot(int d, const float *a, const float *b) {
    double sum = 0;
    for (int k = 0; k < d; k++) {
        sum += (double)a[k] * (double)b[k];
    }
    return sum;
}

static double angle_of(double cosine) {
    return acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine) * degrees;
}

tam_status tam_clean_embed(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, float **x, int32_t **labels) {
    int64_t n = tam_dataset_describe(dataset).count;
    int d = tam_model_describe(model).dim;
    *x = tam_allocate(ctx, (size_t)n, (size_t)d * sizeof **x, "embeddings");
    *labels = tam_allocate(ctx, (size_t)n, sizeof **labels, "labels");
    if (*x == NULL || *labels == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_model_embed_dataset(model, dataset, 0, *x));
    TAM_TRY(tam_rows_check(ctx, n, d, *x, "embedding"));
    for (int64_t i = 0; i < n; i++) {
        float *row = *x + i * d;
        double square = dot(d, row, row), scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int k = 0; k < d; k++) {
            row[k] = (float)((double)row[k] * scale);
        }
        (*labels)[i] = tam_dataset_label(dataset, i);
    }
    return TAM_OK;
}

typedef struct ranked_row {
    double cosine;
    uint32_t row;
} ranked_row;

typedef struct centre_job {
    int d;
    const float *x;
    const tam_groups *groups;
    tam_centres *centres;
    int64_t *start;     /* [classes] in the groups' order; -1: no rows */
    ranked_row *ranked; /* [n] */
    double *sum;        /* [threads, d] */
    float *own_angle;
} centre_job;

static int by_cosine(const void *a, const void *b) {
    const ranked_row *x = a, *y = b;
    return x->cosine != y->cosine ? (x->cosine < y->cosine) - (x->cosine > y->cosine)
                                  : (x->row > y->row) - (x->row < y->row);
}

static void add_row(int d, const float *row, double factor, double *sum) {
    for (int k = 0; k < d; k++) {
        sum[k] += factor * (double)row[k];
    }
}

static double dot_sum(int d, const double *sum, const float *row) {
    double product = 0;
    for (int k = 0; k < d; k++) {
        product += sum[k] * (double)row[k];
    }
    return product;
}

static double length_of(int d, const double *sum) {
    double square = 0;
    for (int k = 0; k < d; k++) {
        square += sum[k] * sum[k];
    }
    return sqrt(square);
}

/* To the centre of the other kept rows. */
static float own_angle(int d, const double *sum, int64_t kept, const float *row, bool inside) {
    double product = dot_sum(d, sum, row), square = length_of(d, sum) * length_of(d, sum);
    if (inside) {
        square += 1 - 2 * product;
        product -= 1;
    }
    return kept > inside && square > 0 ? (float)angle_of(product / sqrt(square)) : NAN;
}

static void measure_class(void *argument, int64_t c, int worker) {
    centre_job *job = argument;
    const int d = job->d;
    int64_t from = job->start[c];
    if (from < 0) {
        return;
    }
    int64_t count = job->groups->end[from] - from, kept = count;
    ranked_row *ranked = job->ranked + from;
    double *sum = job->sum + (int64_t)worker * d;
    for (int64_t k = 0; k < count; k++) {
        ranked[k].row = job->groups->order[from + k];
    }
    for (int round = 0; round <= ROUNDS; round++) {
        memset(sum, 0, (size_t)d * sizeof *sum);
        for (int64_t k = 0; k < kept; k++) {
            add_row(d, job->x + (int64_t)ranked[k].row * d, 1, sum);
        }
        for (int64_t k = 0; k < count && round < ROUNDS; k++) {
            ranked[k].cosine = dot_sum(d, sum, job->x + (int64_t)ranked[k].row * d);
        }
        if (round < ROUNDS) {
            qsort(ranked, (size_t)count, sizeof *ranked, by_cosine);
            kept = (3 * count + 3) / 4;
        }
    }
    for (int64_t k = 0; k < count; k++) {
        const float *row = job->x + (int64_t)ranked[k].row * d;
        job->own_angle[ranked[k].row] = own_angle(d, sum, kept, row, k < kept);
    }
    for (int k = 0; k < d; k++) {
        job->centres->centre[c * d + k] = (float)sum[k];
    }
    job->centres->count[c] = (int32_t)kept;
}

tam_status tam_clean_centres(tam_ctx *ctx, int64_t n, int d, const float *x, const int32_t *labels, int32_t classes,
                             tam_centres *centres, float *own) {
    tam_groups groups = {0};
    size_t threads = (size_t)tam_ctx_threads(ctx);
    centre_job job = {.d = d, .x = x, .groups = &groups, .centres = centres, .own_angle = own};
    TAM_TRY(tam_centres_take(ctx, classes, d, centres));
    tam_status status = tam_groups_make(ctx, n, labels, &groups);
    job.start = tam_allocate(ctx, (size_t)classes, sizeof *job.start, "classes");
    job.ranked = tam_allocate(ctx, (size_t)n, sizeof *job.ranked, "rows by their distance");
    job.sum = tam_allocate(ctx, threads * (size_t)d, sizeof *job.sum, "sums of rows");
    if (job.start == NULL || job.ranked == NULL || job.sum == NULL) {
        status = TAM_RESOURCES;
    }
    if (status == TAM_OK) {
        memset(job.start, 0xff, (size_t)classes * sizeof *job.start);
        for (int64_t i = 0; i < n; i = groups.end[i]) {
            if (labels[groups.order[i]] >= 0) {
                job.start[labels[groups.order[i]]] = i;
            }
        }
        tam_team_run(ctx, classes, measure_class, &job);
        status = tam_centres_finish(ctx, centres);
    }
    tam_release(ctx, job.start);
    tam_release(ctx, job.ranked);
    tam_release(ctx, job.sum);
    tam_groups_free(ctx, &groups);
    if (status != TAM_OK) {
        tam_centres_free(ctx, centres);
    }
    return status;
}

typedef struct nearest_job {
    int64_t first, n; /* of the rows that are packed now */
    tam_rows rows, centres;
    const tam_centres *known;
    const int32_t *labels, *family;
    float *scratch;
    int32_t *other;
    float *angle;
} nearest_job;

static int32_t family_of(const nearest_job *job, int32_t c) {
    return c >= 0 && job->family != NULL ? job->family[c] : c;
}

static void compare_rows(void *argument, int64_t tile, int worker) {
    nearest_job *job = argument;
    float *scores = job->scratch + (size_t)worker * TAM_TILE * TAM_TILE;
    float best[TAM_TILE];
    int64_t begin = job->first + tile * TAM_TILE;
    int rows = job->first + job->n - begin < TAM_TILE ? (int)(job->first + job->n - begin) : TAM_TILE;
    for (int r = 0; r < rows; r++) {
        best[r] = -2;
        job->other[begin + r] = -1;
    }
    for (int64_t against = 0; against < job->centres.tiles; against++) {
        tam_rows_tile(&job->rows, tile, &job->centres, against, scores);
        int64_t left = job->centres.count - against * TAM_TILE;
        for (int r = 0; r < rows; r++) {
            int32_t own = family_of(job, job->labels != NULL ? job->labels[begin + r] : -1);
            for (int k = 0; k < TAM_TILE && k < left; k++) {
                int32_t c = (int32_t)(against * TAM_TILE + k);
                float score = scores[r * TAM_TILE + k];
                if (score > best[r] && job->known->count[c] > 0 && family_of(job, c) != own) {
                    best[r] = score;
                    job->other[begin + r] = c;
                }
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        job->angle[begin + r] = job->other[begin + r] >= 0 ? (float)angle_of((double)best[r]) : NAN;
    }
}

tam_status tam_clean_nearest(tam_ctx *ctx, int64_t n, const float *x, const int32_t *labels, const int32_t *family,
                             const tam_centres *centres, int32_t *other, float *angle) {
    nearest_job job = {.known = centres, .labels = labels, .family = family, .other = other, .angle = angle};
    tam_status status = tam_rows_pack(ctx, centres->classes, centres->d, centres->centre, NULL, &job.centres);
    job.scratch = status == TAM_OK ? tam_rows_scratch(ctx) : NULL;
    status = job.scratch != NULL ? TAM_OK : TAM_RESOURCES;
    for (job.first = 0; status == TAM_OK && job.first < n; job.first += job.n) {
        job.n = n - job.first < ROWS_AT_ONCE ? n - job.first : ROWS_AT_ONCE;
        status = tam_rows_pack(ctx, job.n, centres->d, x + job.first * centres->d, NULL, &job.rows);
        if (status == TAM_OK) {
            tam_team_run(ctx, (job.n + TAM_TILE - 1) / TAM_TILE, compare_rows, &job);
        }
        tam_rows_free(ctx, &job.rows);
    }
    tam_release(ctx, job.scratch);
    tam_rows_free(ctx, &job.centres);
    return status;
}
