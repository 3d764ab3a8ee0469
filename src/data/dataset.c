#include "data/dataset.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/team.h"
#include "data/class_filter.h"
#include "data/decoder.h"
#include "data/fixes.h"
#include "data/reader.h"

enum { MOST_SIZE = 4096, LOOKS_PER_TASK = 64 };

struct tam_dataset {
    tam_ctx *ctx;
    tam_source source;
    tam_fixed fixed; /* the source's classes and labels, after the list of fixes; class_of only while it opens */
    tam_dataset_info info;
    size_t image_bytes;
    uint32_t *kept; /* image i's number in the source */
    int32_t *labels;
    tam_decoder *decoder;
};

static const tam_reader *const readers[] = {
#define X(name) &tam_reader_##name,
#include "data/readers.def"
#undef X
};

tam_status tam_place_look(tam_ctx *ctx, const char *path, tam_place *place) {
    *place = (tam_place){.path = path, .kind = tam_path_look(path)};
    if (place->kind == TAM_PATH_OTHER) {
        return tam_fail(ctx, TAM_INPUT, "%s: neither a folder nor a regular file", path);
    }
    if (place->kind == TAM_PATH_FILE) {
        int descriptor;
        size_t size;
        TAM_TRY(tam_file_open(ctx, path, &descriptor, &size));
        place->start_size = size < sizeof place->start ? size : sizeof place->start;
        tam_status status = tam_file_read_at(ctx, path, descriptor, 0, place->start, place->start_size);
        close(descriptor);
        return status;
    }
    return TAM_OK;
}

static const tam_reader *find_reader(const tam_place *place) {
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i]->recognise(place)) {
            return readers[i];
        }
    }
    return NULL;
}

/* reader: NULL for the one that takes what lies there. */
static tam_status open_source(tam_dataset *dataset, const tam_reader *reader, const tam_dataset_config *asked) {
    tam_ctx *ctx = dataset->ctx;
    tam_place place;
    tam_dataset_config config = *asked;
    config.split = config.split != NULL ? config.split : "train";
    if (config.images != NULL && config.image_count > 0) {
        config.path = config.path != NULL ? config.path : config.images[0];
        reader = &tam_reader_images;
    }
    if (config.path == NULL || *config.path == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "no data were named");
    }
    if (reader == NULL) {
        TAM_TRY(tam_place_look(ctx, config.path, &place));
        reader = find_reader(&place);
    }
    if (reader == NULL) {
        return tam_fail(ctx, TAM_INPUT,
                        place.kind == TAM_PATH_ABSENT ? "%s: there is no such file or folder"
                                                      : "%s: none of the kinds of data that are known (docs/data.md)",
                        config.path);
    }
    TAM_TRY(reader->open(ctx, &config, &dataset->source));
    const tam_source *source = &dataset->source;
    if (source->count > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_INPUT, "%s: %lld images are more than 2^32", config.path, (long long)source->count);
    }
    if (source->classes == 0 && !config.unlabelled) {
        return tam_fail(ctx, TAM_INPUT, "%s: %s without labels", config.path, reader->name);
    }
    if (source->classes == 1 && !config.unlabelled) {
        return tam_fail(ctx, TAM_INPUT, "%s: there is only one class, '%s', and at least 2 are needed", config.path,
                        source->class_names[0]);
    }
    return TAM_OK;
}

static tam_status choose_classes(tam_ctx *ctx, const tam_fixed *fixed, const tam_dataset_config *config, bool *keep) {
    int64_t left = 0, least = config->unlabelled ? 0 : 2;
    if (fixed->classes == 0 && (config->classes != NULL || config->exclude_classes != NULL)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: there are no labels, so no classes can be chosen", config->path);
    }
    memset(keep, config->classes == NULL, (size_t)fixed->classes);
    if (config->classes != NULL) {
        TAM_TRY(tam_class_filter(ctx, config->classes, fixed->class_names, fixed->classes, true, keep));
    }
    if (config->exclude_classes != NULL) {
        TAM_TRY(tam_class_filter(ctx, config->exclude_classes, fixed->class_names, fixed->classes, false, keep));
    }
    for (int32_t c = 0; c < fixed->classes; c++) {
        left += keep[c];
    }
    if (left < least) {
        return tam_fail(ctx, TAM_CONFIG, "%s: the %s leave %lld of %d classes, and at least 2 are needed", config->path,
                        config->fixes != NULL ? "fixes and class filters" : "class filters", (long long)left,
                        fixed->classes);
    }
    return TAM_OK;
}

