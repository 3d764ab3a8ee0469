/* Threads fill a ring of batches in the order of the steps. They share out a batch image by image, so that a batch is
 * ready as soon as may be; what a batch holds depends on its step alone. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/loader_depth.h"
#include "data/preparer.h"
#include "data/sampler.h"

/* LARGE_RING: numbers that no core's caches hold. */
enum { MOST_THREADS = 256, LARGE_RING = 1 << 20 };

typedef struct slot {
    int64_t step, epoch;
    int n;
    int taken, done; /* images that threads have begun, have finished */
    int failed;      /* the first image that could not be read; n: none */
    int unreadable;  /* how many could not and were left out */
    tam_status status;
    float *images;
    int32_t *labels;
    int64_t *index;
} slot;

typedef struct worker {
    struct tam_loader *loader;
    pthread_t thread;
    tam_preparer preparer;
} worker;

struct tam_loader {
    tam_ctx *ctx;
    tam_dataset *dataset;
    tam_preparation rules;
    tam_sampler *sampler;
    int batch;
    bool skip_unreadable, warned;
    int64_t first_step;

    pthread_mutex_t lock; /* guards all below, except what a slot's images and labels hold */
    pthread_cond_t work;  /* a slot is free, or stop */
    pthread_cond_t ready; /* a slot is filled */
    bool lock_made, stop, ended;
    int64_t filling;  /* the step whose batch threads are filling */
    int64_t handed;   /* the step that tam_loader_next hands out next */
    bool lent;        /* the caller holds the batch of step handed - 1 */
    bool slot_opened; /* the slot of `filling` has its index list */
    double stall;
    tam_loader_depth depth;
    slot *slots;    /* [depth.ring] */
    uint8_t *spare; /* one image, for the calling thread */
    int thread_count, started;
    worker *workers;
};

static slot *slot_of(tam_loader *loader, int64_t step) {
    return &loader->slots[(step - loader->first_step) % loader->depth.ring];
}

/* Whether the ring has room for the batch of step `filling`; the batch that the caller holds is not free. */
static bool has_room(const tam_loader *loader) {
    return loader->filling < loader->handed - (loader->lent ? 1 : 0) + loader->depth.ring;
}

/* Gives the slot of step `filling` its images. Called with the lock held. */
static void open_slot(tam_loader *loader) {
    slot *s = slot_of(loader, loader->filling);
    s->step = loader->filling;
    s->n = tam_sampler_batch(loader->sampler, s->step, s->index, &s->epoch);
    tam_sampler_prefetch(loader->sampler, loader->dataset);
    s->taken = 0;
    s->done = 0;
    s->failed = s->n;
    s->unreadable = 0;
    s->status = TAM_OK;
    loader->slot_opened = true;
    if (s->n == 0) {
        loader->ended = true;
        pthread_cond_broadcast(&loader->ready);
    }
}

/* Takes some images to prepare, [*first, *end) of *s. False: the loader is being freed. Called with the lock held. */
static bool take_work(tam_loader *loader, slot **s, int *first, int *end) {
    while (!loader->stop) {
        if (!loader->ended && !loader->slot_opened && has_room(loader)) {
            open_slot(loader);
        }
        if (!loader->ended && loader->slot_opened) {
            *s = slot_of(loader, loader->filling);
            *first = (*s)->taken;
            *end = *first + loader->depth.at_a_time;
            *end = *end < (*s)->n ? *end : (*s)->n;
            (*s)->taken = *end;
            if (*end == (*s)->n) {
                loader->filling++;
                loader->slot_opened = false;
                pthread_cond_broadcast(&loader->work);
            }
            return true;
        }
        pthread_cond_wait(&loader->work, &loader->lock);
    }
    return false;
}

static tam_status prepare(worker *w, const slot *s, int k) {
    tam_loader *loader = w->loader;
    float *image = s->images + (size_t)k * loader->rules.image_floats;
    TAM_TRY(tam_prepare(&w->preparer, s->epoch, s->index[k], image));
    s->labels[k] = tam_dataset_label(loader->dataset, s->index[k]);
    return TAM_OK;
}

/* The head passes over label -1. */
static void leave_out(tam_loader *loader, const slot *s, int k) {
    memset(s->images + (size_t)k * loader->rules.image_floats, 0, loader->rules.image_floats * sizeof *s->images);
    s->labels[k] = -1;
}

/* What went wrong with some images of a batch. A status says that the batch fails. */
typedef struct mishaps {
    int failed, unreadable; /* as in a slot */
    tam_status status;
} mishaps;

static mishaps prepare_some(worker *w, const slot *s, int first, int end) {
    mishaps found = {.failed = s->n, .status = TAM_OK};
    for (int k = first; k < end && found.status == TAM_OK; k++) {
        tam_status status = prepare(w, s, k);
        if (status == TAM_INPUT && w->loader->skip_unreadable) {
            leave_out(w->loader, s, k);
            found.failed = found.unreadable++ == 0 ? k : found.failed;
        } else if (status != TAM_OK) {
            found.failed = k;
            found.status = status;
        }
    }
    return found;
}

