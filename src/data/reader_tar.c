/* tar archives: one, a pattern of shards, or a folder of them; labels beside the images or by their folders. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/class_labels.h"
#include "data/reader.h"
#include "data/shards.h"
#include "data/tar_samples.h"

/* Archives that stay open; those beyond are opened for each image. */
enum { MOST_OPEN = 256, IMAGE_START = 4096 };

typedef struct tar_state {
    tam_tar_samples samples;
    tam_class_labels classes;
    char **paths; /* [shards] */
    int64_t shards;
    int descriptors[MOST_OPEN]; /* of the first ones */
    int open;
    bool repeated; /* names occur in more than one archive */
} tar_state;

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcasecmp(text + length - tail, ending) == 0;
}

static bool is_packed(const char *path) {
    static const char *const endings[] = {".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(path, endings[i])) {
            return true;
        }
    }
    return false;
}

static unsigned char kind_of(const char *folder, const struct dirent *entry) {
    char path[PATH_MAX];
    if (entry->d_type == DT_REG || entry->d_type == DT_DIR) {
        return entry->d_type;
    }
    if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path) {
        return DT_UNKNOWN;
    }
    tam_path_kind kind = tam_path_look(path);
    return kind == TAM_PATH_FILE ? DT_REG : kind == TAM_PATH_FOLDER ? DT_DIR : DT_UNKNOWN;
}

/* A folder with archives in it, and neither folders nor images. */
static bool holds_archives(const char *path) {
    int archives = 0;
    bool others = false;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return false;
    }
    for (struct dirent *entry; !others && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        unsigned char kind = kind_of(path, entry);
        archives += kind == DT_REG && ends_with(entry->d_name, ".tar");
        others = kind == DT_DIR || (kind == DT_REG && tam_image_named(entry->d_name));
    }
    closedir(folder);
    return archives > 0 && !others;
}

static bool recognise(const tam_place *place) {
    tam_shards shards;
    switch (place->kind) {
    case TAM_PATH_FILE:
        return ends_with(place->path, ".tar") || is_packed(place->path) ||
               (place->start_size >= 263 && memcmp(place->start + 257, "ustar", 5) == 0);
    case TAM_PATH_FOLDER:
        return holds_archives(place->path);
    default:
        return (ends_with(place->path, ".tar") || is_packed(place->path)) && tam_shards_parse(place->path, &shards);
    }
}

