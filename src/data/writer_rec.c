/* MXNet RecordIO. `rec`: a folder in the face layout, made as out.tmp and renamed. `rec-plain`: NAME.rec with NAME.idx,
 * and NAME.classes.txt where the classes have names of their own. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/writer.h"
#include "io/recordio.h"

static const char ending[] = ".rec";

struct tam_writer {
    tam_ctx *ctx;
    tam_writer_plan plan;
    bool faces;
    char *out, *temporary; /* faces: folders; else the stem of the names, and NULL */
    char *records_path, *index_path, *classes_path;
    tam_stream *records, *index;
    uint8_t *payload;
    size_t room;
    uint64_t key;       /* of the next record */
    int64_t label;      /* faces: class of the image that comes next, unless its images are all there */
    uint64_t label_end; /* faces: the key behind the class's last */
};

static tam_status make_parents(tam_ctx *ctx, char *path) {
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return TAM_OK;
    }
    *slash = '\0';
    tam_status status = tam_folder_make(ctx, path);
    *slash = '/';
    return status;
}

static char *join(tam_ctx *ctx, const char *first, size_t length, const char *second) {
    size_t room = length + strlen(second) + 1;
    char *text = tam_allocate(ctx, room, 1, "a path");
    if (text != NULL) {
        snprintf(text, room, "%.*s%s", (int)length, first, second);
    }
    return text;
}

static void free_writer(tam_writer *writer) {
    tam_ctx *ctx = writer->ctx;
    tam_release(ctx, writer->out);
    tam_release(ctx, writer->temporary);
    tam_release(ctx, writer->records_path);
    tam_release(ctx, writer->index_path);
    tam_release(ctx, writer->classes_path);
    tam_release(ctx, writer->payload);
    tam_release(ctx, writer);
}

/* Without memory of its own: it may be what ran out. */
static void remove_in(const tam_writer *writer, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", writer->temporary, name) < PATH_MAX) {
        unlink(path);
    }
}

/* Everything in `temporary` is this writer's: it made the folder, which was not there. */
static void abandon(tam_writer *writer) {
    if (writer == NULL) {
        return;
    }
    tam_stream_abandon(writer->records);
    tam_stream_abandon(writer->index);
    if (writer->temporary != NULL) {
        static const char *const names[] = {"train.rec", "train.idx", "property", "classes.txt"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            remove_in(writer, names[i]);
        }
        rmdir(writer->temporary);
    }
    free_writer(writer);
}

static tam_status check_plan(tam_ctx *ctx, const tam_writer_plan *plan, bool faces) {
    if (plan->classes == 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: records carry the classes of their images, and these data have none",
                        plan->out);
    }
    if (plan->classes > TAM_RECORDIO_LABEL_END) {
        return tam_fail(ctx, TAM_CONFIG, "%s: a label is a float32, which tells %ld classes apart, not %lld", plan->out,
                        (long)TAM_RECORDIO_LABEL_END, (long long)plan->classes);
    }
    if (faces && plan->count + plan->classes + 1 > TAM_RECORDIO_LABEL_END) {
        tam_warn(ctx,
                 "%s: the ranges of the face layout are float32, exact to 16777216 only: readers that trust them will "
                 "mix classes; tammes goes by the images' labels, and rec-plain has no ranges",
                 plan->out);
    }
    return TAM_OK;
}

/* The paths of all files; the folder `temporary` and nothing else is made. */
static tam_status name_files(tam_writer *writer) {
    tam_ctx *ctx = writer->ctx;
    const char *out = writer->plan.out;
    size_t length = strlen(out);
    if (writer->faces) {
        while (length > 1 && out[length - 1] == '/') {
            length--;
        }
        char *temporary = join(ctx, out, length, ".tmp");
        writer->out = join(ctx, out, length, "");
        writer->records_path = join(ctx, out, length, ".tmp/train.rec");
        writer->index_path = join(ctx, out, length, ".tmp/train.idx");
        writer->classes_path = join(ctx, out, length, ".tmp/classes.txt");
        tam_status status = TAM_RESOURCES;
        if (temporary != NULL && writer->out != NULL) {
            status = make_parents(ctx, temporary);
        }
        if (status == TAM_OK && mkdir(temporary, 0777) != 0) {
            bool there = errno == EEXIST;
            status = tam_fail(ctx, there ? TAM_CONFIG : TAM_RESOURCES, "%s: cannot make the folder: %s%s", temporary,
                              strerror(errno), there ? " (what was written halfway, before; remove it)" : "");
        }
        if (status != TAM_OK) {
            tam_release(ctx, temporary);
            return status;
        }
        writer->temporary = temporary;
    } else {
        bool ends = length > strlen(ending) && strcasecmp(out + length - strlen(ending), ending) == 0;
        size_t stem = length - (ends ? strlen(ending) : 0);
        writer->records_path = join(ctx, out, length, ends ? "" : ending);
        writer->index_path = join(ctx, out, stem, ".idx");
        writer->classes_path = join(ctx, out, stem, ".classes.txt");
    }
    bool all = writer->records_path != NULL && writer->index_path != NULL && writer->classes_path != NULL;
    return all ? TAM_OK : TAM_RESOURCES;
}

