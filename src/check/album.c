#include "check/album.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "data/dataset.h"

/* A slab is what lies between two looks at `stop`. */
enum { IMAGES_PER_TASK = 16, TASKS_PER_SLAB = 256 };

typedef struct look_job {
    tam_album *album;
    int set;
    int64_t begin, end; /* of the slab, in the set */
    tam_printer **printers;
    tam_reader_scratch *scratch;
    _Atomic int failed; /* a status other than TAM_INPUT */
} look_job;

static void look_some(void *argument, int64_t task, int worker) {
    look_job *job = argument;
    tam_album *album = job->album;
    const tam_dataset *set = album->set[job->set];
    int64_t from = job->begin + task * IMAGES_PER_TASK, to = from + IMAGES_PER_TASK;
    for (int64_t i = from; i < to && i < job->end; i++) {
        tam_image_info info;
        const uint8_t *pixels;
        int64_t at = album->first[job->set] + i;
        tam_status status = tam_source_read(tam_dataset_source(set), tam_dataset_source_number(set, i),
                                            &job->scratch[worker], &info, &pixels);
        if (status == TAM_OK) {
            tam_print_make(job->printers[worker], &info, pixels, &album->prints[at],
                           album->small + at * TAM_PRINT_PIXELS);
        } else if (status != TAM_INPUT) {
            atomic_store(&job->failed, (int)status);
        }
    }
}

static tam_status look_at_set(look_job *job, const tam_check_config *config, int64_t all) {
    tam_album *album = job->album;
    int64_t count = album->first[job->set + 1] - album->first[job->set];
    for (job->begin = 0; job->begin < count; job->begin = job->end) {
        int64_t slab = IMAGES_PER_TASK * TASKS_PER_SLAB;
        job->end = count - job->begin < slab ? count : job->begin + slab;
        tam_team_run(album->ctx, (job->end - job->begin + IMAGES_PER_TASK - 1) / IMAGES_PER_TASK, look_some, job);
        if (atomic_load(&job->failed) != 0) {
            return (tam_status)atomic_load(&job->failed);
        }
        if (config->stop != NULL && *config->stop != 0) {
            return tam_fail(album->ctx, TAM_STOPPED, "stopped while looking at images");
        }
        if (config->progress != NULL) {
            config->progress(config->progress_user, album->first[job->set] + job->end, all);
        }
    }
    return TAM_OK;
}

static tam_status look_at_all(tam_album *album, const tam_check_config *config) {
    tam_ctx *ctx = album->ctx;
    size_t threads = (size_t)tam_ctx_threads(ctx);
    look_job job = {.album = album};
    tam_status status = TAM_RESOURCES;
    job.printers = tam_allocate(ctx, threads, sizeof *job.printers, "tables for prints of images");
    job.scratch = tam_allocate(ctx, threads, sizeof *job.scratch, "buffers for images");
    if (job.printers == NULL || job.scratch == NULL) {
        goto done;
    }
    for (size_t t = 0; t < threads; t++) {
        job.printers[t] = tam_printer_create(ctx);
        if (job.printers[t] == NULL) {
            goto done;
        }
    }
    status = TAM_OK;
    for (; status == TAM_OK && job.set < album->sets; job.set++) {
        status = look_at_set(&job, config, album->first[album->sets]);
    }
done:
    for (size_t t = 0; t < threads; t++) {
        if (job.printers != NULL) {
            tam_printer_free(job.printers[t]);
        }
        if (job.scratch != NULL) {
            tam_scratch_free(ctx, &job.scratch[t]);
        }
    }
    tam_release(ctx, job.printers);
    tam_release(ctx, job.scratch);
    return status;
}

static tam_status open_sets(tam_album *album, const tam_check_config *config) {
    if (config->against_count < 0 || config->against_count >= TAM_ALBUM_MOST_SETS) {
        return tam_fail(album->ctx, TAM_CONFIG, "%d evaluation sets: at most %d are possible", config->against_count,
                        TAM_ALBUM_MOST_SETS - 1);
    }
    for (int s = 0; s <= config->against_count; s++) {
        tam_dataset_config one = s == 0 ? config->data : config->against[s - 1];
        one.size = 0;
        one.channels = 0;
        one.unlabelled = 1;
        one.any_size = 1;
        one.cache_bytes = -1;
        TAM_TRY(tam_dataset_open(album->ctx, &one, &album->set[s]));
        album->sets++;
        if (tam_dataset_source(album->set[s])->vector > 0) {
            return tam_fail(album->ctx, TAM_CONFIG, "%s: vectors, in which nothing can be seen: images are checked",
                            one.path);
        }
        album->first[s + 1] = album->first[s] + tam_dataset_describe(album->set[s]).count;
    }
    if (album->first[album->sets] > (int64_t)UINT32_MAX) {
        return tam_fail(album->ctx, TAM_INPUT, "%lld images in all are more than 2^32",
                        (long long)album->first[album->sets]);
    }
    return TAM_OK;
}

tam_status tam_album_make(tam_ctx *ctx, const tam_check_config *config, tam_album *album) {
    *album = (tam_album){.ctx = ctx};
    tam_status status = open_sets(album, config);
    if (status == TAM_OK) {
        size_t all = (size_t)album->first[album->sets];
        album->prints = tam_allocate(ctx, all, sizeof *album->prints, "prints of images");
        album->small = tam_allocate(ctx, all, TAM_PRINT_PIXELS, "small versions of images");
        status = album->prints != NULL && album->small != NULL ? look_at_all(album, config) : TAM_RESOURCES;
    }
    if (status != TAM_OK) {
        tam_album_free(album);
    }
    return status;
}

void tam_album_free(tam_album *album) {
    for (int s = 0; s < album->sets; s++) {
        tam_dataset_free(album->set[s]);
    }
    tam_release(album->ctx, album->prints);
    tam_release(album->ctx, album->small);
    *album = (tam_album){0};
}

int tam_album_set_of(const tam_album *album, int64_t i) {
    int set = 0;
    while (i >= album->first[set + 1]) {
        set++;
    }
    return set;
}

static int by_pixels(const void *a, const void *b, void *prints) {
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const tam_print *all = prints, *x = &all[i], *y = &all[j];
    bool unread_x = x->width == 0, unread_y = y->width == 0;
    if (unread_x != unread_y) {
        return unread_x ? -1 : 1;
    }
    for (int k = 0; k < 2 && !unread_x; k++) {
        if (x->pixels[k] != y->pixels[k]) {
            return x->pixels[k] < y->pixels[k] ? -1 : 1;
        }
    }
    return (i > j) - (i < j);
}

void tam_album_group(const tam_album *album, uint32_t *order, uint32_t *end, int64_t *unreadable) {
    int64_t all = album->first[album->sets];
    *unreadable = 0;
    for (int64_t i = 0; i < all; i++) {
        order[i] = (uint32_t)i;
        *unreadable += album->prints[i].width == 0;
    }
    qsort_r(order, (size_t)all, sizeof *order, by_pixels, album->prints);
    for (int64_t i = all - 1; i >= 0; i--) {
        const tam_print *here = &album->prints[order[i]], *next = i + 1 < all ? &album->prints[order[i + 1]] : NULL;
        bool same = next != NULL && here->pixels[0] == next->pixels[0] && here->pixels[1] == next->pixels[1] &&
                    (here->width == 0) == (next->width == 0);
        end[i] = same ? end[i + 1] : (uint32_t)(i + 1);
    }
}
