/* Single image files: the one that lies there, or those that were named one by one. */
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/reader.h"

typedef struct images_state {
    char **paths; /* [count] */
    int64_t count;
} images_state;

static bool recognise(const tam_place *place) {
    char ending[TAM_IMAGE_ENDING_ROOM];
    return place->kind == TAM_PATH_FILE && tam_image_ending(place->start, place->start_size, ending);
}

static void close_images(tam_source *source) {
    images_state *state = source->state;
    if (state != NULL) {
        for (int64_t i = 0; state->paths != NULL && i < state->count; i++) {
            tam_release(source->ctx, state->paths[i]);
        }
        tam_release(source->ctx, state->paths);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status take_paths(tam_source *source, const tam_dataset_config *config) {
    images_state *state = source->state;
    source->count = config->images != NULL ? config->image_count : 1;
    state->paths = tam_allocate(source->ctx, (size_t)source->count, sizeof *state->paths, "paths of images");
    if (state->paths == NULL) {
        return TAM_RESOURCES;
    }
    for (; state->count < source->count; state->count++) {
        const char *path = config->images != NULL ? config->images[state->count] : config->path;
        state->paths[state->count] = tam_copy_string(source->ctx, path);
        if (state->paths[state->count] == NULL) {
            return TAM_RESOURCES;
        }
    }
    return TAM_OK;
}

static tam_status open_images(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_split(ctx, config, "an image"));
    TAM_TRY(tam_refuse_labels(ctx, config, "an image"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_images};
    images_state *state = tam_allocate(ctx, 1, sizeof *state, "images");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    source->state = state;
    tam_status status = take_paths(source, config);
    if (status != TAM_OK) {
        close_images(source);
    }
    return status;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const images_state *state = source->state;
    snprintf(name, room, "%s", state->paths[i]);
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    const images_state *state = source->state;
    return tam_image_look_file(source->ctx, state->paths[i], info);
}

static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    const images_state *state = source->state;
    int descriptor;
    TAM_TRY(tam_file_open(source->ctx, state->paths[i], &descriptor, size));
    tam_status status = tam_scratch_read(source->ctx, state->paths[i], descriptor, *size, scratch);
    close(descriptor);
    *data = scratch->file;
    return status;
}

const tam_reader tam_reader_images = {
    .name = "image file",
    .recognise = recognise,
    .open = open_images,
    .close = close_images,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_name,
    .own_files = true,
};
