/* Opening a run: data, net, head, buffers, run directory, and the checkpoint if there is one. */
#include "train/run.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/augment.h"
#include "data/sampler.h"
#include "head/head_loss.h"
#include "tammes/plan.h"

static tam_status open_data(tam_run *run) {
    TAM_TRY(tam_dataset_open(run->ctx, &run->config.data, &run->data));
    run->info = tam_dataset_describe(run->data);
    run->counters.images = run->info.count;
    TAM_TRY(tam_augment_fit(run->ctx, run->config.augment, &run->info));
    TAM_TRY(tam_train_fit(run->ctx, &run->config, &run->info, &run->steps_per_epoch, &run->steps));
    run->epochs = (run->steps + run->steps_per_epoch - 1) / run->steps_per_epoch;
    const tam_head_config head = tam_train_head(&run->config, run->info.classes);
    return tam_head_plan_check(run->ctx, &head); /* before anything large is made */
}

/* How many classes have one image and no other. */
static tam_status count_single_images(tam_run *run, int64_t *singles) {
    int64_t *images = tam_allocate(run->ctx, (size_t)run->info.classes, sizeof *images, "images of each class");
    if (images == NULL) {
        return TAM_RESOURCES;
    }
    memset(images, 0, (size_t)run->info.classes * sizeof *images);
    for (int64_t i = 0; i < run->info.count; i++) {
        images[tam_dataset_label(run->data, i)]++;
    }
    *singles = 0;
    for (int64_t c = 0; c < run->info.classes; c++) {
        *singles += images[c] == 1;
    }
    tam_release(run->ctx, images);
    return TAM_OK;
}

/* A pair loss learns from two images of a class, not from an image beside itself. */
static tam_status warn_of_single_images(tam_run *run) {
    const tam_loss *loss = tam_head_loss(run->head);
    const tam_batch_term *pair = NULL;
    tam_sampler_plan plan;
    int64_t singles = 0;
    TAM_TRY(tam_sampler_read(run->ctx, run->config.sampler, &plan));
    for (int i = 0; i < loss->terms && pair == NULL; i++) {
        pair = tam_batch_term_is_pair(loss->term[i].term) ? loss->term[i].term : NULL;
    }
    if (pair != NULL && plan.images == 1) {
        tam_warn(run->ctx,
                 "with --sampler %s no two images of a batch have the same class, but %s learns from such pairs; K=4 "
                 "is usual",
                 run->config.sampler, pair->name);
    } else if (pair != NULL && plan.images > 1 && strcmp(run->config.augment, "none") == 0) {
        TAM_TRY(count_single_images(run, &singles));
    }
    if (singles > 0) {
        tam_warn(run->ctx,
                 "%lld of %lld classes have one image, which without --augment is its own copy in a batch of %s: %s "
                 "learns nothing from that pair",
                 (long long)singles, (long long)run->info.classes, run->config.sampler, pair->name);
    }
    return TAM_OK;
}

static tam_loader_config loader_config(const tam_run *run) {
    return (tam_loader_config){.batch = run->config.batch,
                               .accumulate = run->config.accumulate,
                               .seed = run->config.seed,
                               .shuffle = 1,
                               .augment = run->config.augment,
                               .sampler = run->config.sampler,
                               .threads = run->config.loader_threads,
                               .skip_unreadable = 1,
                               .first_step = run->counters.step * run->config.accumulate};
}

static tam_status make_net(tam_run *run) {
    const tam_train_config *config = &run->config;
    TAM_TRY(tam_schedule_read(run->ctx, config->schedule, config->lr, run->steps, config->warmup, &run->schedule));
    const tam_head_config head = tam_train_head(config, run->info.classes);
    TAM_TRY(tam_head_create(run->ctx, &head, &run->head));
    TAM_TRY(warn_of_single_images(run));
    TAM_TRY(tam_run_net(run));
    size_t values = (size_t)config->batch * (size_t)config->dim;
    run->x = tam_allocate(run->ctx, values, sizeof(float), "a batch's embeddings");
    run->dx = tam_allocate(run->ctx, values, sizeof(float), "a batch's gradients");
    run->theta = tam_allocate(run->ctx, (size_t)config->batch, sizeof(float), "a batch's angles");
    return run->x != NULL && run->dx != NULL && run->theta != NULL ? TAM_OK : TAM_RESOURCES;
}

