#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/reader.h"
#include "io/folder.h"

typedef struct folder_state {
    tam_folder folder;
    const char **names;
    int32_t *labels;
    int64_t *files; /* image i's number in folder.files: images go by class, the files as the walk found them */
} folder_state;

static bool recognise(const tam_place *place) {
    return place->kind == TAM_PATH_FOLDER;
}

static void close_folder(tam_source *source) {
    folder_state *state = source->state;
    if (state != NULL) {
        tam_folder_free(&state->folder);
        tam_release(source->ctx, state->names);
        tam_release(source->ctx, state->labels);
        tam_release(source->ctx, state->files);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status fill(tam_source *source) {
    folder_state *state = source->state;
    const tam_folder *folder = &state->folder;
    if (folder->class_count > INT32_MAX) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: %lld classes are too many", folder->root,
                        (long long)folder->class_count);
    }
    source->count = folder->file_count;
    source->classes = (int32_t)folder->class_count;
    size_t count = (size_t)source->count;
    state->names = tam_allocate(source->ctx, (size_t)source->classes, sizeof *state->names, "class names");
    state->labels = tam_allocate(source->ctx, count, sizeof *state->labels, "labels");
    state->files = tam_allocate(source->ctx, count, sizeof *state->files, "the order of the images");
    if (state->names == NULL || state->labels == NULL || state->files == NULL) {
        return TAM_RESOURCES;
    }
    int64_t image = 0;
    for (int32_t c = 0; c < source->classes; c++) {
        const tam_folder_class *one = &folder->classes[c];
        state->names[c] = one->name;
        for (int64_t k = 0; k < one->count; k++, image++) {
            state->labels[image] = c;
            state->files[image] = one->first + k;
        }
    }
    source->class_names = state->names;
    source->labels = state->labels;
    return TAM_OK;
}

static tam_status open_folder(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_split(ctx, config, "an image folder"));
    TAM_TRY(tam_refuse_labels(ctx, config, "an image folder"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_folder};
    folder_state *state = tam_allocate(ctx, 1, sizeof *state, "the image folder");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    source->state = state;
    tam_status status = tam_folder_list(ctx, config->path, &state->folder);
    if (status == TAM_OK) {
        status = fill(source);
    }
    if (status != TAM_OK) {
        close_folder(source);
    }
    return status;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const folder_state *state = source->state;
    (void)tam_folder_path(&state->folder, source->labels[i], state->files[i], name, room);
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    const folder_state *state = source->state;
    const tam_folder *folder = &state->folder;
    snprintf(key, room, "%s/%s", folder->classes[source->labels[i]].name,
             folder->text + folder->files[state->files[i]]);
}

static tam_status path_of(const tam_source *source, int64_t i, char path[PATH_MAX]) {
    const folder_state *state = source->state;
    if (!tam_folder_path(&state->folder, source->labels[i], state->files[i], path, PATH_MAX)) {
        return tam_fail(source->ctx, TAM_INPUT, "%.200s...: the path is too long", path);
    }
    return TAM_OK;
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    char path[PATH_MAX];
    TAM_TRY(path_of(source, i, path));
    return tam_image_look_file(source->ctx, path, info);
}

static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    char path[PATH_MAX];
    TAM_TRY(path_of(source, i, path));
    int descriptor;
    TAM_TRY(tam_file_open(source->ctx, path, &descriptor, size));
    tam_status status = tam_scratch_read(source->ctx, path, descriptor, *size, scratch);
    close(descriptor);
    *data = scratch->file;
    return status;
}

const tam_reader tam_reader_folder = {
    .name = "image folder",
    .recognise = recognise,
    .open = open_folder,
    .close = close_folder,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_key,
    .own_files = true,
};
