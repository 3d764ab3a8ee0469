/* NAME.npy [N, H, W, C] of bytes, NAME.labels.npy [N] of int64, NAME.classes.txt with the names of the classes. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "data/writer.h"
#include "io/npy.h"
#include "io/npy_names.h"

enum { IMAGES, LABELS, CLASSES, FILES };

struct tam_writer {
    tam_ctx *ctx;
    tam_stream *streams[FILES]; /* of classes and labels NULL without labels */
    char paths[FILES][PATH_MAX];
    int64_t count, written;
    size_t image_bytes;
};

static void abandon(tam_writer *writer) {
    if (writer != NULL) {
        for (int f = 0; f < FILES; f++) {
            tam_stream_abandon(writer->streams[f]);
        }
        tam_release(writer->ctx, writer);
    }
}

static tam_status name_files(tam_writer *writer, const tam_writer_plan *plan) {
    static const char *const endings[FILES] = {".npy", TAM_NPY_LABELS, TAM_NPY_CLASSES};
    for (int f = 0; f < (plan->classes > 0 ? FILES : 1); f++) {
        if (!tam_npy_beside(plan->out, ".npy", endings[f], writer->paths[f], PATH_MAX)) {
            return tam_fail(writer->ctx, TAM_CONFIG, "%s: the name of an array ends with .npy", plan->out);
        }
        if (tam_path_is_taken(writer->paths[f])) {
            return tam_fail(writer->ctx, TAM_CONFIG, "%s: exists; nothing was written", writer->paths[f]);
        }
    }
    return TAM_OK;
}

static tam_status write_header(tam_writer *writer, int file, tam_npy_type type, int dims, const int64_t *shape) {
    uint8_t header[TAM_NPY_HEADER];
    if (!tam_npy_header(type, dims, shape, header)) {
        return tam_fail(writer->ctx, TAM_CONFIG, "%s: a shape that no header holds", writer->paths[file]);
    }
    TAM_TRY(tam_stream_open(writer->ctx, writer->paths[file], &writer->streams[file]));
    return tam_stream_write(writer->streams[file], header, sizeof header);
}

static tam_status write_names(tam_writer *writer, const tam_writer_plan *plan) {
    TAM_TRY(tam_stream_open(writer->ctx, writer->paths[CLASSES], &writer->streams[CLASSES]));
    for (int64_t c = 0; c < plan->classes; c++) {
        size_t room = 4 * strlen(plan->class_names[c]) + 2;
        char *line = tam_allocate(writer->ctx, room, 1, "a class name");
        if (line == NULL) {
            return TAM_RESOURCES;
        }
        size_t length = tam_escape(plan->class_names[c], line, room);
        line[length] = '\n';
        tam_status status = tam_stream_write(writer->streams[CLASSES], line, length + 1);
        tam_release(writer->ctx, line);
        TAM_TRY(status);
    }
    return TAM_OK;
}

static tam_status start(tam_writer *writer, const tam_writer_plan *plan) {
    const int64_t shape[4] = {plan->count, plan->height, plan->width, plan->channels};
    if (plan->height <= 0 || plan->width <= 0 || plan->channels <= 0) {
        return tam_fail(writer->ctx, TAM_CONFIG, "%s: an array's images have one size: give it", plan->out);
    }
    writer->count = plan->count;
    writer->image_bytes = (size_t)plan->height * (size_t)plan->width * (size_t)plan->channels;
    TAM_TRY(name_files(writer, plan));
    TAM_TRY(write_header(writer, IMAGES, TAM_NPY_U1, 4, shape));
    if (plan->classes > 0) {
        TAM_TRY(write_header(writer, LABELS, TAM_NPY_I8, 1, shape));
        TAM_TRY(write_names(writer, plan));
    }
    return TAM_OK;
}

static tam_status open_npy(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    *out = NULL;
    tam_writer *writer = tam_allocate(ctx, 1, sizeof *writer, "the array to write");
    if (writer == NULL) {
        return TAM_RESOURCES;
    }
    writer->ctx = ctx;
    tam_status status = start(writer, plan);
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

static tam_status add(tam_writer *writer, const tam_item *item) {
    uint8_t label[8];
    if (item->size != writer->image_bytes || writer->written == writer->count) {
        return tam_fail(writer->ctx, TAM_CONFIG, "%s: %zu bytes where an array's images have %zu each", item->name,
                        item->size, writer->image_bytes);
    }
    TAM_TRY(tam_stream_write(writer->streams[IMAGES], item->data, item->size));
    writer->written++;
    if (writer->streams[LABELS] == NULL) {
        return TAM_OK;
    }
    for (int k = 0; k < 8; k++) {
        label[k] = (uint8_t)((uint64_t)item->label >> 8 * k);
    }
    return tam_stream_write(writer->streams[LABELS], label, sizeof label);
}

/* The images come last: where they are, the others are too. A file that fails takes those before it back. */
static tam_status commit(tam_writer *writer, int64_t *files) {
    tam_status status = TAM_OK;
    int f = FILES - 1;
    *files = 0;
    if (writer->written != writer->count) {
        status = tam_fail(writer->ctx, TAM_INPUT, "%s: %lld of %lld images", writer->paths[IMAGES],
                          (long long)writer->written, (long long)writer->count);
    }
    for (; status == TAM_OK && f >= 0; f--) {
        tam_stream *stream = writer->streams[f];
        writer->streams[f] = NULL;
        if (stream != NULL) {
            status = tam_stream_commit(stream);
            *files += 1;
        }
    }
    for (int k = FILES - 1; status != TAM_OK && k > f + 1; k--) {
        if (writer->paths[k][0] != '\0') {
            unlink(writer->paths[k]);
        }
    }
    abandon(writer);
    return status;
}

const tam_writer_kind tam_writer_npy = {
    .name = "npy",
    .ending = ".npy",
    .bare = true,
    .open = open_npy,
    .add = add,
    .commit = commit,
    .abandon = abandon,
};
