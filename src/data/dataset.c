#include "data/dataset.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/team.h"
#include "data/class_filter.h"
#include "data/decoder.h"
#include "data/reader.h"

enum { MOST_SIZE = 4096, LOOKS_PER_TASK = 64 };

struct tam_dataset {
    tam_ctx *ctx;
    tam_source source;
    tam_dataset_info info;
    size_t image_bytes;
    uint32_t *kept; /* image i's number in the source */
    int32_t *labels;
    const char **class_names;
    tam_decoder *decoder;
};

static const tam_reader *const readers[] = {
#define X(name) &tam_reader_##name,
#include "data/readers.def"
#undef X
};

static tam_status open_source(tam_dataset *dataset, const char *path, const char *split) {
    tam_ctx *ctx = dataset->ctx;
    if (path == NULL || *path == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "no data were named");
    }
    tam_path_kind kind = tam_path_look(path);
    if (kind != TAM_PATH_FOLDER) {
        return tam_fail(
            ctx, TAM_INPUT,
            kind == TAM_PATH_ABSENT ? "%s: there is no such folder" : "%s: not a folder of images or IDX files", path);
    }
    const tam_reader *const *reader = readers;
    while (!(*reader)->recognise(path)) {
        reader++; /* the last one takes every folder */
    }
    TAM_TRY((*reader)->open(ctx, path, split != NULL ? split : "train", &dataset->source));
    if (dataset->source.count > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_INPUT, "%s: %lld images are more than 2^32", path, (long long)dataset->source.count);
    }
    if (dataset->source.classes < 2) {
        return tam_fail(ctx, TAM_INPUT, "%s: there is only one class, '%s', and at least 2 are needed", path,
                        dataset->source.class_names[0]);
    }
    return TAM_OK;
}

static tam_status choose_classes(tam_ctx *ctx, const tam_source *source, const tam_dataset_config *config, bool *keep) {
    int64_t left = 0;
    memset(keep, config->classes == NULL, (size_t)source->classes);
    if (config->classes != NULL) {
        TAM_TRY(tam_class_filter(ctx, config->classes, source->class_names, source->classes, true, keep));
    }
    if (config->exclude_classes != NULL) {
        TAM_TRY(tam_class_filter(ctx, config->exclude_classes, source->class_names, source->classes, false, keep));
    }
    for (int32_t c = 0; c < source->classes; c++) {
        left += keep[c];
    }
    if (left < 2) {
        return tam_fail(ctx, TAM_CONFIG, "%s: the class filters leave %lld of %d classes, and at least 2 are needed",
                        config->path, (long long)left, source->classes);
    }
    return TAM_OK;
}

/* Fills kept, labels and class_names: class ids are the ranks among the classes that are left. */
static tam_status keep_images(tam_dataset *dataset, const bool *keep, int32_t *rank) {
    tam_ctx *ctx = dataset->ctx;
    const tam_source *source = &dataset->source;
    int32_t classes = 0;
    int64_t count = 0;
    for (int32_t c = 0; c < source->classes; c++) {
        rank[c] = classes;
        classes += keep[c];
    }
    for (int64_t i = 0; i < source->count; i++) {
        count += keep[source->labels[i]];
    }
    dataset->kept = tam_allocate(ctx, (size_t)count, sizeof *dataset->kept, "the list of images");
    dataset->labels = tam_allocate(ctx, (size_t)count, sizeof *dataset->labels, "labels");
    dataset->class_names = tam_allocate(ctx, (size_t)classes, sizeof *dataset->class_names, "class names");
    if (dataset->kept == NULL || dataset->labels == NULL || dataset->class_names == NULL) {
        return TAM_RESOURCES;
    }
    for (int32_t c = 0; c < source->classes; c++) {
        if (keep[c]) {
            dataset->class_names[rank[c]] = source->class_names[c];
        }
    }
    for (int64_t i = 0, at = 0; i < source->count; i++) {
        int32_t c = source->labels[i];
        if (keep[c]) {
            dataset->kept[at] = (uint32_t)i;
            dataset->labels[at++] = rank[c];
        }
    }
    dataset->info.count = count;
    dataset->info.classes = classes;
    return TAM_OK;
}

static tam_status filter_classes(tam_dataset *dataset, const tam_dataset_config *config) {
    size_t classes = (size_t)dataset->source.classes;
    bool *keep = tam_allocate(dataset->ctx, classes, sizeof *keep, "the class filter");
    int32_t *rank = tam_allocate(dataset->ctx, classes, sizeof *rank, "the class filter");
    tam_status status = TAM_RESOURCES;
    if (keep != NULL && rank != NULL) {
        status = choose_classes(dataset->ctx, &dataset->source, config, keep);
    }
    if (status == TAM_OK) {
        status = keep_images(dataset, keep, rank);
    }
    tam_release(dataset->ctx, keep);
    tam_release(dataset->ctx, rank);
    return status;
}

/* Every image's header, so that the delivered size and channels are known before any image is decoded. */
typedef struct look_all {
    const tam_dataset *dataset;
    tam_image_info first;
    _Atomic int64_t failed; /* lowest number of an image without a good header; count: none */
    _Atomic int64_t odd;    /* lowest number of an image with another size than the first; count: none */
    atomic_bool colour;
} look_all;

static void lower(_Atomic int64_t *least, int64_t i) {
    int64_t now = atomic_load(least);
    while (i < now && !atomic_compare_exchange_weak(least, &now, i)) {
    }
}

