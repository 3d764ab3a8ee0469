/* Aligns a whole data set: batches of images are warped and encoded on all threads, then written in the data's order.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/team.h"
#include "data/align_plan.h"
#include "data/writer.h"

enum { BATCH = 256, TEMPLATE_SIDE = 112, MOST_SIDE = 4096, LONGEST_KEY = 4352 };

static const double seconds_between_reports = 0.25;

typedef struct aligned_image {
    int64_t image;
    uint8_t *data; /* NULL: it could not be read */
    size_t size;
} aligned_image;

typedef struct aligning {
    tam_ctx *ctx;
    tam_align_plan plan;
    int height, width;
    float target[10]; /* the template in the result */
    uint8_t *pixels;  /* [threads, height, width, 3] */
    aligned_image batch[BATCH];
    int batch_count;
    atomic_int status;
    const char **class_names;
    int64_t *class_count, *class_written;
    tam_writer *writer;
} aligning;

static tam_status encode(aligning *a, int channels, const uint8_t *pixels, aligned_image *one) {
    int quality = a->plan.config->quality;
    return quality > 0 ? tam_jpeg_encode(a->ctx, a->width, a->height, channels, pixels, quality, &one->data, &one->size)
                       : tam_png_encode(a->ctx, a->width, a->height, channels, pixels, &one->data, &one->size);
}

static tam_status align_image(aligning *a, aligned_image *one, int worker) {
    tam_align_plan *plan = &a->plan;
    int64_t number = tam_dataset_source_number(plan->dataset, one->image);
    uint8_t *out = a->pixels + (size_t)worker * (size_t)a->height * (size_t)a->width * 3;
    tam_image_info info;
    const uint8_t *pixels;
    double map[6];
    TAM_TRY(tam_source_read(tam_dataset_source(plan->dataset), number, &plan->scratch[worker], &info, &pixels));
    if (!tam_similarity_fit(5, plan->list.rows[plan->row[one->image]].point, a->target, map)) {
        return tam_fail(a->ctx, TAM_INTERNAL, "landmarks without a similarity were not left out");
    }
    tam_warp_affine(info.height, info.width, info.channels, pixels, map, a->height, a->width, out);
    return encode(a, info.channels, out, one);
}

static void align_one(void *argument, int64_t task, int worker) {
    aligning *a = argument;
    tam_status status = align_image(a, &a->batch[task], worker);
    if (status != TAM_OK && status != TAM_INPUT) {
        atomic_store(&a->status, (int)status);
    }
}

/* The key with the ending of what is written: an image keeps its name, but not its kind. */
static void name_result(const aligning *a, int64_t image, char key[LONGEST_KEY + 8]) {
    tam_dataset_image_key(a->plan.dataset, image, key, LONGEST_KEY);
    char *slash = strrchr(key, '/'), *name = slash != NULL ? slash + 1 : key;
    char *dot = tam_image_named(name) ? strrchr(name, '.') : NULL;
    if (dot != NULL) {
        snprintf(dot, 8, "%s", a->plan.config->quality > 0 ? ".jpg" : ".png");
    }
}

/* Once more, so that the sentence is this image's; an image that can be read now is taken. */
static tam_status read_again(aligning *a, aligned_image *one) {
    tam_status status = align_image(a, one, 0);
    return status == TAM_INPUT ? tam_align_tell(&a->plan, one->image, TAM_ALIGN_UNREADABLE, -1) : status;
}

static tam_status write_batch(aligning *a) {
    char key[LONGEST_KEY + 8];
    TAM_TRY((tam_status)atomic_load(&a->status));
    for (int i = 0; i < a->batch_count; i++) {
        aligned_image *one = &a->batch[i];
        int32_t label = tam_dataset_label(a->plan.dataset, one->image);
        if (one->data == NULL) {
            TAM_TRY(read_again(a, one));
        }
        if (one->data == NULL) {
            continue;
        }
        name_result(a, one->image, key);
        tam_item item = {
            .number = one->image, .label = label, .key = key, .name = key, .data = one->data, .size = one->size};
        TAM_TRY(tam_writer_folder.add(a->writer, &item));
        a->plan.result->written++;
        if (label >= 0) {
            a->class_written[label]++;
        }
    }
    return TAM_OK;
}

static tam_status run_batch(aligning *a) {
    tam_team_run(a->ctx, a->batch_count, align_one, a);
    tam_status status = write_batch(a);
    for (int i = 0; i < a->batch_count; i++) {
        tam_release(a->ctx, a->batch[i].data);
    }
    a->batch_count = 0;
    return status;
}

static tam_status align_all(aligning *a) {
    const tam_align_config *config = a->plan.config;
    double reported = tam_seconds();
    for (int64_t i = 0; i < a->plan.count; i++) {
        if (a->plan.fault[i] == TAM_ALIGN_FINE) {
            a->batch[a->batch_count++] = (aligned_image){.image = i};
        }
        bool last = i + 1 == a->plan.count;
        if (a->batch_count == BATCH || last) {
            TAM_TRY(run_batch(a));
            if (config->progress != NULL && (last || tam_seconds() - reported > seconds_between_reports)) {
                reported = tam_seconds();
                config->progress(config->user, i + 1, a->plan.count);
            }
        }
        if (tam_align_stopped(&a->plan)) {
            return tam_fail(a->ctx, TAM_STOPPED, "stopped after %lld of %lld images; nothing was left at %s",
                            (long long)i + 1, (long long)a->plan.count, config->out);
        }
    }
    return TAM_OK;
}