/* Keeps the first image of the worse kind, so that the order of the threads does not show. */
static void gather(slot *s, const mishaps *found) {
    bool fails = found->status != TAM_OK, failed = s->status != TAM_OK;
    if ((fails && !failed) || (fails == failed && found->failed < s->failed)) {
        s->failed = found->failed;
        s->status = found->status;
    }
    s->unreadable += found->unreadable;
}

static void *work(void *argument) {
    worker *w = argument;
    tam_loader *loader = w->loader;
    slot *s;
    int first, end;
    tam_fail_silently(); /* the sentence is made by tam_loader_next, for the first image in the batch */
    pthread_mutex_lock(&loader->lock);
    while (take_work(loader, &s, &first, &end)) {
        pthread_mutex_unlock(&loader->lock);
        mishaps found = prepare_some(w, s, first, end);
        pthread_mutex_lock(&loader->lock);
        gather(s, &found);
        s->done += end - first;
        if (s->done == s->n) {
            pthread_cond_broadcast(&loader->ready);
        }
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

static tam_status make_slots(tam_loader *loader) {
    size_t batch = (size_t)loader->batch;
    loader->slots = tam_allocate(loader->ctx, (size_t)loader->depth.ring, sizeof *loader->slots, "batches");
    if (loader->slots == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < loader->depth.ring; i++) {
        slot *s = &loader->slots[i];
        s->images =
            tam_allocate(loader->ctx, batch, loader->rules.image_floats * sizeof *s->images, "batches of images");
        s->labels = tam_allocate(loader->ctx, batch, sizeof *s->labels, "batches of labels");
        s->index = tam_allocate(loader->ctx, batch, sizeof *s->index, "batches of labels");
        if (s->images == NULL || s->labels == NULL || s->index == NULL) {
            return TAM_RESOURCES;
        }
    }
    return TAM_OK;
}

static tam_status make_workers(tam_loader *loader) {
    loader->workers = tam_allocate(loader->ctx, (size_t)loader->thread_count, sizeof(worker), "loader threads");
    loader->spare = tam_allocate(loader->ctx, loader->rules.image_floats, 1, "an image");
    if (loader->workers == NULL || loader->spare == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < loader->thread_count; i++) {
        loader->workers[i].loader = loader;
        TAM_TRY(tam_preparer_create(&loader->rules, &loader->workers[i].preparer));
    }
    return TAM_OK;
}

/* Signals are for the program's own threads, so ours block all of them. */
static tam_status start_workers(tam_loader *loader) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    while (loader->started < loader->thread_count && error == 0) {
        worker *w = &loader->workers[loader->started];
        error = pthread_create(&w->thread, NULL, work, w);
        loader->started += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        return tam_fail(loader->ctx, TAM_RESOURCES, "cannot start loader thread %d: %s", loader->started + 1,
                        strerror(error));
    }
    return TAM_OK;
}

static tam_status make_lock(tam_loader *loader) {
    if (pthread_mutex_init(&loader->lock, NULL) != 0) {
        return tam_fail(loader->ctx, TAM_RESOURCES, "cannot make a lock");
    }
    /* With default attributes glibc's conditions take nothing and cannot fail. */
    (void)pthread_cond_init(&loader->work, NULL);
    (void)pthread_cond_init(&loader->ready, NULL);
    loader->lock_made = true;
    return TAM_OK;
}

static tam_status set_up(tam_loader *loader, const tam_loader_config *config) {
    if (config->threads < 0 || config->threads > MOST_THREADS) {
        return tam_fail(loader->ctx, TAM_CONFIG, "%d loader threads are outside [1, %d]", config->threads,
                        MOST_THREADS);
    }
    if (config->first_step < 0) {
        return tam_fail(loader->ctx, TAM_CONFIG, "a first step of %lld", (long long)config->first_step);
    }
    TAM_TRY(tam_augment_read(loader->ctx, config->augment, &loader->rules.augment));
    TAM_TRY(tam_augment_fit(loader->ctx, config->augment, &loader->rules.info));
    TAM_TRY(tam_sampler_create(loader->ctx, loader->dataset, config, &loader->sampler));
    loader->batch = tam_sampler_batch_size(loader->sampler);
    loader->depth = tam_loader_depth_of(loader->batch, loader->thread_count);
    loader->rules.augment.past_cache =
        (size_t)loader->depth.ring * (size_t)loader->batch * loader->rules.image_floats > LARGE_RING;
    TAM_TRY(make_slots(loader));
    TAM_TRY(make_workers(loader));
    TAM_TRY(make_lock(loader));
    return start_workers(loader);
}

tam_status tam_loader_create(tam_ctx *ctx, tam_dataset *dataset, const tam_loader_config *config, tam_loader **out) {
    *out = NULL;
    tam_loader *loader = tam_allocate(ctx, 1, sizeof *loader, "the loader");
    if (loader == NULL) {
        return TAM_RESOURCES;
    }
    loader->ctx = ctx;
    loader->dataset = dataset;
    tam_dataset_info info = tam_dataset_describe(dataset);
    loader->rules = (tam_preparation){
        .ctx = ctx,
        .dataset = dataset,
        .info = info,
        .image_floats = (size_t)info.channels * (size_t)info.height * (size_t)info.width,
        .seed = config->seed,
    };
    loader->skip_unreadable = config->skip_unreadable != 0;
    loader->thread_count = config->threads > 0 ? config->threads : 1;
    loader->first_step = config->first_step;
    loader->filling = config->first_step;
    loader->handed = config->first_step;
    tam_status status = set_up(loader, config);
    if (status != TAM_OK) {
        tam_loader_free(loader);
        return status;
    }
    *out = loader;
    return TAM_OK;
}

static void join_workers(tam_loader *loader) {
    pthread_mutex_lock(&loader->lock);
    loader->stop = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->lock);
    for (int i = 0; i < loader->started; i++) {
        pthread_join(loader->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&loader->work);
    pthread_cond_destroy(&loader->ready);
    pthread_mutex_destroy(&loader->lock);
}

void tam_loader_free(tam_loader *loader) {
    if (loader == NULL) {
        return;
    }
    if (loader->lock_made) {
        join_workers(loader);
    }
    for (int i = 0; loader->slots != NULL && i < loader->depth.ring; i++) {
        tam_release(loader->ctx, loader->slots[i].images);
        tam_release(loader->ctx, loader->slots[i].labels);
        tam_release(loader->ctx, loader->slots[i].index);
    }
    for (int i = 0; loader->workers != NULL && i < loader->thread_count; i++) {
        tam_preparer_free(&loader->workers[i].preparer);
    }
    tam_release(loader->ctx, loader->slots);
    tam_release(loader->ctx, loader->workers);
    tam_release(loader->ctx, loader->spare);
    tam_sampler_free(loader->sampler);
    tam_release(loader->ctx, loader);
}

int64_t tam_loader_steps_per_epoch(const tam_loader *loader) {
    return tam_sampler_steps_per_epoch(loader->sampler);
}

/* Waits for the batch of step `handed`. Called with the lock held. */
static slot *wait_for_slot(tam_loader *loader) {
    slot *s = slot_of(loader, loader->handed);
    for (;;) {
        bool opened = loader->filling > loader->handed || (loader->filling == loader->handed && loader->slot_opened);
        if (opened && s->done == s->n) {
            break;
        }
        pthread_cond_wait(&loader->ready, &loader->lock);
    }
    return s;
}

/* The sentence must be that of the first image that failed, whichever thread failed last: reads it once more. */
static tam_status explain(tam_loader *loader, const slot *s) {
    char name[512];
    TAM_TRY(loader->rules.info.vectors ? tam_dataset_read_vector(loader->dataset, s->index[s->failed], s->images)
                                       : tam_dataset_read(loader->dataset, s->index[s->failed], loader->spare));
    tam_dataset_image_name(loader->dataset, s->index[s->failed], name, sizeof name);
    return tam_fail(loader->ctx, s->status != TAM_OK ? s->status : TAM_INPUT,
                    "%s: could not be read at first, but now it can", name);
}

static void warn_once(tam_loader *loader, const slot *s) {
    if (s->unreadable > 0 && !loader->warned) {
        loader->warned = true;
        (void)explain(loader, s);
        tam_warn(loader->ctx, "%s; images that cannot be read are left out and counted", tam_ctx_message(loader->ctx));
    }
}

tam_status tam_loader_next(tam_loader *loader, tam_batch *batch) {
    double began = tam_seconds();
    *batch = (tam_batch){0};
    pthread_mutex_lock(&loader->lock);
    loader->lent = false;
    pthread_cond_broadcast(&loader->work);
    slot *s = wait_for_slot(loader);
    bool good = s->status == TAM_OK && (s->n == 0 || s->unreadable < s->n);
    if (good && s->n > 0) {
        loader->lent = true;
        loader->handed++;
    }
    pthread_mutex_unlock(&loader->lock);
    loader->stall += tam_seconds() - began;
    if (!good) {
        return explain(loader, s);
    }
    warn_once(loader, s);
    *batch = (tam_batch){
        .n = s->n,
        .step = s->step,
        .epoch = s->epoch,
        .images = s->images,
        .labels = s->labels,
        .index = s->index,
        .unreadable = s->unreadable,
    };
    return TAM_OK;
}

double tam_loader_stall(const tam_loader *loader) {
    return loader->stall;
}
