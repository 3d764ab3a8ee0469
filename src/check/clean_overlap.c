/* Which images show people of an evaluation set. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check/clean_inside.h"

/* One evaluation set: the angles of its own images, and the data's nearest people. */
typedef struct overlap_job {
    tam_clean *clean;
    int set;
    int64_t n;
    float *x, *own, *other_angle, *angle;
    int32_t *labels, *other, *person;
    tam_centres robust;
    tam_clean_against found;
} overlap_job;

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Numbers first, in order; returns how many. */
static int64_t sort_numbers(float *values, int64_t count) {
    int64_t known = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            values[known++] = values[i];
        }
    }
    if (known > 0) {
        qsort(values, (size_t)known, sizeof *values, by_value);
    }
    return known;
}

/* Of a thousand of the set's own images one may be nearer to another person than the limit. */
enum { ONE_WRONG_IN = 1000 };

static tam_status choose_limit(overlap_job *job, const tam_clean_config *config) {
    int64_t own = sort_numbers(job->own, job->n), other = sort_numbers(job->other_angle, job->n), missed = 0;
    if (config->overlap <= 0 && (own == 0 || other == 0)) {
        return tam_fail(job->clean->ctx, TAM_CONFIG,
                        "%s: no class has two images, so nothing says how near an image must be: give the angle",
                        config->against[job->set].path);
    }
    job->found.limit =
        config->overlap > 0 ? config->overlap : (double)nextafterf(job->other_angle[other / ONE_WRONG_IN], 0.0f);
    for (int64_t k = 0; k < own; k++) {
        missed += (double)job->own[k] > job->found.limit;
    }
    job->found.missed = own > 0 ? (double)missed / (double)own : NAN;
    return TAM_OK;
}

static tam_status take_room(overlap_job *job) {
    tam_ctx *ctx = job->clean->ctx;
    size_t n = (size_t)job->n, images = (size_t)job->clean->info.images;
    job->own = tam_allocate(ctx, n, sizeof *job->own, "angles");
    job->other_angle = tam_allocate(ctx, n, sizeof *job->other_angle, "angles");
    job->other = tam_allocate(ctx, n, sizeof *job->other, "nearest people");
    job->angle = tam_allocate(ctx, images, sizeof *job->angle, "angles");
    job->person = tam_allocate(ctx, images, sizeof *job->person, "nearest people");
    bool whole =
        job->own != NULL && job->other_angle != NULL && job->other != NULL && job->angle != NULL && job->person != NULL;
    return whole ? TAM_OK : TAM_RESOURCES;
}

static tam_status measure(overlap_job *job, const tam_clean_config *config, tam_model *model) {
    tam_clean *clean = job->clean;
    tam_dataset *set;
    TAM_TRY(tam_model_open_dataset(model, &config->against[job->set], &set));
    clean->against[clean->sets++] = set;
    tam_dataset_info info = tam_dataset_describe(set);
    job->n = info.count;
    job->found = (tam_clean_against){.images = info.count, .people = info.classes};
    TAM_TRY(take_room(job));
    TAM_TRY(tam_clean_embed(clean->ctx, model, set, &job->x, &job->labels));
    TAM_TRY(tam_clean_centres(clean->ctx, job->n, clean->d, job->x, job->labels, (int32_t)info.classes, &job->robust,
                              job->own));
    TAM_TRY(
        tam_clean_nearest(clean->ctx, job->n, job->x, job->labels, NULL, &job->robust, job->other, job->other_angle));
    TAM_TRY(choose_limit(job, config));
    return tam_clean_nearest(clean->ctx, clean->info.images, clean->x, NULL, NULL, &job->robust, job->person,
                             job->angle);
}

static void add_overlaps(const overlap_job *job, tam_clean_overlap *list, int64_t *count) {
    for (int64_t i = 0; i < job->clean->info.images; i++) {
        if ((double)job->angle[i] <= job->found.limit) {
            if (list != NULL) {
                list[*count] = (tam_clean_overlap){i, job->set, job->person[i], job->angle[i]};
            }
            ++*count;
        }
    }
}

static int by_angle(const void *a, const void *b) {
    const tam_clean_overlap *x = a, *y = b;
    if (x->angle != y->angle) {
        return x->angle < y->angle ? -1 : 1;
    }
    return x->image != y->image ? (x->image > y->image) - (x->image < y->image) : x->set - y->set;
}

static void free_job(tam_ctx *ctx, overlap_job *job) {
    tam_release(ctx, job->x);
    tam_release(ctx, job->labels);
    tam_release(ctx, job->own);
    tam_release(ctx, job->other_angle);
    tam_release(ctx, job->other);
    tam_release(ctx, job->angle);
    tam_release(ctx, job->person);
    tam_centres_free(ctx, &job->robust);
}

static tam_status add_set(tam_clean *clean, const tam_clean_config *config, tam_model *model, int set,
                          tam_clean_against *against, tam_clean_overlap **list) {
    overlap_job job = {.clean = clean, .set = set};
    tam_status status = measure(&job, config, model);
    int64_t count = 0, all = clean->info.overlap_count;
    if (status == TAM_OK) {
        add_overlaps(&job, NULL, &count);
        tam_clean_overlap *more = tam_arena_take(clean->arena, (size_t)(all + count), sizeof *more);
        status = more != NULL ? TAM_OK : TAM_RESOURCES;
        if (more != NULL) {
            memcpy(more, *list, (size_t)all * sizeof *more);
            add_overlaps(&job, more, &all);
            *list = more;
            clean->info.overlap_count = all;
        }
    }
    against[set] = job.found;
    free_job(clean->ctx, &job);
    return status;
}

tam_status tam_clean_overlaps(tam_clean *clean, const tam_clean_config *config, tam_model *model) {
    size_t sets = (size_t)(config->against_count > 0 ? config->against_count : 0);
    tam_clean_against *against = tam_arena_take(clean->arena, sets, sizeof *against);
    tam_clean_overlap *list = tam_arena_take(clean->arena, 0, sizeof *list);
    clean->against = tam_allocate(clean->ctx, sets, sizeof(tam_dataset *), "evaluation sets");
    if (against == NULL || list == NULL || clean->against == NULL) {
        return TAM_RESOURCES;
    }
    for (int set = 0; set < config->against_count; set++) {
        TAM_TRY(add_set(clean, config, model, set, against, &list));
    }
    if (clean->info.overlap_count > 0) {
        qsort(list, (size_t)clean->info.overlap_count, sizeof *list, by_angle);
    }
    clean->info.overlap = list;
    clean->info.against = against;
    return TAM_OK;
}
