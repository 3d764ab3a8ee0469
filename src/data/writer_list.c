/* A text "path<TAB>class" of images that stay where they are; paths are absolute. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
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

static tam_status open_list(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    *out = NULL;
    if (plan->classes == 0) {
        return tam_fail(ctx, TAM_CONFIG, "a list names classes, and these data have none");
    }
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