static tam_status open_files(tam_writer *writer) {
    TAM_TRY(name_files(writer));
    const char *const paths[] = {writer->records_path, writer->index_path, writer->classes_path};
    for (int i = 0; i < 3; i++) {
        if (tam_path_is_taken(paths[i])) {
            return tam_fail(writer->ctx, TAM_CONFIG, "%s: exists; nothing was written", paths[i]);
        }
    }
    TAM_TRY(make_parents(writer->ctx, writer->records_path));
    TAM_TRY(tam_stream_open(writer->ctx, writer->records_path, &writer->records));
    return tam_stream_open(writer->ctx, writer->index_path, &writer->index);
}

/* The payload's first `size` bytes as a record with the next key. */
static tam_status write_record(tam_writer *writer, size_t size) {
    char line[64];
    int length = snprintf(line, sizeof line, "%llu\t%llu\n", (unsigned long long)writer->key,
                          (unsigned long long)tam_stream_at(writer->records));
    TAM_TRY(tam_stream_write(writer->index, line, (size_t)length));
    writer->key++;
    return tam_recordio_write(writer->records, writer->payload, size);
}

static tam_status write_range(tam_writer *writer, uint64_t begin, uint64_t end) {
    const float range[2] = {(float)begin, (float)end};
    return write_record(writer, tam_recordio_put_header(writer->payload, 0.0f, writer->key, 2, range));
}