static void look_some(void *argument, int64_t task, int worker) {
    look_all *all = argument;
    const tam_dataset *dataset = all->dataset;
    int64_t end = (task + 1) * LOOKS_PER_TASK;
    (void)worker;
    for (int64_t i = task * LOOKS_PER_TASK; i < end && i < dataset->info.count; i++) {
        tam_image_info info;
        if (dataset->source.reader->look(&dataset->source, dataset->kept[i], &info) != TAM_OK) {
            lower(&all->failed, i);
            return;
        }
        if (info.width != all->first.width || info.height != all->first.height) {
            lower(&all->odd, i);
        }
        if (info.channels == 3) {
            atomic_store(&all->colour, true);
        }
    }
}

static tam_status look_at_headers(tam_dataset *dataset, int size, int channels) {
    tam_ctx *ctx = dataset->ctx;
    const tam_source *source = &dataset->source;
    int64_t count = dataset->info.count;
    look_all all = {.dataset = dataset, .failed = count, .odd = count};
    TAM_TRY(source->reader->look(source, dataset->kept[0], &all.first));
    tam_team_run(ctx, (count + LOOKS_PER_TASK - 1) / LOOKS_PER_TASK, look_some, &all);

    tam_image_info info;
    int64_t failed = atomic_load(&all.failed), odd = atomic_load(&all.odd);
    if (failed < count) { /* once more, so that the sentence is this image's */
        TAM_TRY(source->reader->look(source, dataset->kept[failed], &info));
    }
    if (size == 0 && odd < count) {
        char first_name[256], odd_name[256];
        tam_dataset_image_name(dataset, 0, first_name, sizeof first_name);
        tam_dataset_image_name(dataset, odd, odd_name, sizeof odd_name);
        TAM_TRY(source->reader->look(source, dataset->kept[odd], &info));
        return tam_fail(ctx, TAM_CONFIG, "%s is %d x %d but %s is %d x %d: give the size that images shall have",
                        first_name, all.first.width, all.first.height, odd_name, info.width, info.height);
    }
    dataset->info.width = size > 0 ? size : all.first.width;
    dataset->info.height = size > 0 ? size : all.first.height;
    dataset->info.channels = channels > 0 ? channels : atomic_load(&all.colour) ? 3 : 1;
    return TAM_OK;
}

static tam_status choose_size(tam_dataset *dataset, const tam_dataset_config *config) {
    if (config->size < 0 || config->size > MOST_SIZE) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "an image size of %d is outside [1, %d]", config->size, MOST_SIZE);
    }
    if (config->channels != 0 && config->channels != 1 && config->channels != 3) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "%d channels: 1 (grey) or 3 (RGB) are possible", config->channels);
    }
    if (config->size > 0 && config->channels > 0) {
        dataset->info.width = config->size;
        dataset->info.height = config->size;
        dataset->info.channels = config->channels;
    } else {
        TAM_TRY(look_at_headers(dataset, config->size, config->channels));
    }
    dataset->image_bytes = (size_t)dataset->info.width * (size_t)dataset->info.height * (size_t)dataset->info.channels;
    return TAM_OK;
}

tam_status tam_dataset_open(tam_ctx *ctx, const tam_dataset_config *config, tam_dataset **out) {
    *out = NULL;
    tam_dataset *dataset = tam_allocate(ctx, 1, sizeof *dataset, "the dataset");
    if (dataset == NULL) {
        return TAM_RESOURCES;
    }
    dataset->ctx = ctx;
    tam_status status = open_source(dataset, config->path, config->split);
    if (status == TAM_OK) {
        status = filter_classes(dataset, config);
    }
    if (status == TAM_OK) {
        status = choose_size(dataset, config);
    }
    if (status == TAM_OK) {
        status = tam_decoder_create(ctx, &dataset->source, &dataset->info, dataset->kept, &dataset->decoder);
    }
    if (status != TAM_OK) {
        tam_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return TAM_OK;
}

void tam_dataset_free(tam_dataset *dataset) {
    if (dataset == NULL) {
        return;
    }
    tam_ctx *ctx = dataset->ctx;
    tam_decoder_free(dataset->decoder);
    if (dataset->source.reader != NULL) {
        dataset->source.reader->close(&dataset->source);
    }
    tam_release(ctx, dataset->kept);
    tam_release(ctx, dataset->labels);
    tam_release(ctx, dataset->class_names);
    tam_release(ctx, dataset);
}

tam_dataset_info tam_dataset_describe(const tam_dataset *dataset) {
    return dataset->info;
}

int32_t tam_dataset_label(const tam_dataset *dataset, int64_t i) {
    return dataset->labels[i];
}

const char *tam_dataset_class_name(const tam_dataset *dataset, int64_t c) {
    return dataset->class_names[c];
}

void tam_dataset_image_name(const tam_dataset *dataset, int64_t i, char *name, size_t room) {
    dataset->source.reader->image_name(&dataset->source, dataset->kept[i], name, room);
}

tam_status tam_dataset_pixels(tam_dataset *dataset, int64_t i, uint8_t *buffer, const uint8_t **pixels) {
    return tam_decoder_pixels(dataset->decoder, i, buffer, pixels);
}

tam_status tam_dataset_read(tam_dataset *dataset, int64_t i, uint8_t *pixels) {
    const uint8_t *from;
    TAM_TRY(tam_dataset_pixels(dataset, i, pixels, &from));
    if (from != pixels) {
        memcpy(pixels, from, dataset->image_bytes);
    }
    return TAM_OK;
}
