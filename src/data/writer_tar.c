/* tar shards as WebDataset reads them: NUMBER.jpg and NUMBER.cls with the class's number, and in each shard first a
 * member with the names of the classes, which WebDataset passes over. Shards are written under names of their own and
 * get their right ones together at the end. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "data/shards.h"
#include "data/tar_samples.h"
#include "data/writer.h"
#include "io/image.h"

#define DEFAULT_SHARD_BYTES ((uint64_t)256 << 20)

static const char part_ending[] = ".part";

struct tam_writer {
    tam_ctx *ctx;
    char *out;
    tam_shards shards;
    bool pattern;
    uint64_t shard_bytes;
    char *classes; /* the names, one on each line */
    size_t classes_size;
    bool labelled;
    tam_stream *stream; /* of the shard that is being written, or NULL */
    int64_t written;    /* shards that are whole under their own names, "SHARD.part" */
    int64_t images;     /* in the shard that is being written */
};

/* Shard k's name, or the one that it is written under. */
static bool shard_name(const tam_writer *writer, int64_t k, bool part, char path[PATH_MAX]) {
    const char *ending = part ? part_ending : "";
    if (!writer->pattern) {
        return snprintf(path, PATH_MAX, "%s%s", writer->out, ending) < PATH_MAX;
    }
    if (!tam_shards_name(&writer->shards, k, path, PATH_MAX)) {
        return false;
    }
    size_t length = strlen(path);
    return snprintf(path + length, PATH_MAX - length, "%s", ending) < (int)(PATH_MAX - length);
}

static void abandon(tam_writer *writer) {
    char path[PATH_MAX];
    if (writer == NULL) {
        return;
    }
    tam_stream_abandon(writer->stream);
    for (int64_t k = 0; k < writer->written; k++) {
        if (shard_name(writer, k, true, path)) {
            unlink(path);
        }
    }
    tam_release(writer->ctx, writer->out);
    tam_release(writer->ctx, writer->classes);
    tam_release(writer->ctx, writer);
}

/* Nothing that is there is written over, also not by a shard that may not be needed: it would be read with the others.
 */
static tam_status check_names(const tam_writer *writer) {
    char path[PATH_MAX];
    for (int64_t k = 0; k < (writer->pattern ? writer->shards.count : 1); k++) {
        for (int part = 0; part < 2; part++) {
            if (!shard_name(writer, k, part, path)) {
                return tam_fail(writer->ctx, TAM_CONFIG, "%.200s...: the path is too long", writer->out);
            }
            if (tam_path_is_taken(path)) {
                return tam_fail(writer->ctx, TAM_CONFIG, "%s: exists%s; nothing was written", path,
                                part ? ", left behind by a run that was cut off" : "");
            }
        }
    }
    return TAM_OK;
}

static tam_status list_classes(tam_writer *writer, const tam_writer_plan *plan) {
    size_t size = 0, used = 0;
    for (int64_t c = 0; c < plan->classes; c++) {
        size += tam_escape(plan->class_names[c], NULL, 0) + 1;
    }
    writer->labelled = plan->classes > 0;
    writer->classes = tam_allocate(writer->ctx, size + 1, 1, "class names");
    if (writer->classes == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t c = 0; c < plan->classes; c++) {
        used += tam_escape(plan->class_names[c], writer->classes + used, size + 1 - used);
        writer->classes[used++] = '\n';
    }
    writer->classes_size = size;
    return TAM_OK;
}

