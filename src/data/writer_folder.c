/* An image folder: out/CLASS/NAME, or out/images/NAME of images without labels, and of a verification set
 * out/pairs.csv. It is made as out.tmp and renamed. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "data/writer.h"
#include "io/image.h"

enum { LONGEST_PART = 255, LONGEST_STEM = 200, DIGITS = 8, MOST_NAMES = 1000, FOLDERS_OPEN = 16 };

struct tam_writer {
    tam_ctx *ctx;
    char *out, *temporary; /* folders */
    const char *const *class_names;
    const uint8_t *same; /* of data that are pairs; else NULL */
    tam_stream *pairs;   /* out.tmp/pairs.csv */
    int64_t files;
};

/* Everything below `temporary` is this writer's: it made the folder, which was not there. */
static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where) {
    (void)facts;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

static void free_writer(tam_writer *writer) {
    tam_stream_abandon(writer->pairs);
    tam_release(writer->ctx, writer->out);
    tam_release(writer->ctx, writer->temporary);
    tam_release(writer->ctx, writer);
}

static void abandon(tam_writer *writer) {
    if (writer != NULL) {
        (void)nftw(writer->temporary, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
        free_writer(writer);
    }
}

/* Why a class of this name cannot be a folder that reads back as the same class; NULL: it can. */
static const char *unfit_class(const char *name) {
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0) {
            return "it has an empty part";
        }
        if (part[0] == '.') {
            return "a part of it begins with a dot, and such folders are passed over";
        }
        if (length > LONGEST_PART) {
            return "a part of it is longer than 255 bytes";
        }
        part += length;
        if (*part == '\0') {
            return NULL;
        }
    }
}

/* All class folders before any image: an image can then never take the place of a folder. */
static tam_status make_classes(tam_writer *writer, const tam_writer_plan *plan) {
    for (int64_t c = 0; c < plan->classes; c++) {
        const char *why = unfit_class(plan->class_names[c]);
        if (why != NULL) {
            return tam_fail(writer->ctx, TAM_INPUT, "class '%s' cannot be a folder: %s", plan->class_names[c], why);
        }
        if (plan->class_count[c] == 0) {
            continue;
        }
        char *path = tam_path_join(writer->ctx, writer->temporary, plan->class_names[c]);
        tam_status status = path != NULL ? tam_folder_make(writer->ctx, path) : TAM_RESOURCES;
        tam_release(writer->ctx, path);
        TAM_TRY(status);
    }
    if (plan->classes == 0) {
        char *path = tam_path_join(writer->ctx, writer->temporary, "images");
        tam_status status = path != NULL ? tam_folder_make(writer->ctx, path) : TAM_RESOURCES;
        tam_release(writer->ctx, path);
        return status;
    }
    return TAM_OK;
}

static tam_status make_temporary(tam_writer *writer) {
    tam_ctx *ctx = writer->ctx;
    char *slash = strrchr(writer->temporary, '/');
    if (slash != NULL && slash != writer->temporary) {
        *slash = '\0';
        tam_status status = tam_folder_make(ctx, writer->temporary);
        *slash = '/';
        TAM_TRY(status);
    }
    if (mkdir(writer->temporary, 0777) != 0) {
        bool there = errno == EEXIST;
        return tam_fail(ctx, there ? TAM_CONFIG : TAM_RESOURCES, "%s: cannot make the folder: %s%s", writer->temporary,
                        strerror(errno), there ? " (what was written halfway, before; remove it)" : "");
    }
    return TAM_OK;
}

static tam_status open_pairs(tam_writer *writer) {
    static const char heading[] = "path_a,path_b,same\n";
    char *path = tam_path_join(writer->ctx, writer->temporary, "pairs.csv");
    tam_status status = path != NULL ? tam_stream_open(writer->ctx, path, &writer->pairs) : TAM_RESOURCES;
    tam_release(writer->ctx, path);
    return status == TAM_OK ? tam_stream_write(writer->pairs, heading, sizeof heading - 1) : status;
}

/* The image's place in its line of pairs.csv. Names are numbers: no sign in them needs quoting. */
static tam_status add_to_pair(tam_writer *writer, const tam_item *item, const char *path) {
    char text[LONGEST_PART + 16];
    const char *name = path + strlen(writer->temporary) + 1;
    int length = item->number % 2 == 0 ? snprintf(text, sizeof text, "%s,", name)
                                       : snprintf(text, sizeof text, "%s,%d\n", name, writer->same[item->number / 2]);
    return tam_stream_write(writer->pairs, text, (size_t)length);
}

static tam_status open_folder(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out) {
    size_t length = strlen(plan->out);
    *out = NULL;
    while (length > 1 && plan->out[length - 1] == '/') {
        length--;
    }
    tam_writer *writer = tam_allocate(ctx, 1, sizeof *writer, "the folder to write");
    if (writer == NULL) {
        return TAM_RESOURCES;
    }
    writer->ctx = ctx;
    writer->class_names = plan->class_names;
    writer->same = plan->same;
    writer->out = tam_allocate(ctx, length + 1, 1, "a path");
    writer->temporary = tam_allocate(ctx, length + sizeof ".tmp", 1, "a path");
    if (writer->out == NULL || writer->temporary == NULL) {
        free_writer(writer);
        return TAM_RESOURCES;
    }
    memcpy(writer->out, plan->out, length);
    memcpy(writer->temporary, plan->out, length);
    memcpy(writer->temporary + length, ".tmp", sizeof ".tmp");
    tam_status status = make_temporary(writer);
    if (status != TAM_OK) {
        free_writer(writer);
        return status;
    }
    status = make_classes(writer, plan);
    if (status == TAM_OK && plan->same != NULL) {
        status = open_pairs(writer);
    }
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    *out = writer;
    return TAM_OK;
}