/* Where classes are drawn for a step, all its parts must have the same ones. */
static tam_status make_order(tam_run *run) {
    const tam_train_config *config = &run->config;
    size_t batch = (size_t)config->batch;
    if (config->accumulate == 1 || config->sample_rate == 1.0) {
        return TAM_OK;
    }
    const tam_loader_config loader = loader_config(run);
    TAM_TRY(tam_sampler_create(run->ctx, run->data, &loader, &run->order));
    run->step_index = tam_allocate(run->ctx, batch, sizeof *run->step_index, "a batch's images");
    run->step_labels =
        tam_allocate(run->ctx, batch * (size_t)config->accumulate, sizeof *run->step_labels, "a step's labels");
    return run->step_index != NULL && run->step_labels != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status collect_class_names(tam_run *run) {
    size_t bytes = 0, at = 0;
    for (int64_t c = 0; c < run->info.classes; c++) {
        bytes += strlen(tam_dataset_class_name(run->data, c)) + 1;
    }
    run->class_names = tam_arena_take(run->arena, bytes, 1);
    run->class_names_bytes = bytes;
    for (int64_t c = 0; run->class_names != NULL && c < run->info.classes; c++) {
        const char *name = tam_dataset_class_name(run->data, c);
        memcpy(run->class_names + at, name, strlen(name) + 1);
        at += strlen(name) + 1;
    }
    return run->class_names != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status make_snapshot(tam_run *run) {
    tam_augment augment;
    TAM_TRY(collect_class_names(run));
    TAM_TRY(tam_augment_read(run->ctx, run->config.augment, &augment));
    tam_snapshot_config config = {.net = run->net,
                                  .head = run->head,
                                  .specification = run->config.net,
                                  .loss = run->config.loss,
                                  .mean = TAM_RUN_MEAN,
                                  .scale = TAM_RUN_SCALE,
                                  .classes = run->info.classes,
                                  .class_names = run->class_names,
                                  .class_names_bytes = run->class_names_bytes,
                                  .flip = augment.flip > 0,
                                  .alignment = run->config.alignment};
    return tam_snapshot_create(run->ctx, &config, &run->snapshot);
}

static tam_status open_directory(tam_run *run, char **text) {
    bool holds_run;
    TAM_TRY(tam_train_config_write(run->ctx, run->arena, &run->config, text));
    TAM_TRY(tam_run_directory_open(run->ctx, run->arena, &run->config, *text, &run->directory, &holds_run));
    run->resumed = holds_run && tam_path_look(run->directory.last) != TAM_PATH_ABSENT;
    run->best_exists = tam_path_look(run->directory.best) == TAM_PATH_FILE;
    return TAM_OK;
}

/* From here on the folder is a run's. */
static tam_status begin_or_go_on(tam_run *run, const char *text) {
    if (run->resumed) {
        TAM_TRY(tam_checkpoint_load(run, run->directory.last));
        run->saved_step = run->counters.step;
    } else {
        TAM_TRY(tam_run_directory_begin(run->ctx, &run->directory, text, run->class_names, run->class_names_bytes));
    }
    int64_t step = run->resumed ? run->counters.step : -1;
    TAM_TRY(tam_log_open(run->ctx, run->directory.log, step, run->counters.epochs_ended, &run->log));
    if (run->resumed) {
        return TAM_OK;
    }
    tam_log_start(run);
    /* The model that the run begins with may change or go: from here on the checkpoint stands for it. */
    return run->init_read ? tam_checkpoint_save(run) : TAM_OK;
}

/* A run that has no checkpoint begins with the model; a model that does not fit is refused before any file is made. */
static tam_status begin_with_model(tam_run *run) {
    if (run->config.init_from == NULL) {
        return TAM_OK;
    }
    char *last = tam_path_join(run->ctx, run->config.out, "last.safetensors");
    if (last == NULL) {
        return TAM_RESOURCES;
    }
    tam_path_kind kind = tam_path_look(last);
    tam_release(run->ctx, last);
    return kind == TAM_PATH_ABSENT ? tam_run_init(run) : TAM_OK;
}

static tam_status make_loader(tam_run *run) {
    const tam_loader_config config = loader_config(run);
    const int64_t batches = run->steps_per_epoch * run->config.accumulate;
    TAM_TRY(make_order(run));
    TAM_TRY(tam_loader_create(run->ctx, run->data, &config, &run->loader));
    if (tam_loader_steps_per_epoch(run->loader) != batches) {
        return tam_fail(run->ctx, TAM_INTERNAL, "the loader has %lld batches an epoch instead of %lld",
                        (long long)tam_loader_steps_per_epoch(run->loader), (long long)batches);
    }
    return TAM_OK;
}

tam_status tam_run_open(tam_ctx *ctx, const tam_train_config *config, tam_run *run) {
    *run = (tam_run){.ctx = ctx, .saved_step = -1, .directory.lock = -1, .log.descriptor = -1};
    char *text;
    run->sums.best_eer = run->sums.last_eer = run->sums.last_loss = run->sums.last_accuracy = NAN;
    TAM_TRY(tam_train_resolve(ctx, config, &run->config));
    run->arena = tam_arena_create(ctx, 0);
    if (run->arena == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(open_data(run));
    TAM_TRY(tam_run_open_validation(run));
    TAM_TRY(make_net(run));
    TAM_TRY(make_snapshot(run));
    TAM_TRY(begin_with_model(run));
    TAM_TRY(open_directory(run, &text));
    TAM_TRY(tam_run_plan(run));
    TAM_TRY(begin_or_go_on(run, text));
    TAM_TRY(make_loader(run));
    run->began = run->reported = run->saved = run->epoch_began = tam_seconds();
    return TAM_OK;
}

void tam_run_close(tam_run *run) {
    tam_loader_free(run->loader);
    tam_log_close(&run->log);
    tam_run_directory_close(&run->directory);
    tam_snapshot_free(run->snapshot);
    tam_embedder_free(run->embedder);
    tam_net_plan_free(run->plan);
    tam_net_free(run->net);
    tam_head_free(run->head);
    tam_pairs_free(run->validation_pairs);
    tam_dataset_free(run->validation);
    tam_dataset_free(run->data);
    tam_sampler_free(run->order);
    tam_release(run->ctx, run->step_index);
    tam_release(run->ctx, run->step_labels);
    tam_release(run->ctx, run->x);
    tam_release(run->ctx, run->dx);
    tam_release(run->ctx, run->theta);
    tam_release(run->ctx, run->validation_x);
    tam_release(run->ctx, run->validation_labels);
    tam_arena_free(run->arena);
}
