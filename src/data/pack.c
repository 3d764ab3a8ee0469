/* Packing: images of any kind of data go to a writer, in the order that it wants. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/packed_image.h"
#include "data/reader_bin.h"
#include "data/writer.h"

enum { LONGEST_NAME = 4352 };

static const double seconds_between_reports = 0.25;

static const tam_writer_kind *const kinds[] = {
#define X(name) &tam_writer_##name,
#include "data/writers.def"
#undef X
};

enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct packing {
    tam_ctx *ctx;
    tam_dataset *dataset;
    const tam_pack_config *config;
    const tam_writer_kind *kind;
    tam_dataset_info info;
    const char **class_names;
    int64_t *class_count;
    int64_t *order; /* [count] images in the order of writing; NULL: the data's */
    tam_packed_image image;
    tam_writer *writer;
    tam_pack_result result;
} packing;

/* Whether `name` ends with one of the endings, which are separated by spaces. */
static bool ends_with(const char *name, const char *endings) {
    size_t length = strlen(name);
    for (const char *ending = endings; ending != NULL && *ending != '\0';) {
        size_t known = strcspn(ending, " ");
        if (known < length && strncasecmp(name + length - known, ending, known) == 0) {
            return true;
        }
        ending += known + (ending[known] == ' ');
    }
    return false;
}

static tam_status find_by_name(tam_ctx *ctx, const char *format, const tam_writer_kind **kind) {
    const char *names[KINDS];
    char known[256] = "";
    for (int i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->name;
        if (strcmp(kinds[i]->name, format) == 0) {
            *kind = kinds[i];
            return TAM_OK;
        }
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i > 0 ? ", " : "", kinds[i]->name);
    }
    const char *nearest = tam_nearest_name(format, names, KINDS);
    if (nearest != NULL) {
        return tam_fail(ctx, TAM_CONFIG, "unknown format '%s' (did you mean '%s'?)", format, nearest);
    }
    return tam_fail(ctx, TAM_CONFIG, "unknown format '%s' (known: %s)", format, known);
}

/* The letter after the last dot of the last part of the path: "lfw-v1.2" has no ending, "lfw.zip" has. */
static bool has_ending(const char *path) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash != NULL ? slash : path, '.');
    char first = dot != NULL ? dot[1] : '\0';
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
}

static tam_status find_kind(tam_ctx *ctx, const tam_pack_config *config, const tam_writer_kind **kind) {
    const char *out = config->out;
    if (out == NULL || *out == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "no output was named");
    }
    if (config->format != NULL) {
        return find_by_name(ctx, config->format, kind);
    }
    for (int i = 0; i < KINDS; i++) {
        if (ends_with(out, kinds[i]->ending)) {
            *kind = kinds[i];
            return TAM_OK;
        }
    }
    if (has_ending(out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: no format goes by this ending (%s): name the format", out,
                        ends_with(out, ".bin") ? "a .bin holds pairs, data pack-pairs writes it"
                                               : ".rec, .tar, .npy, .txt, .lst");
    }
    return find_by_name(ctx, "folder", kind);
}

tam_status tam_pack_wants_pixels(tam_ctx *ctx, const tam_pack_config *config, int *pixels) {
    const tam_writer_kind *kind;
    *pixels = 0;
    TAM_TRY(find_kind(ctx, config, &kind));
    *pixels = kind->bare;
    return TAM_OK;
}

static tam_status check_out(tam_ctx *ctx, const tam_writer_kind *kind, const char *out) {
    if (kind->folder && tam_path_is_link(out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists as a link, whose place a folder cannot take; nothing was written",
                        out);
    }
    if (kind->folder && tam_path_is_free(out)) {
        return TAM_OK;
    }
    if (tam_path_is_taken(out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists%s; nothing was written", out,
                        kind->folder ? " and is not an empty folder" : "");
    }
    return TAM_OK;
}

static tam_status count_classes(packing *p) {
    int64_t classes = p->info.classes;
    p->class_names = tam_allocate(p->ctx, (size_t)classes, sizeof *p->class_names, "class names");
    p->class_count = tam_allocate(p->ctx, (size_t)classes, sizeof *p->class_count, "the sizes of classes");
    if (p->class_names == NULL || p->class_count == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t c = 0; c < classes; c++) {
        p->class_names[c] = tam_dataset_class_name(p->dataset, c);
    }
    for (int64_t i = 0; classes > 0 && i < p->info.count; i++) {
        p->class_count[tam_dataset_label(p->dataset, i)]++;
    }
    return TAM_OK;
}

/* Images class by class, those of a class in the data's order. */
static tam_status sort_by_class(packing *p) {
    int64_t begin = 0;
    if (!p->kind->by_class || p->info.classes == 0) {
        return TAM_OK;
    }
    int64_t *next = tam_allocate(p->ctx, (size_t)p->info.classes, sizeof *next, "the order of images");
    p->order = tam_allocate(p->ctx, (size_t)p->info.count, sizeof *p->order, "the order of images");
    if (next == NULL || p->order == NULL) {
        tam_release(p->ctx, next);
        return TAM_RESOURCES;
    }
    for (int64_t c = 0; c < p->info.classes; c++) {
        next[c] = begin;
        begin += p->class_count[c];
    }
    for (int64_t i = 0; i < p->info.count; i++) {
        p->order[next[tam_dataset_label(p->dataset, i)]++] = i;
    }
    tam_release(p->ctx, next);
    return TAM_OK;
}

static bool is_stopped(const packing *p) {
    return p->config->stop != NULL && *p->config->stop != 0;
}

