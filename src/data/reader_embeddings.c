#include "data/reader_embeddings.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/row_labels.h"
#include "data/row_lines.h"
#include "io/npy_names.h"

/* An embedding is no longer than this. */
enum { MOST_DIM = 1 << 20 };

typedef struct embeddings_state {
    tam_npy array;
    tam_class_labels classes;
    tam_row_lines keys; /* text NULL: rows have numbers only */
    char path[PATH_MAX];
} embeddings_state;

static bool recognise(const tam_place *place) {
    return place->start_size >= 6 && memcmp(place->start, "\x93NUMPY", 6) == 0;
}

static void close_embeddings(tam_source *source) {
    embeddings_state *state = source->state;
    if (state != NULL) {
        tam_npy_close(&state->array);
        tam_class_labels_free(&state->classes);
        tam_row_lines_free(&state->keys);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status check_shape(tam_ctx *ctx, const embeddings_state *state) {
    const tam_npy *npy = &state->array;
    const char *type = tam_npy_type_name(npy->type);
    if (npy->dims != 2) {
        return tam_fail(ctx, TAM_INPUT, "%s: %d dimension%s of %s: embeddings are an array [N, D] of floats",
                        state->path, npy->dims, npy->dims == 1 ? "" : "s", type);
    }
    if (npy->type != TAM_NPY_F2 && npy->type != TAM_NPY_F4 && npy->type != TAM_NPY_F8) {
        return tam_fail(ctx, TAM_INPUT, "%s: values of type %s: embeddings are float16, float32 or float64",
                        state->path, type);
    }
    if (npy->rows < 1 || npy->row < 1 || npy->row > MOST_DIM) {
        return tam_fail(ctx, TAM_INPUT, "%s: %lld rows of %lld values: no embeddings", state->path,
                        (long long)npy->rows, (long long)npy->row);
    }
    return TAM_OK;
}

static tam_status read_labels(tam_source *source, const tam_dataset_config *config) {
    embeddings_state *state = source->state;
    bool found;
    TAM_TRY(
        tam_row_labels_read(source->ctx, state->path, source->count, "rows", config->labels, &state->classes, &found));
    if (!found && !config->unlabelled) {
        return tam_fail(source->ctx, TAM_INPUT,
                        "%s: embeddings without labels: they are in NAME.labels.npy beside NAME.npy, or in the file of "
                        "--labels",
                        state->path);
    }
    if (found) {
        source->classes = state->classes.classes;
        source->class_names = state->classes.names;
        source->labels = state->classes.labels;
    }
    return TAM_OK;
}

static tam_status read_keys(tam_source *source) {
    embeddings_state *state = source->state;
    char path[PATH_MAX];
    if (!tam_npy_beside(state->path, ".npy", TAM_NPY_PATHS, path, sizeof path) ||
        tam_path_look(path) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    return tam_row_lines_read(source->ctx, path, source->count, state->path, &state->keys);
}

static tam_status load(tam_source *source, const tam_dataset_config *config) {
    embeddings_state *state = source->state;
    if (strlen(config->path) >= PATH_MAX) {
        return tam_fail(source->ctx, TAM_INPUT, "%.200s...: the path is too long", config->path);
    }
    snprintf(state->path, sizeof state->path, "%s", config->path);
    TAM_TRY(tam_npy_open(source->ctx, state->path, &state->array));
    TAM_TRY(check_shape(source->ctx, state));
    source->count = state->array.rows;
    source->vector = (int)state->array.row;
    TAM_TRY(read_labels(source, config));
    return read_keys(source);
}

static tam_status open_embeddings(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_split(ctx, config, "an array of embeddings"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_embeddings};
    embeddings_state *state = tam_allocate(ctx, 1, sizeof *state, "the embeddings");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    state->array.descriptor = -1;
    source->state = state;
    tam_status status = load(source, config);
    if (status != TAM_OK) {
        close_embeddings(source);
    }
    return status;
}

static tam_status pixels(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                         const uint8_t **values) {
    const embeddings_state *state = source->state;
    (void)i;
    (void)scratch;
    *info = (tam_image_info){0};
    *values = NULL;
    return tam_fail(source->ctx, TAM_INPUT, "%s: embeddings hold no images", state->path);
}

static tam_status vector(const tam_source *source, int64_t i, float *x) {
    const embeddings_state *state = source->state;
    TAM_TRY(tam_npy_read_f32(&state->array, i * state->array.row, state->array.row, x));
    for (int64_t k = 0; k < state->array.row; k++) {
        if (!isfinite(x[k])) {
            return tam_fail(source->ctx, TAM_INPUT, "%s#%lld: %s in column %lld", state->path, (long long)i,
                            isnan(x[k]) ? "NaN" : "a number beyond f32 or infinity", (long long)k);
        }
    }
    return TAM_OK;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const embeddings_state *state = source->state;
    snprintf(name, room, "%s#%lld", state->path, (long long)i);
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    const embeddings_state *state = source->state;
    if (state->keys.text != NULL) {
        snprintf(key, room, "%s", tam_row_line(&state->keys, i));
    } else {
        snprintf(key, room, "%lld", (long long)i);
    }
}

const tam_npy *tam_embeddings_array(const tam_source *source) {
    const embeddings_state *state = source->state;
    return &state->array;
}

const tam_reader tam_reader_embeddings = {
    .name = "array of embeddings",
    .recognise = recognise,
    .open = open_embeddings,
    .close = close_embeddings,
    .pixels = pixels,
    .vector = vector,
    .image_name = image_name,
    .image_key = image_key,
};
