/* An array of images: [N, H, W] or [N, H, W, C] of bytes, with labels in an array of their own. Vectors, [N, D] of
 * floats, go to the reader of embeddings. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "data/reader_embeddings.h"
#include "data/row_labels.h"
#include "io/npy.h"

typedef struct npy_state {
    tam_npy images;
    tam_image_info info; /* of each */
    tam_class_labels classes;
    char path[PATH_MAX];
} npy_state;

static bool recognise(const tam_place *place) {
    size_t length = strlen(place->path);
    return place->kind == TAM_PATH_FILE && ((place->start_size >= 6 && memcmp(place->start, "\x93NUMPY", 6) == 0) ||
                                            (length > 4 && strcasecmp(place->path + length - 4, ".npy") == 0));
}

static void close_npy(tam_source *source) {
    npy_state *state = source->state;
    if (state != NULL) {
        tam_npy_close(&state->images);
        tam_class_labels_free(&state->classes);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status check_shape(tam_ctx *ctx, npy_state *state) {
    const tam_npy *npy = &state->images;
    const int64_t *shape = npy->shape;
    int64_t channels = npy->dims == 4 ? shape[3] : 1;
    if (npy->dims == 1 || npy->dims == 2) {
        return tam_fail(
            ctx, TAM_INPUT,
            "%s: %d dimensions of %s: labels? Images have [N, H, W] or [N, H, W, C], vectors [N, D] of floats",
            state->path, npy->dims, tam_npy_type_name(npy->type));
    }
    if (npy->dims != 3 && npy->dims != 4) {
        return tam_fail(ctx, TAM_INPUT, "%s: %d dimensions: images have [N, H, W] or [N, H, W, C]", state->path,
                        npy->dims);
    }
    if (npy->type != TAM_NPY_U1) {
        return tam_fail(ctx, TAM_INPUT, "%s: values of type %s: pixels are bytes, 0 to 255 (uint8)", state->path,
                        tam_npy_type_name(npy->type));
    }
    if (channels != 1 && channels != 3) {
        return tam_fail(ctx, TAM_INPUT, "%s: %lld channels, as its last side says: images have 1 or 3 there",
                        state->path, (long long)channels);
    }
    if (shape[0] == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no images in it", state->path);
    }
    if (shape[1] < 1 || shape[2] < 1 || (uint64_t)shape[1] > TAM_IMAGE_MOST_PIXELS ||
        (uint64_t)shape[2] > TAM_IMAGE_MOST_PIXELS / (uint64_t)shape[1]) {
        return tam_fail(ctx, TAM_INPUT, "%s: images of %lld x %lld pixels", state->path, (long long)shape[2],
                        (long long)shape[1]);
    }
    state->info = (tam_image_info){(int)shape[2], (int)shape[1], (int)channels};
    return TAM_OK;
}

static tam_status read_labels(tam_source *source, const char *named) {
    npy_state *state = source->state;
    bool found;
    TAM_TRY(tam_row_labels_read(source->ctx, state->path, source->count, "images", named, &state->classes, &found));
    if (found) {
        source->classes = state->classes.classes;
        source->class_names = state->classes.names;
        source->labels = state->classes.labels;
    }
    return TAM_OK;
}

static tam_status load(tam_source *source, const tam_dataset_config *config) {
    npy_state *state = source->state;
    if (strlen(config->path) >= PATH_MAX) {
        return tam_fail(source->ctx, TAM_INPUT, "%.200s...: the path is too long", config->path);
    }
    snprintf(state->path, sizeof state->path, "%s", config->path);
    TAM_TRY(tam_npy_open(source->ctx, state->path, &state->images));
    TAM_TRY(check_shape(source->ctx, state));
    source->count = state->images.rows;
    return read_labels(source, config->labels);
}

static tam_status look_for_vectors(tam_ctx *ctx, const char *path, bool *found) {
    tam_npy npy;
    tam_status status = tam_npy_open(ctx, path, &npy);
    *found = status == TAM_OK && npy.dims == 2 &&
             (npy.type == TAM_NPY_F2 || npy.type == TAM_NPY_F4 || npy.type == TAM_NPY_F8);
    tam_npy_close(&npy);
    return status;
}

static tam_status open_npy(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    bool vectors;
    TAM_TRY(look_for_vectors(ctx, config->path, &vectors));
    if (vectors) {
        return tam_reader_embeddings.open(ctx, config, source);
    }
    TAM_TRY(tam_refuse_split(ctx, config, "an array"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_npy};
    npy_state *state = tam_allocate(ctx, 1, sizeof *state, "the array of images");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    state->images.descriptor = -1;
    source->state = state;
    tam_status status = load(source, config);
    if (status != TAM_OK) {
        close_npy(source);
    }
    return status;
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    const npy_state *state = source->state;
    (void)i;
    *info = state->info;
    return TAM_OK;
}

static tam_status pixels(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                         const uint8_t **values) {
    const npy_state *state = source->state;
    *info = state->info;
    TAM_TRY(tam_scratch_room(source->ctx, scratch, (size_t)state->images.row));
    *values = scratch->file;
    return tam_npy_read(&state->images, i * state->images.row, state->images.row, scratch->file);
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const npy_state *state = source->state;
    snprintf(name, room, "%s#%lld", state->path, (long long)i);
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    (void)source;
    snprintf(key, room, "%lld", (long long)i);
}

const tam_reader tam_reader_npy = {
    .name = "array of images",
    .recognise = recognise,
    .open = open_npy,
    .close = close_npy,
    .look = look,
    .pixels = pixels,
    .image_name = image_name,
    .image_key = image_key,
    .one_stream = true,
};
