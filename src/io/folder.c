#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "io/image.h"

enum { DEEPEST = 32 };

/* Bytes that grow. */
typedef struct list {
    char *items;
    size_t used, room;
} list;

/* A class while the text still moves. */
typedef struct found_class {
    size_t name;
    int64_t first, count;
} found_class;

/* Which folder a level of the walk really is. */
typedef struct level {
    dev_t device;
    ino_t number;
} level;

typedef struct walk {
    tam_ctx *ctx;
    char path[PATH_MAX]; /* of the folder or file at hand */
    size_t root_length;
    level levels[DEEPEST];
    int depth;
    list text, files, classes; /* char, size_t, found_class */
    int64_t others;            /* files that are not images */
    int64_t root_images;
    char first_other[256];
} walk;

static tam_status append(tam_ctx *ctx, list *items, const void *data, size_t bytes) {
    if (items->room - items->used < bytes) {
        size_t room = 2 * items->room + bytes + 1024;
        char *larger = tam_reallocate(ctx, items->items, room, 1, "the list of images");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        items->items = larger;
        items->room = room;
    }
    memcpy(items->items + items->used, data, bytes);
    items->used += bytes;
    return TAM_OK;
}

static int64_t file_count(const walk *w) {
    return (int64_t)(w->files.used / sizeof(size_t));
}

static tam_status keep_file(walk *w, const char *name) {
    size_t at = w->text.used;
    TAM_TRY(append(w->ctx, &w->text, name, strlen(name) + 1));
    return append(w->ctx, &w->files, &at, sizeof at);
}

static tam_status keep_class(walk *w, int64_t first) {
    const char *name = w->path + w->root_length + 1;
    found_class found = {w->text.used, first, file_count(w) - first};
    TAM_TRY(append(w->ctx, &w->text, name, strlen(name) + 1));
    return append(w->ctx, &w->classes, &found, sizeof found);
}

/* Appends "/name" to the path; the caller cuts it off again. */
static tam_status step_into(walk *w, const char *name) {
    size_t length = strlen(w->path);
    if ((size_t)snprintf(w->path + length, sizeof w->path - length, "/%s", name) >= sizeof w->path - length) {
        return tam_fail(w->ctx, TAM_INPUT, "%.200s...: a path longer than %zu bytes", w->path, sizeof w->path - 1);
    }
    return TAM_OK;
}

static unsigned char kind_of(const walk *w, const struct dirent *entry) {
    struct stat facts;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) {
        return entry->d_type;
    }
    if (stat(w->path, &facts) != 0) {
        return DT_UNKNOWN; /* a link to nothing */
    }
    return S_ISDIR(facts.st_mode) ? DT_DIR : S_ISREG(facts.st_mode) ? DT_REG : DT_UNKNOWN;
}

static tam_status list_file(walk *w, const char *name, bool regular) {
    if (regular && tam_image_named(name)) {
        return keep_file(w, name);
    }
    if (w->others++ == 0) {
        snprintf(w->first_other, sizeof w->first_other, "%s", w->path + w->root_length + 1);
    }
    return TAM_OK;
}

static tam_status list_folder(walk *w);

/* Keeps the images among the entries, or walks into the folders among them; *folders counts those. */
static tam_status list_entries(walk *w, struct dirent **entries, int count, bool into_folders, int *folders) {
    size_t length = strlen(w->path);
    *folders = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] == '.') {
            continue;
        }
        TAM_TRY(step_into(w, name));
        unsigned char kind = kind_of(w, entries[i]);
        *folders += kind == DT_DIR;
        if (kind != DT_DIR && !into_folders) {
            TAM_TRY(list_file(w, name, kind == DT_REG));
        } else if (kind == DT_DIR && into_folders) {
            TAM_TRY(list_folder(w));
        }
        w->path[length] = '\0';
    }
    return TAM_OK;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static tam_status list_opened(walk *w) {
    struct dirent **entries = NULL;
    int folders, count = scandir(w->path, &entries, NULL, by_bytes);
    if (count < 0) {
        return tam_fail(w->ctx, errno == ENOMEM ? TAM_RESOURCES : TAM_INPUT, "%s: cannot list the folder: %s", w->path,
                        strerror(errno));
    }
    bool is_root = w->depth == 1;
    int64_t first = file_count(w);
    tam_status status = list_entries(w, entries, count, false, &folders);
    int64_t images = file_count(w) - first;
    if (status == TAM_OK && images == 0 && folders == 0) {
        status = tam_fail(w->ctx, TAM_INPUT, "%s: an empty %s: it holds no images (%s)", w->path,
                          is_root ? "folder" : "class folder", tam_image_endings());
    } else if (status == TAM_OK && is_root) {
        w->root_images = images;
        w->files.used = 0; /* images in the root belong to no class */
    } else if (status == TAM_OK && images > 0) {
        status = keep_class(w, first);
    }
    if (status == TAM_OK) {
        status = list_entries(w, entries, count, true, &folders);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Lists the folder w->path, unless the walk is inside it already. */
static tam_status list_folder(walk *w) {
    struct stat facts;
    if (stat(w->path, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        return tam_fail(w->ctx, TAM_INPUT, "%s: not a folder", w->path);
    }
    for (int i = 0; i < w->depth; i++) {
        if (w->levels[i].device == facts.st_dev && w->levels[i].number == facts.st_ino) {
            tam_warn(w->ctx, "%s: a link back to a folder above it was passed over", w->path);
            return TAM_OK;
        }
    }
    if (w->depth == DEEPEST) {
        return tam_fail(w->ctx, TAM_INPUT, "%s: more than %d folders inside each other", w->path, DEEPEST);
    }
    w->levels[w->depth++] = (level){facts.st_dev, facts.st_ino};
    tam_status status = list_opened(w);
    w->depth--;
    return status;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const tam_folder_class *)a)->name, ((const tam_folder_class *)b)->name);
}