static bool is_number(const char *text) {
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* The file's name from the last part of the key, in two pieces: stem[LONGEST_PART + 1] and ending. Numbers get leading
 * zeros, so that the order of the names stays that of the numbers; a leading dot, which would hide the file, becomes
 * "%2E". */
static void name_file(const tam_item *item, char *stem, char *ending) {
    const char *slash = strrchr(item->key, '/'), *name = slash != NULL ? slash + 1 : item->key;
    const char *dot = tam_image_named(name) ? strrchr(name, '.') : NULL;
    size_t length = dot != NULL ? (size_t)(dot - name) : strlen(name);
    if (dot != NULL) {
        snprintf(ending, TAM_IMAGE_ENDING_ROOM, "%s", dot);
    } else if (!tam_image_ending(item->data, item->size, ending)) {
        *ending = '\0';
    }
    if (length > LONGEST_STEM) {
        length = LONGEST_STEM;
    }
    if (length == 0) {
        snprintf(stem, LONGEST_PART + 1, "image");
    } else if (name[0] == '.') {
        snprintf(stem, LONGEST_PART + 1, "%%2E%.*s", (int)length - 1, name + 1);
    } else if (length < DIGITS && is_number(item->key)) {
        snprintf(stem, LONGEST_PART + 1, "%0*d%s", DIGITS - (int)length, 0, item->key);
    } else {
        snprintf(stem, LONGEST_PART + 1, "%.*s", (int)length, name);
    }
}

static tam_status write_file(tam_writer *writer, const char *path, int descriptor, const uint8_t *data, size_t size) {
    size_t at = 0;
    int error = 0;
    while (at < size && error == 0) {
        ssize_t wrote = write(descriptor, data + at, size - at);
        if (wrote > 0) {
            at += (size_t)wrote;
        } else if (wrote < 0 && errno != EINTR) {
            error = errno;
        }
    }
    if (close(descriptor) != 0 && error == 0) {
        error = errno;
    }
    return error == 0 ? TAM_OK : tam_fail(writer->ctx, TAM_RESOURCES, "%s: cannot write: %s", path, strerror(error));
}

/* Two images may have one name, as when they come from different folders: the later gets its number, too. */
static tam_status add(tam_writer *writer, const tam_item *item) {
    char stem[LONGEST_PART + 1], ending[TAM_IMAGE_ENDING_ROOM], path[PATH_MAX], apart[48] = "";
    const char *folder = item->label >= 0 ? writer->class_names[item->label] : "images";
    name_file(item, stem, ending);
    for (int try = 0; try < MOST_NAMES; try++) {
        if (try > 0) {
            snprintf(apart, sizeof apart, try == 1 ? "~%lld" : "~%lld~%d", (long long)item->number, try);
        }
        int length = snprintf(path, sizeof path, "%s/%s/%s%s%s", writer->temporary, folder, stem, apart, ending);
        if (length < 0 || (size_t)length >= sizeof path) {
            return tam_fail(writer->ctx, TAM_RESOURCES, "%.200s...: the path is too long", path);
        }
        int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            writer->files++;
            TAM_TRY(write_file(writer, path, descriptor, item->data, item->size));
            return writer->pairs != NULL ? add_to_pair(writer, item, path) : TAM_OK;
        }
        if (errno != EEXIST) {
            return tam_fail(writer->ctx, TAM_RESOURCES, "%s: cannot create: %s", path, strerror(errno));
        }
    }
    return tam_fail(writer->ctx, TAM_RESOURCES, "%s: too many images of this name", path);
}

/* The files must be on the disk before the folder has its name: one flush of the file system for all of them. */
static bool flush_all(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool flushed = descriptor >= 0 && syncfs(descriptor) == 0;
    int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
    }
    errno = error;
    return flushed;
}

static tam_status commit(tam_writer *writer, int64_t *files) {
    tam_status status = TAM_OK;
    *files = writer->files + (writer->pairs != NULL);
    if (writer->pairs != NULL) {
        status = tam_stream_commit(writer->pairs);
        writer->pairs = NULL;
    }
    if (status == TAM_OK && !flush_all(writer->temporary)) {
        status = tam_fail(writer->ctx, TAM_RESOURCES, "%s: cannot write: %s", writer->temporary, strerror(errno));
    } else if (status == TAM_OK && rename(writer->temporary, writer->out) != 0) {
        status = tam_fail(writer->ctx, TAM_RESOURCES, "%s: cannot rename %s to it: %s", writer->out, writer->temporary,
                          strerror(errno));
    }
    if (status != TAM_OK) {
        abandon(writer);
        return status;
    }
    free_writer(writer);
    return TAM_OK;
}

const tam_writer_kind tam_writer_folder = {
    .name = "folder",
    .folder = true,
    .open = open_folder,
    .add = add,
    .commit = commit,
    .abandon = abandon,
};