/* Images that are left, by number. */
static tam_status keep_images(tam_dataset *dataset, const tam_dataset_config *config) {
    tam_ctx *ctx = dataset->ctx;
    const int32_t *class_of = dataset->fixed.class_of;
    int64_t all = dataset->source.count, count = 0;
    bool labelled = dataset->source.classes > 0;
    for (int64_t i = 0; i < all; i++) {
        count += class_of[i] >= 0;
    }
    if (count == 0) {
        return tam_fail(ctx, all == 0 ? TAM_INPUT : TAM_CONFIG, "%s: %s", config->path,
                        all == 0 ? "no images in it" : "the fixes and class filters leave no image");
    }
    dataset->kept = tam_allocate(ctx, (size_t)count, sizeof *dataset->kept, "the list of images");
    dataset->labels = tam_allocate(ctx, (size_t)count, sizeof *dataset->labels, "labels");
    if (dataset->kept == NULL || dataset->labels == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0, at = 0; i < all; i++) {
        if (class_of[i] >= 0) {
            dataset->kept[at] = (uint32_t)i;
            dataset->labels[at++] = labelled ? class_of[i] : -1;
        }
    }
    dataset->info.count = count;
    return TAM_OK;
}

/* Class ids are the ranks among the classes that are left. */
static void number_classes(tam_dataset *dataset, const bool *keep, int32_t *rank) {
    tam_fixed *fixed = &dataset->fixed;
    int32_t classes = 0;
    for (int32_t c = 0; c < fixed->classes; c++) {
        rank[c] = keep[c] ? classes : -1;
        if (keep[c]) {
            fixed->class_names[classes++] = fixed->class_names[c];
        }
    }
    for (int64_t i = 0; fixed->classes > 0 && i < dataset->source.count; i++) {
        fixed->class_of[i] = fixed->class_of[i] >= 0 ? rank[fixed->class_of[i]] : -1;
    }
    dataset->info.classes = classes;
}

static tam_status choose_images(tam_dataset *dataset, const tam_dataset_config *config) {
    tam_fixed *fixed = &dataset->fixed;
    TAM_TRY(tam_fixes_apply(dataset->ctx, config->fixes, &dataset->source, fixed));
    bool *keep = tam_allocate(dataset->ctx, (size_t)fixed->classes, sizeof *keep, "the class filter");
    int32_t *rank = tam_allocate(dataset->ctx, (size_t)fixed->classes, sizeof *rank, "the class filter");
    tam_status status = TAM_RESOURCES;
    if (keep != NULL && rank != NULL) {
        status = choose_classes(dataset->ctx, fixed, config, keep);
    }
    if (status == TAM_OK) {
        number_classes(dataset, keep, rank);
        status = keep_images(dataset, config);
    }
    tam_release(dataset->ctx, fixed->class_of);
    fixed->class_of = NULL;
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
    tam_reader_scratch scratch = {0};
    (void)worker;
    for (int64_t i = task * LOOKS_PER_TASK; i < end && i < dataset->info.count; i++) {
        tam_image_info info;
        if (tam_source_look(&dataset->source, dataset->kept[i], &scratch, &info) != TAM_OK) {
            lower(&all->failed, i);
            break;
        }
        if (info.width != all->first.width || info.height != all->first.height) {
            lower(&all->odd, i);
        }
        if (info.channels == 3) {
            atomic_store(&all->colour, true);
        }
    }
    tam_scratch_free(dataset->ctx, &scratch);
}

/* One header, for a sentence about it. */
static tam_status look_at(const tam_dataset *dataset, int64_t i, tam_image_info *info) {
    tam_reader_scratch scratch = {0};
    tam_status status = tam_source_look(&dataset->source, dataset->kept[i], &scratch, info);
    tam_scratch_free(dataset->ctx, &scratch);
    return status;
}

static tam_status look_at_headers(tam_dataset *dataset, int size, int channels) {
    tam_ctx *ctx = dataset->ctx;
    int64_t count = dataset->info.count;
    look_all all = {.dataset = dataset, .failed = count, .odd = count};
    TAM_TRY(look_at(dataset, 0, &all.first));
    tam_team_run(ctx, (count + LOOKS_PER_TASK - 1) / LOOKS_PER_TASK, look_some, &all);

    tam_image_info info;
    int64_t failed = atomic_load(&all.failed), odd = atomic_load(&all.odd);
    if (failed < count) { /* once more, so that the sentence is this image's */
        TAM_TRY(look_at(dataset, failed, &info));
    }
    if (size == 0 && odd < count) {
        char first_name[256], odd_name[256];
        tam_dataset_image_name(dataset, 0, first_name, sizeof first_name);
        tam_dataset_image_name(dataset, odd, odd_name, sizeof odd_name);
        TAM_TRY(look_at(dataset, odd, &info));
        return tam_fail(ctx, TAM_CONFIG, "%s is %d x %d but %s is %d x %d: give the size that images shall have",
                        first_name, all.first.width, all.first.height, odd_name, info.width, info.height);
    }
    dataset->info.width = size > 0 ? size : all.first.width;
    dataset->info.height = size > 0 ? size : all.first.height;
    dataset->info.channels = channels > 0 ? channels : atomic_load(&all.colour) ? 3 : 1;
    return TAM_OK;
}

