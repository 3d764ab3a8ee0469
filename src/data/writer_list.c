/* A text "path<TAB>class" of images that stay where they are; paths are absolute. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stream.h"
#include "data/writer.h"

struct tam_writer {
    tam_ctx *ctx;
    tam_stream *stream;
    const char *const *class_names;
    char here[PATH_MAX]; /* what relative paths start from, with a slash at its end */
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
    if (getcwd(writer->here, sizeof writer->here - 1) == NULL) {
        status = tam_fail(ctx, TAM_RESOURCES, "cannot tell the current folder: %s", strerror(errno));
    } else {
        strcat(writer->here, "/");
        status = tam_stream_open(ctx, plan->out, &writer->stream);
    }
    if (status != TAM_OK) {
        tam_release(ctx, writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

/* What would end a line or a field of the list. */
static bool breaks_lines(const char *text) {
    return text[strcspn(text, "\t\r\n")] != '\0';
}

static tam_status add(tam_writer *writer, const tam_item *item) {
    const char *class_name = writer->class_names[item->label];
    if (breaks_lines(item->name) || breaks_lines(class_name)) {
        return tam_fail(writer->ctx, TAM_INPUT,
                        "%s: a tab or the end of a line in its name, or its class's, which a "
                        "list cannot hold",
                        item->name);
    }
    if (item->name[0] != '/') {
        TAM_TRY(tam_stream_write(writer->stream, writer->here, strlen(writer->here)));
    }
    TAM_TRY(tam_stream_write(writer->stream, item->name, strlen(item->name)));
    TAM_TRY(tam_stream_write(writer->stream, "\t", 1));
    TAM_TRY(tam_stream_write(writer->stream, class_name, strlen(class_name)));
    return tam_stream_write(writer->stream, "\n", 1);
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