/* Hands the walk's findings over and puts the classes into byte order. */
static tam_status finish(walk *w, tam_folder *folder) {
    size_t count = w->classes.used / sizeof(found_class);
    const found_class *found = (const found_class *)w->classes.items;
    folder->classes = tam_allocate(w->ctx, count, sizeof *folder->classes, "the list of classes");
    if (folder->classes == NULL) {
        return TAM_RESOURCES;
    }
    folder->class_count = (int64_t)count;
    folder->file_count = file_count(w);
    folder->text = w->text.items;
    folder->files = (size_t *)w->files.items;
    w->text.items = NULL;
    w->files.items = NULL;
    for (size_t c = 0; c < count; c++) {
        folder->classes[c] = (tam_folder_class){folder->text + found[c].name, found[c].first, found[c].count};
    }
    qsort(folder->classes, count, sizeof *folder->classes, by_name);
    return TAM_OK;
}

static tam_status judge(const walk *w, const char *root) {
    if (w->root_images > 0 && w->classes.used == 0) {
        return tam_fail(w->ctx, TAM_INPUT, "%s: images lie in the folder itself: give each class a folder of its own",
                        root);
    }
    if (w->classes.used == 0) { /* folders there are, but all of them lead back */
        return tam_fail(w->ctx, TAM_INPUT, "%s: holds no class folder", root);
    }
    if (w->root_images > 0) {
        tam_warn(w->ctx, "%s: %lld images lie outside the class folders and were left out", root,
                 (long long)w->root_images);
    }
    if (w->others > 0) {
        tam_warn(w->ctx, "%s: %lld files are not images (regular files, %s) and were left out, the first is %s", root,
                 (long long)w->others, tam_image_endings(), w->first_other);
    }
    return TAM_OK;
}

tam_status tam_folder_list(tam_ctx *ctx, const char *root, tam_folder *folder) {
    *folder = (tam_folder){.ctx = ctx};
    walk *w = tam_allocate(ctx, 1, sizeof *w, "the walk over the folders");
    if (w == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = TAM_RESOURCES;
    w->ctx = ctx;
    w->root_length = strlen(root);
    folder->root = tam_copy_string(ctx, root);
    if (folder->root == NULL) {
        goto done;
    }
    if (w->root_length == 0 || w->root_length >= sizeof w->path) {
        status = tam_fail(ctx, TAM_INPUT, "a path of %zu bytes", w->root_length);
        goto done;
    }
    memcpy(w->path, root, w->root_length + 1);
    status = list_folder(w);
    if (status == TAM_OK) {
        status = judge(w, root);
    }
    if (status == TAM_OK) {
        status = finish(w, folder);
    }
done:
    tam_release(ctx, w->text.items);
    tam_release(ctx, w->files.items);
    tam_release(ctx, w->classes.items);
    tam_release(ctx, w);
    if (status != TAM_OK) {
        tam_folder_free(folder);
    }
    return status;
}

void tam_folder_free(tam_folder *folder) {
    if (folder->ctx != NULL) {
        tam_release(folder->ctx, folder->root);
        tam_release(folder->ctx, folder->classes);
        tam_release(folder->ctx, folder->files);
        tam_release(folder->ctx, folder->text);
    }
    *folder = (tam_folder){0};
}

bool tam_folder_path(const tam_folder *folder, int64_t class_number, int64_t i, char *path, size_t room) {
    int length = snprintf(path, room, "%s/%s/%s", folder->root, folder->classes[class_number].name,
                          folder->text + folder->files[i]);
    return length >= 0 && (size_t)length < room;
}
