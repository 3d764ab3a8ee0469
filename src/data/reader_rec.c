/* MXNet RecordIO: a file of records, with or without its index, or the folder of a train.rec. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "data/reader.h"
#include "data/rec_contents.h"
#include "data/rec_names.h"

static const char usual[] = "train.rec";

enum {
    LOOK_BYTES = 4096,      /* of an image whose size is asked for */
    MOST_AT_ONCE = 1 << 20, /* bytes that are read before a record says how long it is */
    PREFETCHED_AT_ONCE = 1 << 17,
};

typedef struct rec_state {
    tam_rec_contents contents;
    tam_arena *arena;
    const char **names;
} rec_state;

static bool ends_in_rec(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name && strcasecmp(dot, ".rec") == 0;
}

/* The file of a folder: train.rec, or the only .rec there is. */
static bool find_file(const char *folder, char path[PATH_MAX]) {
    char only[NAME_MAX + 1] = "";
    int found = 0;
    bool is_usual = false;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && !is_usual && (entry = readdir(entries)) != NULL;) {
        is_usual = strcmp(entry->d_name, usual) == 0;
        if (is_usual || ends_in_rec(entry->d_name)) {
            snprintf(only, sizeof only, "%s", entry->d_name);
            found++;
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    const char *slash = *folder != '\0' && folder[strlen(folder) - 1] == '/' ? "" : "/";
    return (is_usual || found == 1) && snprintf(path, PATH_MAX, "%s%s%s", folder, slash, only) < PATH_MAX &&
           tam_path_look(path) == TAM_PATH_FILE;
}

static bool recognise(const tam_place *place) {
    static const uint8_t magic[4] = {0x0A, 0x23, 0xD7, 0xCE};
    char path[PATH_MAX];
    if (place->kind == TAM_PATH_FOLDER) {
        return find_file(place->path, path);
    }
    bool begins = place->start_size >= sizeof magic && memcmp(place->start, magic, sizeof magic) == 0;
    return place->kind == TAM_PATH_FILE && (begins || ends_in_rec(place->path));
}

/* NAME.idx beside NAME.rec, if it is there. */
static bool find_index(const char *path, char index[PATH_MAX]) {
    size_t stem = strlen(path) - (ends_in_rec(path) ? strlen(".rec") : 0);
    return snprintf(index, PATH_MAX, "%.*s.idx", (int)stem, path) < PATH_MAX && tam_path_look(index) == TAM_PATH_FILE;
}

static void close_rec(tam_source *source) {
    rec_state *state = source->state;
    if (state != NULL) {
        tam_rec_contents_close(&state->contents);
        tam_arena_free(state->arena);
        tam_release(source->ctx, state->names);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status fill(tam_source *source, const char *path) {
    tam_ctx *ctx = source->ctx;
    rec_state *state = source->state;
    tam_rec_contents *contents = &state->contents;
    char index[PATH_MAX];
    int32_t *number = NULL;
    bool indexed = find_index(path, index);
    TAM_TRY(tam_rec_contents_open(ctx, path, indexed ? index : NULL, contents));
    TAM_TRY(tam_rec_number_classes(contents, &number, &source->classes));
    state->arena = tam_arena_create(ctx, 0);
    state->names = tam_allocate(ctx, (size_t)source->classes, sizeof *state->names, "names of classes");
    tam_status status = TAM_RESOURCES;
    if (state->arena != NULL && state->names != NULL) {
        status = tam_rec_names(ctx, path, contents->numbers, source->classes, number, state->arena, state->names);
    }
    tam_release(ctx, number);
    source->count = contents->count;
    source->class_names = state->names;
    source->labels = contents->number;
    return status;
}

static tam_status open_rec(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    char path[PATH_MAX];
    TAM_TRY(tam_refuse_split(ctx, config, "a RecordIO file"));
    TAM_TRY(tam_refuse_labels(ctx, config, "a RecordIO file"));
    if (tam_path_look(config->path) != TAM_PATH_FOLDER) {
        if (snprintf(path, sizeof path, "%s", config->path) >= PATH_MAX) {
            return tam_fail(ctx, TAM_INPUT, "%.200s...: the path is too long", config->path);
        }
    } else if (!find_file(config->path, path)) {
        return tam_fail(ctx, TAM_INPUT, "%s: holds neither %s nor one .rec", config->path, usual);
    }
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_rec};
    rec_state *state = tam_allocate(ctx, 1, sizeof *state, "the records");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    state->contents = (tam_rec_contents){.ctx = ctx, .file = {.descriptor = -1}};
    source->state = state;
    tam_status status = fill(source, path);
    if (status != TAM_OK) {
        close_rec(source);
    }
    return status;
}

static uint64_t key_of(const tam_rec_contents *contents, int64_t i) {
    return contents->key != NULL ? contents->key[i] : contents->first_key + (uint64_t)i;
}

static tam_status read_record(const tam_rec_contents *contents, int64_t i, uint8_t *buffer, size_t room,
                              tam_record *record, tam_record_header *header) {
    uint64_t number = key_of(contents, i);
    TAM_TRY(tam_recordio_read(&contents->file, number, contents->at[i], contents->at[i + 1], buffer, room, record));
    return tam_recordio_header(&contents->file, number, record, header);
}

/* The place of the next image says how long this one is, but for what may lie between them: one read nearly always. */
static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    const rec_state *state = source->state;
    const tam_rec_contents *contents = &state->contents;
    uint64_t span = contents->at[i + 1] - contents->at[i];
    size_t room = span < MOST_AT_ONCE ? (size_t)span : MOST_AT_ONCE;
    tam_record record;
    tam_record_header header;
    room = room > TAM_RECORDIO_LOOK ? room : TAM_RECORDIO_LOOK;
    TAM_TRY(tam_scratch_room(source->ctx, scratch, room));
    TAM_TRY(read_record(contents, i, scratch->file, room, &record, &header));
    if (record.filled < record.size) {
        room = (size_t)(record.end - record.at);
        TAM_TRY(tam_scratch_room(source->ctx, scratch, room));
        TAM_TRY(read_record(contents, i, scratch->file, room, &record, &header));
    }
    *data = record.payload + header.image;
    *size = record.size - header.image;
    return TAM_OK;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const rec_state *state = source->state;
    snprintf(name, room, "%s#%llu", state->contents.path, (unsigned long long)key_of(&state->contents, i));
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    const rec_state *state = source->state;
    snprintf(key, room, "%llu", (unsigned long long)key_of(&state->contents, i));
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    const rec_state *state = source->state;
    uint8_t start[LOOK_BYTES];
    tam_record record;
    tam_record_header header;
    char name[PATH_MAX + 32];
    TAM_TRY(read_record(&state->contents, i, start, sizeof start, &record, &header));
    image_name(source, i, name, sizeof name);
    if (header.image < record.filled &&
        tam_image_look_start(name, record.payload + header.image, record.filled - header.image, info)) {
        return TAM_OK;
    }
    tam_reader_scratch scratch = {0};
    const uint8_t *data;
    size_t size;
    tam_status status = encoded(source, i, &scratch, &data, &size);
    if (status == TAM_OK) {
        status = tam_image_look(source->ctx, name, data, size, info);
    }
    tam_scratch_free(source->ctx, &scratch);
    return status;
}

/* In pieces: the system takes no more than a few hundred KB at a time. */
static void prefetch(const tam_source *source, int64_t first, int64_t count) {
    const rec_state *state = source->state;
    const tam_rec_contents *contents = &state->contents;
    uint64_t end = contents->at[first + count];
    for (uint64_t at = contents->at[first]; at < end; at += PREFETCHED_AT_ONCE) {
        uint64_t size = end - at < PREFETCHED_AT_ONCE ? end - at : PREFETCHED_AT_ONCE;
        (void)posix_fadvise(contents->file.descriptor, (off_t)at, (off_t)size, POSIX_FADV_WILLNEED);
    }
}

const tam_reader tam_reader_rec = {
    .name = "RecordIO file",
    .recognise = recognise,
    .open = open_rec,
    .close = close_rec,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_key,
    .prefetch = prefetch,
    .one_stream = true,
};
