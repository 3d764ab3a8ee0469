/* A text "path<TAB>class" of images that stay where they are; paths are absolute. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "data/class_labels.h"
#include "data/writer.h"

struct tam_writer {
    tam_ctx *ctx;
    tam_stream *stream;
    const char *const *class_names;
    char here[PATH_MAX]; /* what relative paths start from */
};

static void abandon(tam_writer *writer) {
    if (writer != NULL) {
        tam_stream_abandon(writer->stream);
        tam_release(writer->ctx, writer);
    }
}

static const char *class_name(const void *user, int64_t i, char room[TAM_LABEL_ROOM]) {
    const tam_writer_plan *plan = user;
    (void)room;
    return plan->class_names[i];
}

static void class_place(const void *user, int64_t i, char place[TAM_LABEL_PLACE_ROOM]) {
    const tam_writer_plan *plan = user;
    snprintf(place, TAM_LABEL_PLACE_ROOM, "class '%.200s' in a list", plan->class_names[i]);
}

/* Classes that are all numbers are read back as numbers: "007" would be "7". */
static tam_status check_names(tam_ctx *ctx, const tam_writer_plan *plan) {
    tam_class_labels read;
    tam_label_texts texts = {.count = plan->classes, .user = plan, .text = class_name, .place = class_place};
    tam_status status = TAM_OK;
    TAM_TRY(tam_class_labels_make(ctx, &texts, &read));
    for (int64_t c = 0; c < plan->classes && status == TAM_OK; c++) {
        const char *name = read.names[read.labels[c]];
        if (strcmp(name, plan->class_names[c]) != 0) {
            status = tam_fail(ctx, TAM_INPUT,
                              "class '%s' would be read back from a list as '%s', for all classes are numbers: pack "
                              "another format",
                              plan->class_names[c], name);
        }
    }
    tam_class_labels_free(&read);
    return status;
}

static tam_status open_list(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    *out = NULL;
    if (plan->classes == 0) {
        return tam_fail(ctx, TAM_CONFIG, "a list names classes, and these data have none");
    }
    TAM_TRY(check_names(ctx, plan));
    tam_writer *writer = tam_allocate(ctx, 1, sizeof *writer, "the list to write");
    if (writer == NULL) {
        return TAM_RESOURCES;
    }
    writer->ctx = ctx;
    writer->class_names = plan->class_names;
    tam_status status = TAM_OK;
    if (getcwd(writer->here, sizeof writer->here) == NULL) {
        status = tam_fail(ctx, TAM_RESOURCES, "cannot tell the current folder: %s", strerror(errno));
    } else {
        status = tam_stream_open(ctx, plan->out, &writer->stream);
    }
    if (status != TAM_OK) {
        tam_release(ctx, writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

static tam_status write_name(tam_writer *writer, const char *name, const char *after) {
    size_t room = 4 * strlen(name) + 1;
    char *text = tam_allocate(writer->ctx, room, 1, "a name");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_stream_write(writer->stream, text, tam_escape(name, text, room));
    if (status == TAM_OK) {
        status = tam_stream_write(writer->stream, after, 1);
    }
    tam_release(writer->ctx, text);
    return status;
}

static tam_status add(tam_writer *writer, const tam_item *item) {
    char *path = item->name[0] == '/' ? tam_copy_string(writer->ctx, item->name)
                                      : tam_path_join(writer->ctx, writer->here, item->name);
    tam_status status = path != NULL ? write_name(writer, path, "\t") : TAM_RESOURCES;
    tam_release(writer->ctx, path);
    TAM_TRY(status);
    return write_name(writer, writer->class_names[item->label], "\n");
}

static tam_status commit(tam_writer *writer, int64_t *files) {
    tam_status status = tam_stream_commit(writer->stream);
    *files = 1;
    tam_release(writer->ctx, writer);
    return status;
}

const tam_writer_kind tam_writer_list = {
    .name = "list",
    .ending = ".txt .lst",
    .in_place = true,
    .open = open_list,
    .add = add,
    .commit = commit,
    .abandon = abandon,
};