static tam_status open_writer(tam_ctx *ctx, const tam_writer_plan *plan, bool faces, tam_writer **out) {
    *out = NULL;
    TAM_TRY(check_plan(ctx, plan, faces));
    tam_writer *writer = tam_allocate(ctx, 1, sizeof *writer, "the records to write");
    if (writer == NULL) {
        return TAM_RESOURCES;
    }
    *writer = (tam_writer){.ctx = ctx, .plan = *plan, .faces = faces, .label = -1, .room = 1 << 16};
    tam_status status = TAM_RESOURCES;
    writer->payload = tam_allocate(ctx, writer->room, 1, "a record");
    if (writer->payload != NULL) {
        status = open_files(writer);
    }
    if (status == TAM_OK && faces) {
        uint64_t images_end = 1 + (uint64_t)plan->count;
        writer->label_end = 1;
        status = write_range(writer, images_end, images_end + (uint64_t)plan->classes);
    }
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

static tam_status open_faces(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    return open_writer(ctx, plan, true, out);
}

static tam_status open_plain(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    return open_writer(ctx, plan, false, out);
}

/* Whether the image is the next that the ranges will speak of. */
static bool comes_next(tam_writer *writer, int32_t label) {
    while (writer->key == writer->label_end && writer->label + 1 < writer->plan.classes) {
        writer->label++;
        writer->label_end += (uint64_t)writer->plan.class_count[writer->label];
    }
    return writer->key < writer->label_end && writer->label == label;
}

static tam_status add(tam_writer *writer, const tam_item *item) {
    size_t size = TAM_RECORDIO_HEADER + item->size;
    if (item->size >= TAM_RECORDIO_PAYLOAD_END - TAM_RECORDIO_HEADER) {
        return tam_fail(writer->ctx, TAM_INPUT, "%s: %zu bytes are more than a record can hold", item->name,
                        item->size);
    }
    if (item->label < 0 || item->label >= writer->plan.classes || (writer->faces && !comes_next(writer, item->label))) {
        return tam_fail(writer->ctx, TAM_CONFIG, "%s: an image of class %ld does not belong here", item->name,
                        (long)item->label);
    }
    if (size > writer->room) {
        uint8_t *payload = tam_reallocate(writer->ctx, writer->payload, size + size / 2, 1, "a record");
        if (payload == NULL) {
            return TAM_RESOURCES;
        }
        writer->payload = payload;
        writer->room = size + size / 2;
    }
    (void)tam_recordio_put_header(writer->payload, (float)item->label, writer->key, 0, NULL);
    memcpy(writer->payload + TAM_RECORDIO_HEADER, item->data, item->size);
    return write_record(writer, size);
}

static tam_status write_identities(tam_writer *writer) {
    uint64_t begin = 1;
    if (writer->key != 1 + (uint64_t)writer->plan.count) {
        return tam_fail(writer->ctx, TAM_CONFIG, "%s: %llu images came, and %lld were announced", writer->plan.out,
                        (unsigned long long)writer->key - 1, (long long)writer->plan.count);
    }
    for (int64_t c = 0; c < writer->plan.classes; c++) {
        uint64_t end = begin + (uint64_t)writer->plan.class_count[c];
        TAM_TRY(write_range(writer, begin, end));
        begin = end;
    }
    return TAM_OK;
}

/* Whether the names are nothing but the labels. */
static bool are_decimals(const tam_writer_plan *plan) {
    char decimals[24];
    for (int64_t c = 0; c < plan->classes; c++) {
        snprintf(decimals, sizeof decimals, "%lld", (long long)c);
        if (strcmp(plan->class_names[c], decimals) != 0) {
            return false;
        }
    }
    return true;
}

static tam_status write_classes(tam_writer *writer) {
    const tam_writer_plan *plan = &writer->plan;
    tam_stream *stream;
    tam_status status = TAM_OK;
    TAM_TRY(tam_stream_open(writer->ctx, writer->classes_path, &stream));
    for (int64_t c = 0; c < plan->classes && status == TAM_OK; c++) {
        size_t room = 4 * strlen(plan->class_names[c]) + 2;
        char *line = tam_allocate(writer->ctx, room, 1, "a class name");
        if (line != NULL) {
            size_t length = tam_escape(plan->class_names[c], line, room);
            line[length] = '\n';
            status = tam_stream_write(stream, line, length + 1);
        } else {
            status = TAM_RESOURCES;
        }
        tam_release(writer->ctx, line);
    }
    if (status != TAM_OK) {
        tam_stream_abandon(stream);
        return status;
    }
    return tam_stream_commit(stream);
}

static tam_status commit_stream(tam_stream **stream) {
    tam_stream *one = *stream;
    *stream = NULL;
    return tam_stream_commit(one);
}

static tam_status commit_folder(tam_writer *writer) {
    const tam_writer_plan *plan = &writer->plan;
    char text[80];
    int length = snprintf(text, sizeof text, "%lld,%d,%d\n", (long long)plan->classes, plan->height, plan->width);
    tam_file_piece piece = {text, (size_t)length};
    TAM_TRY(write_identities(writer));
    TAM_TRY(commit_stream(&writer->records));
    TAM_TRY(commit_stream(&writer->index));
    TAM_TRY(write_classes(writer));
    char *property = tam_path_join(writer->ctx, writer->temporary, "property");
    tam_status status = property != NULL ? tam_file_write(writer->ctx, property, &piece, 1) : TAM_RESOURCES;
    tam_release(writer->ctx, property);
    TAM_TRY(status);
    char *temporary = tam_copy_string(writer->ctx, writer->temporary);
    status = temporary != NULL ? tam_file_put_in_place(writer->ctx, temporary, writer->out) : TAM_RESOURCES;
    tam_release(writer->ctx, temporary);
    return status;
}

static tam_status commit_faces(tam_writer *writer, int64_t *files) {
    tam_status status = commit_folder(writer);
    *files = 4;
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    free_writer(writer);
    return TAM_OK;
}

/* The records come last: without them the rest is nothing that a reader would look at. */
static tam_status commit_plain(tam_writer *writer, int64_t *files) {
    bool named = !are_decimals(&writer->plan);
    tam_status status = named ? write_classes(writer) : TAM_OK;
    if (status == TAM_OK) {
        status = commit_stream(&writer->index);
        if (status == TAM_OK) {
            status = commit_stream(&writer->records);
            if (status != TAM_OK) {
                unlink(writer->index_path);
            }
        }
        if (status != TAM_OK && named) {
            unlink(writer->classes_path);
        }
    }
    *files = named ? 3 : 2;
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    free_writer(writer);
    return TAM_OK;
}

const tam_writer_kind tam_writer_rec = {
    .name = "rec",
    .by_class = true,
    .sized = true,
    .folder = true,
    .open = open_faces,
    .add = add,
    .commit = commit_faces,
    .abandon = abandon,
};

const tam_writer_kind tam_writer_rec_plain = {
    .name = "rec-plain",
    .ending = ending,
    .open = open_plain,
    .add = add,
    .commit = commit_plain,
    .abandon = abandon,
};