static tam_status count_classes(aligning *a) {
    int64_t classes = tam_dataset_describe(a->plan.dataset).classes;
    a->class_names = tam_allocate(a->ctx, (size_t)classes, sizeof *a->class_names, "class names");
    a->class_count = tam_allocate(a->ctx, (size_t)classes, sizeof *a->class_count, "the sizes of classes");
    a->class_written = tam_allocate(a->ctx, (size_t)classes, sizeof *a->class_written, "the sizes of classes");
    if (a->class_names == NULL || a->class_count == NULL || a->class_written == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t c = 0; c < classes; c++) {
        a->class_names[c] = tam_dataset_class_name(a->plan.dataset, c);
    }
    for (int64_t i = 0; classes > 0 && i < a->plan.count; i++) {
        a->class_count[tam_dataset_label(a->plan.dataset, i)] += a->plan.fault[i] == TAM_ALIGN_FINE;
    }
    return TAM_OK;
}

static tam_status prepare(aligning *a) {
    const tam_align_config *config = a->plan.config;
    size_t area = (size_t)a->height * (size_t)a->width;
    double scale = (double)a->height / TEMPLATE_SIDE, cut = 0.5 * (a->height - a->width);
    for (int i = 0; i < 10; i++) {
        a->target[i] = (float)(scale * tam_face_template()[i] - (i % 2 == 0 ? cut : 0.0));
    }
    a->pixels = tam_allocate(a->ctx, (size_t)tam_ctx_threads(a->ctx), 3 * area, "aligned images");
    if (a->pixels == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(count_classes(a));
    tam_writer_plan plan = {.out = config->out,
                            .count = a->plan.count,
                            .classes = tam_dataset_describe(a->plan.dataset).classes,
                            .class_names = a->class_names,
                            .class_count = a->class_count};
    return tam_writer_folder.open(a->ctx, &plan, &a->writer);
}

/* A class of which no image could be read after all has an empty folder, which would be refused as data. */
static void remove_empty_classes(const aligning *a) {
    int64_t classes = tam_dataset_describe(a->plan.dataset).classes;
    for (int64_t c = 0; c < classes; c++) {
        char path[LONGEST_KEY];
        if (a->class_count[c] > 0 && a->class_written[c] == 0 &&
            snprintf(path, sizeof path, "%s/%s", a->plan.config->out, a->class_names[c]) < (int)sizeof path) {
            (void)rmdir(path);
        }
    }
}

static tam_status write_all(aligning *a) {
    int64_t files;
    TAM_TRY(prepare(a));
    tam_status status = align_all(a);
    if (status == TAM_OK && a->plan.result->written == 0) {
        status = tam_fail(a->ctx, TAM_INPUT, "%s: none of the images that have landmarks can be read",
                          a->plan.config->landmarks);
    }
    if (status != TAM_OK) {
        tam_writer_folder.abandon(a->writer);
        return status;
    }
    TAM_TRY(tam_writer_folder.commit(a->writer, &files));
    remove_empty_classes(a);
    return TAM_OK;
}

static tam_status check(tam_ctx *ctx, const tam_align_config *config, int height, int width) {
    if (config->landmarks == NULL || config->out == NULL || *config->out == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "aligning wants a list of landmarks and a folder to write");
    }
    if (height < 1 || height > MOST_SIDE || width < 1 || width > MOST_SIDE) {
        return tam_fail(ctx, TAM_CONFIG, "aligned images of %d x %d: sides are in [1, %d]", width, height, MOST_SIDE);
    }
    if (config->quality < 0 || config->quality > 100) {
        return tam_fail(ctx, TAM_CONFIG, "a JPEG quality of %d is outside [1, 100]", config->quality);
    }
    if (tam_path_is_link(config->out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists as a link, whose place a folder cannot take; nothing was written",
                        config->out);
    }
    if (!tam_path_is_free(config->out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists and is not an empty folder; nothing was written", config->out);
    }
    return TAM_OK;
}

tam_status tam_align_set(tam_ctx *ctx, const tam_dataset *dataset, const tam_align_config *config,
                         tam_align_result *result) {
    *result = (tam_align_result){0};
    int height = config->size != 0 ? config->size : TEMPLATE_SIDE, width = config->width != 0 ? config->width : height;
    TAM_TRY(check(ctx, config, height, width));
    aligning *a = tam_allocate(ctx, 1, sizeof *a, "the alignment");
    if (a == NULL) {
        return TAM_RESOURCES;
    }
    a->ctx = ctx;
    a->height = height;
    a->width = width;
    tam_status status = tam_align_plan_make(ctx, dataset, config, result, &a->plan);
    if (status == TAM_OK) {
        status = write_all(a);
        tam_align_plan_free(&a->plan);
    }
    tam_release(ctx, a->pixels);
    tam_release(ctx, a->class_names);
    tam_release(ctx, a->class_count);
    tam_release(ctx, a->class_written);
    tam_release(ctx, a);
    return status;
}