/* The size that all images have, as they will be written; 0 where they differ. */
static tam_status measure(packing *p, tam_image_info *common) {
    const tam_source *source = tam_dataset_source(p->dataset);
    tam_reader_scratch scratch = {0};
    tam_status status = TAM_OK;
    *common = (tam_image_info){p->info.width, p->info.height, p->info.channels};
    if (p->image.anew || !p->kind->sized || p->info.count == 0) {
        return TAM_OK;
    }
    for (int64_t i = 0; status == TAM_OK && i < p->info.count && (i == 0 || common->width > 0); i++) {
        tam_image_info info;
        status = tam_source_look(source, tam_dataset_source_number(p->dataset, i), &scratch, &info);
        if (status == TAM_OK && i == 0) {
            *common = info;
        } else if (status == TAM_OK && (info.width != common->width || info.height != common->height)) {
            *common = (tam_image_info){0};
        } else if (status == TAM_OK && info.channels > common->channels) {
            common->channels = info.channels;
        }
        if (status == TAM_OK && is_stopped(p)) {
            status = tam_fail(p->ctx, TAM_STOPPED, "stopped");
        }
    }
    tam_scratch_free(p->ctx, &scratch);
    return status;
}

/* The pairs of a verification set, unless fixes have left images out. */
static const uint8_t *same_of(const packing *p) {
    const char *path;
    const tam_verification_bin *bin = tam_bin_pairs(tam_dataset_source(p->dataset), &path);
    if (bin != NULL && 2 * bin->pairs != p->info.count) {
        tam_warn(p->ctx, "%s: images were left out, so the pairs are not written", path);
        return NULL;
    }
    return bin != NULL ? bin->same : NULL;
}

static tam_status prepare(packing *p) {
    tam_image_info common;
    TAM_TRY(check_out(p->ctx, p->kind, p->config->out));
    if (p->kind->in_place && (p->config->encode || !tam_dataset_source(p->dataset)->reader->own_files)) {
        return tam_fail(p->ctx, TAM_CONFIG,
                        "the format %s names images where they lie, as they are: that is for data "
                        "whose images are files of their own, and without writing them anew",
                        p->kind->name);
    }
    TAM_TRY(tam_packed_image_open(p->ctx, p->dataset, p->config, p->kind->bare, &p->image));
    TAM_TRY(count_classes(p));
    TAM_TRY(sort_by_class(p));
    TAM_TRY(measure(p, &common));
    tam_writer_plan plan = {.out = p->config->out,
                            .count = p->info.count,
                            .classes = p->info.classes,
                            .class_names = p->class_names,
                            .class_count = p->class_count,
                            .channels = common.channels,
                            .height = common.height,
                            .width = common.width,
                            .shard_bytes = p->config->shard_bytes,
                            .same = same_of(p)};
    return p->kind->open(p->ctx, &plan, &p->writer);
}

/* A key that ends like an image of another kind than the bytes are now. */
static void correct_ending(const packing *p, char *key, size_t room) {
    char ending[TAM_IMAGE_ENDING_ROOM];
    if (p->image.anew && !p->kind->bare && tam_image_named(key) &&
        tam_image_ending(p->image.data, p->image.size, ending)) {
        char *dot = strrchr(key, '.');
        snprintf(dot, room - (size_t)(dot - key), "%s", ending);
    }
}

static tam_status add_images(packing *p) {
    char key[LONGEST_NAME], name[LONGEST_NAME];
    double reported = tam_seconds();
    for (int64_t n = 0; n < p->info.count; n++) {
        int64_t i = p->order != NULL ? p->order[n] : n;
        if (is_stopped(p)) {
            return tam_fail(p->ctx, TAM_STOPPED, "stopped after %lld of %lld images; nothing was left at %s",
                            (long long)n, (long long)p->info.count, p->config->out);
        }
        TAM_TRY(tam_packed_image_read(&p->image, i));
        tam_dataset_image_key(p->dataset, i, key, sizeof key);
        tam_dataset_image_name(p->dataset, i, name, sizeof name);
        correct_ending(p, key, sizeof key);
        tam_item item = {.number = n,
                         .label = tam_dataset_label(p->dataset, i),
                         .key = key,
                         .name = name,
                         .data = p->image.data,
                         .size = p->image.size};
        TAM_TRY(p->kind->add(p->writer, &item));
        p->result.bytes += item.size;
        if (p->config->progress != NULL &&
            (n + 1 == p->info.count || tam_seconds() - reported > seconds_between_reports)) {
            reported = tam_seconds();
            p->config->progress(p->config->progress_user, n + 1, p->info.count);
        }
    }
    return TAM_OK;
}

tam_status tam_pack(tam_ctx *ctx, tam_dataset *dataset, const tam_pack_config *config, tam_pack_result *result) {
    packing p = {.ctx = ctx, .dataset = dataset, .config = config, .info = tam_dataset_describe(dataset)};
    *result = (tam_pack_result){0};
    TAM_TRY(find_kind(ctx, config, &p.kind));
    tam_status status = prepare(&p);
    if (status == TAM_OK) {
        status = add_images(&p);
        if (status == TAM_OK) {
            status = p.kind->commit(p.writer, &p.result.files);
        } else {
            p.kind->abandon(p.writer);
        }
    }
    tam_packed_image_close(&p.image);
    tam_release(ctx, p.class_names);
    tam_release(ctx, p.class_count);
    tam_release(ctx, p.order);
    if (status == TAM_OK) {
        p.result.images = p.info.count;
        p.result.classes = p.info.classes;
        *result = p.result;
    }
    return status;
}