static tam_status choose_vectors(tam_dataset *dataset, const tam_dataset_config *config) {
    if (config->size > 0 || config->channels > 0) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "%s: vectors of %d numbers have neither a size nor channels",
                        config->path, dataset->source.vector);
    }
    dataset->info.vectors = 1;
    dataset->info.channels = dataset->source.vector;
    dataset->info.height = dataset->info.width = 1;
    return TAM_OK;
}

static tam_status choose_size(tam_dataset *dataset, const tam_dataset_config *config) {
    if (config->size < 0 || config->size > MOST_SIZE) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "an image size of %d is outside [1, %d]", config->size, MOST_SIZE);
    }
    if (config->channels != 0 && config->channels != 1 && config->channels != 3) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "%d channels: 1 (grey) or 3 (RGB) are possible", config->channels);
    }
    if (config->size == 0 && config->any_size) {
        return TAM_OK;
    }
    if (dataset->source.vector > 0) {
        return choose_vectors(dataset, config);
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
    return tam_dataset_open_by(ctx, NULL, config, out);
}

tam_status tam_dataset_open_by(tam_ctx *ctx, const tam_reader *reader, const tam_dataset_config *config,
                               tam_dataset **out) {
    *out = NULL;
    tam_dataset *dataset = tam_allocate(ctx, 1, sizeof *dataset, "the dataset");
    if (dataset == NULL) {
        return TAM_RESOURCES;
    }
    dataset->ctx = ctx;
    tam_status status = open_source(dataset, reader, config);
    if (status == TAM_OK) {
        status = choose_images(dataset, config);
    }
    if (status == TAM_OK) {
        status = choose_size(dataset, config);
    }
    if (status == TAM_OK) {
        status = tam_decoder_create(ctx, &dataset->source, &dataset->info, dataset->kept,
                                    dataset->image_bytes > 0 ? config->cache_bytes : -1, &dataset->decoder);
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
    tam_fixes_free(ctx, &dataset->fixed);
    tam_release(ctx, dataset);
}

tam_dataset_info tam_dataset_describe(const tam_dataset *dataset) {
    return dataset->info;
}

int32_t tam_dataset_label(const tam_dataset *dataset, int64_t i) {
    return dataset->labels[i];
}

const char *tam_dataset_class_name(const tam_dataset *dataset, int64_t c) {
    return dataset->fixed.class_names[c];
}

void tam_dataset_image_name(const tam_dataset *dataset, int64_t i, char *name, size_t room) {
    dataset->source.reader->image_name(&dataset->source, dataset->kept[i], name, room);
}

void tam_dataset_image_key(const tam_dataset *dataset, int64_t i, char *key, size_t room) {
    dataset->source.reader->image_key(&dataset->source, dataset->kept[i], key, room);
}

const char *tam_dataset_kind(const tam_dataset *dataset) {
    return dataset->source.reader->name;
}

const tam_source *tam_dataset_source(const tam_dataset *dataset) {
    return &dataset->source;
}

int64_t tam_dataset_source_number(const tam_dataset *dataset, int64_t i) {
    return dataset->kept[i];
}

/* Where filters have left few of the images that lie there, the others are not worth reading. */
void tam_dataset_prefetch(const tam_dataset *dataset, int64_t first, int64_t count) {
    const tam_source *source = &dataset->source;
    if (source->reader->prefetch != NULL && count > 0) {
        int64_t from = dataset->kept[first], span = dataset->kept[first + count - 1] + 1 - from;
        if (span >= count && span <= 2 * count) {
            source->reader->prefetch(source, from, span);
        }
    }
}

tam_status tam_dataset_pixels(tam_dataset *dataset, int64_t i, uint8_t *buffer, const uint8_t **pixels) {
    if (dataset->source.vector > 0) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "vectors of %d numbers are not images", dataset->source.vector);
    }
    if (dataset->image_bytes == 0) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "data that were opened for images of any size are not decoded");
    }
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

tam_status tam_dataset_read_vector(tam_dataset *dataset, int64_t i, float *x) {
    const tam_source *source = &dataset->source;
    if (source->vector == 0) {
        return tam_fail(dataset->ctx, TAM_CONFIG, "images are not vectors");
    }
    return source->reader->vector(source, dataset->kept[i], x);
}