static tam_status open_tar(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    *out = NULL;
    tam_writer *writer = tam_allocate(ctx, 1, sizeof *writer, "the archive to write");
    if (writer == NULL) {
        return TAM_RESOURCES;
    }
    writer->ctx = ctx;
    writer->shard_bytes = plan->shard_bytes > 0 ? (uint64_t)plan->shard_bytes : DEFAULT_SHARD_BYTES;
    writer->out = tam_copy_string(ctx, plan->out);
    tam_status status = TAM_RESOURCES;
    if (writer->out != NULL) {
        const char *brace = strchr(writer->out, '{');
        writer->pattern = tam_shards_parse(writer->out, &writer->shards);
        status = !writer->pattern && brace != NULL && strstr(brace, "..") != NULL
                     ? tam_fail(ctx, TAM_CONFIG, "%s: no pattern of archives: as in part-{000..999}.tar, at most %d",
                                writer->out, TAM_MOST_SHARDS)
                     : list_classes(writer, plan);
    }
    if (status == TAM_OK) {
        status = check_names(writer);
    }
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

static tam_status write_member(tam_writer *writer, const char *name, const void *data, size_t size) {
    static const uint8_t zeros[TAM_TAR_BLOCK];
    uint8_t header[TAM_TAR_BLOCK];
    if (!tam_tar_header(name, size, header)) {
        return tam_fail(writer->ctx, TAM_INPUT, "%s: %zu bytes are too many for a file in an archive", name, size);
    }
    TAM_TRY(tam_stream_write(writer->stream, header, sizeof header));
    TAM_TRY(tam_stream_write(writer->stream, data, size));
    return tam_stream_write(writer->stream, zeros, (TAM_TAR_BLOCK - size % TAM_TAR_BLOCK) % TAM_TAR_BLOCK);
}

/* Two blocks of zeros end an archive. */
static tam_status end_shard(tam_writer *writer) {
    static const uint8_t zeros[2 * TAM_TAR_BLOCK];
    if (writer->stream == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_stream_write(writer->stream, zeros, sizeof zeros));
    tam_stream *stream = writer->stream;
    writer->stream = NULL;
    TAM_TRY(tam_stream_commit(stream));
    writer->written++;
    writer->images = 0;
    return TAM_OK;
}

static tam_status begin_shard(tam_writer *writer) {
    char path[PATH_MAX];
    if (writer->written == (writer->pattern ? writer->shards.count : 1)) {
        return tam_fail(writer->ctx, TAM_CONFIG,
                        "%s: %lld archives of %llu bytes do not hold the data: give more numbers or larger archives",
                        writer->out, (long long)writer->written, (unsigned long long)writer->shard_bytes);
    }
    (void)shard_name(writer, writer->written, true, path);
    TAM_TRY(tam_stream_open(writer->ctx, path, &writer->stream));
    return writer->labelled ? write_member(writer, TAM_TAR_CLASSES, writer->classes, writer->classes_size) : TAM_OK;
}

static tam_status add(tam_writer *writer, const tam_item *item) {
    char ending[TAM_IMAGE_ENDING_ROOM], name[64], label[16];
    if (!tam_image_ending(item->data, item->size, ending)) {
        return tam_fail(writer->ctx, TAM_INPUT, "%s: no image of a known kind, by its first bytes", item->name);
    }
    if (writer->pattern && writer->images > 0 && tam_stream_at(writer->stream) >= writer->shard_bytes) {
        TAM_TRY(end_shard(writer));
    }
    if (writer->stream == NULL) {
        TAM_TRY(begin_shard(writer));
    }
    snprintf(name, sizeof name, "%09lld%s", (long long)item->number, ending);
    TAM_TRY(write_member(writer, name, item->data, item->size));
    if (writer->labelled) {
        snprintf(name, sizeof name, "%09lld.cls", (long long)item->number);
        snprintf(label, sizeof label, "%d", item->label);
        TAM_TRY(write_member(writer, name, label, strlen(label)));
    }
    writer->images++;
    return TAM_OK;
}

/* All or nothing: a name that cannot be given takes back those that were. */
static tam_status name_shards(tam_writer *writer) {
    char part[PATH_MAX], path[PATH_MAX];
    tam_status status = TAM_OK;
    int64_t named = 0;
    for (; status == TAM_OK && named < writer->written; named++) {
        (void)shard_name(writer, named, true, part);
        (void)shard_name(writer, named, false, path);
        status = tam_file_put_in_place(writer->ctx, part, path);
    }
    for (int64_t k = 0; status != TAM_OK && k < named; k++) {
        (void)shard_name(writer, k, false, path);
        unlink(path);
    }
    return status;
}

static tam_status commit(tam_writer *writer, int64_t *files) {
    tam_status status = TAM_OK;
    if (writer->stream == NULL && writer->written == 0) {
        status = begin_shard(writer);
    }
    if (status == TAM_OK) {
        status = end_shard(writer);
    }
    if (status == TAM_OK) {
        *files = writer->written;
        status = name_shards(writer);
    }
    abandon(writer);
    return status;
}

const tam_writer_kind tam_writer_tar = {
    .name = "tar",
    .ending = ".tar",
    .open = open_tar,
    .add = add,
    .commit = commit,
    .abandon = abandon,
};