static void close_tar(tam_source *source) {
    tar_state *state = source->state;
    if (state != NULL) {
        for (int i = 0; i < state->open; i++) {
            close(state->descriptors[i]);
        }
        for (int64_t i = 0; i < state->shards; i++) {
            tam_release(source->ctx, state->paths[i]);
        }
        tam_release(source->ctx, state->paths);
        tam_tar_samples_free(&state->samples);
        tam_class_labels_free(&state->classes);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

/* Keeps a copy of the path as the next shard's. */
static tam_status add_path(tam_source *source, const char *path) {
    tar_state *state = source->state;
    if (state->shards == TAM_MOST_SHARDS) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: more than %d archives", path, TAM_MOST_SHARDS);
    }
    char **larger = tam_reallocate(source->ctx, state->paths, (size_t)state->shards + 1, sizeof *larger, "paths");
    if (larger == NULL) {
        return TAM_RESOURCES;
    }
    state->paths = larger;
    state->paths[state->shards] = tam_copy_string(source->ctx, path);
    return state->paths[state->shards++] != NULL ? TAM_OK : TAM_RESOURCES;
}

static int is_archive(const struct dirent *entry) {
    return entry->d_name[0] != '.' && ends_with(entry->d_name, ".tar");
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static tam_status list_folder(tam_source *source, const char *folder) {
    struct dirent **entries = NULL;
    tam_status status = TAM_OK;
    int count = scandir(folder, &entries, is_archive, by_bytes);
    if (count < 0) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: cannot list the folder", folder);
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (status == TAM_OK && snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) >= (int)sizeof path) {
            status = tam_fail(source->ctx, TAM_INPUT, "%.200s...: the path is too long", path);
        }
        if (status == TAM_OK) {
            status = add_path(source, path);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static tam_status list_shards(tam_source *source, const char *path) {
    tam_shards shards;
    char name[PATH_MAX];
    if (tam_path_look(path) == TAM_PATH_FOLDER) {
        return list_folder(source, path);
    }
    if (tam_path_look(path) == TAM_PATH_FILE || !tam_shards_parse(path, &shards)) {
        return add_path(source, path);
    }
    for (int64_t k = 0; k < shards.count; k++) {
        if (!tam_shards_name(&shards, k, name, sizeof name)) {
            return tam_fail(source->ctx, TAM_INPUT, "%.200s...: the path is too long", name);
        }
        if (tam_path_look(name) == TAM_PATH_ABSENT) {
            return tam_fail(source->ctx, TAM_INPUT,
                            "%s: cannot open: no such file; %s names %lld archives, and the first %lld are there", name,
                            path, (long long)shards.count, (long long)k);
        }
        TAM_TRY(add_path(source, name));
    }
    return TAM_OK;
}

static tam_status read_shard(tam_source *source, int64_t k) {
    tar_state *state = source->state;
    tam_tar tar;
    tam_status status = tam_tar_open(source->ctx, state->paths[k], &tar);
    if (status == TAM_OK) {
        status = tam_tar_samples_add(&state->samples, &tar, (uint32_t)k);
    }
    if (status == TAM_OK && k < MOST_OPEN) {
        state->descriptors[state->open++] = tar.descriptor;
        tar.descriptor = -1;
    }
    tam_tar_close(&tar);
    return status;
}

static const char *name_of(const tar_state *state, int64_t i) {
    return state->samples.text + state->samples.images[i].name;
}

/* The label beside the image, or its folder. */
static const char *label_text(const void *user, int64_t i, char room[TAM_LABEL_ROOM]) {
    const tar_state *state = user;
    (void)room;
    return state->samples.text + state->samples.images[i].label;
}

static void label_place(const void *user, int64_t i, char place[TAM_LABEL_PLACE_ROOM]) {
    const tar_state *state = user;
    snprintf(place, TAM_LABEL_PLACE_ROOM, "%s#%s", state->paths[state->samples.images[i].shard], name_of(state, i));
}

/* Without labels the folders that the images lie in are the classes: *labelled = false where they lie in none. */
static tam_status label_by_folder(tam_source *source, bool *labelled) {
    tar_state *state = source->state;
    tam_tar_samples *samples = &state->samples;
    int64_t in_folder = 0;
    for (int64_t i = 0; i < samples->count; i++) {
        in_folder += strchr(name_of(state, i), '/') != NULL;
    }
    *labelled = in_folder > 0;
    for (int64_t i = 0; *labelled && i < samples->count; i++) {
        const char *name = name_of(state, i), *slash = strrchr(name, '/');
        if (slash == NULL) {
            return tam_fail(source->ctx, TAM_INPUT, "%s#%s: lies in no folder, and others do: its class is not known",
                            state->paths[samples->images[i].shard], name);
        }
        size_t length = (size_t)(slash - name);
        if (i > 0 && strncmp(samples->text + samples->images[i - 1].label, name, length) == 0 &&
            samples->text[samples->images[i - 1].label + length] == '\0') {
            samples->images[i].label = samples->images[i - 1].label;
            continue;
        }
        TAM_TRY(tam_tar_samples_copy(samples, samples->images[i].name, length, &samples->images[i].label));
    }
    return TAM_OK;
}

static tam_status make_labels(tam_source *source) {
    tar_state *state = source->state;
    tam_tar_samples *samples = &state->samples;
    tam_label_texts texts = {.count = source->count,
                             .user = state,
                             .text = label_text,
                             .place = label_place,
                             .names = samples->labelled == 0};
    bool labelled = true;
    for (int64_t i = 0; samples->labelled > 0 && i < samples->count; i++) {
        if (samples->images[i].label == TAM_TAR_NO_LABEL) {
            return tam_fail(source->ctx, TAM_INPUT,
                            "%s#%s: no label beside it, and other images have one (in KEY.cls or KEY.json, next to it)",
                            state->paths[samples->images[i].shard], name_of(state, i));
        }
    }
    if (samples->labelled == 0) {
        TAM_TRY(label_by_folder(source, &labelled));
    }
    if (!labelled) {
        return TAM_OK;
    }
    TAM_TRY(tam_class_labels_make(source->ctx, &texts, &state->classes));
    if (samples->classes != NULL && samples->labelled > 0) {
        char place[PATH_MAX + sizeof "#" TAM_TAR_CLASSES]; /* all archives have the same */
        snprintf(place, sizeof place, "%s#%s", state->paths[0], TAM_TAR_CLASSES);
        TAM_TRY(tam_class_labels_name(&state->classes, place, samples->classes, samples->classes_size));
    }
    source->classes = state->classes.classes;
    source->class_names = state->classes.names;
    source->labels = state->classes.labels;
    return TAM_OK;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Whether names repeat, by their hashes: should two names share one, keys only become longer. */
static tam_status find_repeats(tam_source *source) {
    tar_state *state = source->state;
    if (state->shards < 2) {
        return TAM_OK;
    }
    uint64_t *hashes = tam_allocate(source->ctx, (size_t)source->count, sizeof *hashes, "names in archives");
    if (hashes == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < source->count; i++) {
        hashes[i] = 0xcbf29ce484222325u;
        for (const char *c = name_of(state, i); *c != '\0'; c++) {
            hashes[i] = (hashes[i] ^ (unsigned char)*c) * 0x100000001b3u;
        }
    }
    qsort(hashes, (size_t)source->count, sizeof *hashes, by_value);
    for (int64_t i = 1; i < source->count; i++) {
        state->repeated = state->repeated || hashes[i] == hashes[i - 1];
    }
    tam_release(source->ctx, hashes);
    return TAM_OK;
}

static tam_status load(tam_source *source, const char *path) {
    tar_state *state = source->state;
    if (is_packed(path)) {
        return tam_fail(source->ctx, TAM_INPUT,
                        "%s: images in a compressed archive cannot be read by their place: unpack it to a .tar first "
                        "(its images are compressed already)",
                        path);
    }
    TAM_TRY(list_shards(source, path));
    for (int64_t k = 0; k < state->shards; k++) {
        TAM_TRY(read_shard(source, k));
    }
    source->count = state->samples.count;
    if (source->count == 0) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: no images in it (%s)", path, tam_image_endings());
    }
    TAM_TRY(make_labels(source));
    return find_repeats(source);
}

static tam_status open_tar(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_split(ctx, config, "an archive"));
    TAM_TRY(tam_refuse_labels(ctx, config, "an archive"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_tar};
    tar_state *state = tam_allocate(ctx, 1, sizeof *state, "the archive");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    state->samples.ctx = ctx;
    source->state = state;
    tam_status status = load(source, config->path);
    if (status != TAM_OK) {
        close_tar(source);
    }
    return status;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const tar_state *state = source->state;
    snprintf(name, room, "%s#%s", state->paths[state->samples.images[i].shard], name_of(state, i));
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    const tar_state *state = source->state;
    if (state->repeated) {
        snprintf(key, room, "%u/%s", state->samples.images[i].shard, name_of(state, i));
    } else {
        snprintf(key, room, "%s", name_of(state, i));
    }
}

/* The first bytes of image i, at most `most`, into the scratch's file. */
static tam_status read_image(const tam_source *source, int64_t i, size_t most, tam_reader_scratch *scratch,
                             size_t *size) {
    const tar_state *state = source->state;
    const tam_tar_image *image = &state->samples.images[i];
    const char *path = state->paths[image->shard];
    size_t whole;
    int descriptor = image->shard < MOST_OPEN ? state->descriptors[image->shard] : -1;
    *size = image->size < most ? image->size : most;
    TAM_TRY(tam_scratch_room(source->ctx, scratch, *size));
    if (descriptor >= 0) {
        return tam_file_read_at(source->ctx, path, descriptor, image->at, scratch->file, *size);
    }
    TAM_TRY(tam_file_open(source->ctx, path, &descriptor, &whole));
    tam_status status = tam_file_read_at(source->ctx, path, descriptor, image->at, scratch->file, *size);
    close(descriptor);
    return status;
}

static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    TAM_TRY(read_image(source, i, SIZE_MAX, scratch, size));
    *data = scratch->file;
    return TAM_OK;
}

/* Most headers lie within the first few KB. */
static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    tam_reader_scratch scratch = {0};
    char name[2 * PATH_MAX];
    size_t size;
    image_name(source, i, name, sizeof name);
    tam_status status = read_image(source, i, IMAGE_START, &scratch, &size);
    if (status == TAM_OK && !tam_image_look_start(name, scratch.file, size, info)) {
        status = read_image(source, i, SIZE_MAX, &scratch, &size);
        if (status == TAM_OK) {
            status = tam_image_look(source->ctx, name, scratch.file, size, info);
        }
    }
    tam_scratch_free(source->ctx, &scratch);
    return status;
}

const tam_reader tam_reader_tar = {
    .name = "tar archive",
    .recognise = recognise,
    .open = open_tar,
    .close = close_tar,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_key,
    .one_stream = true,
};
