/* A verification set as data: its 2n images in their order, without labels. */
#include "data/reader_bin.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"

/* Headers of images are found in their first bytes; where one goes on, all are read. */
enum { FIRST_BYTES = 4096, LONGEST_NAME = 4352 };

typedef struct bin_state {
    char *path;
    tam_pickle_input input;
    tam_verification_bin bin;
} bin_state;

bool tam_bin_recognise(const tam_place *place) {
    size_t length = strlen(place->path);
    return place->kind == TAM_PATH_FILE && (tam_verification_bin_begins(place->start, place->start_size) ||
                                            (length >= 4 && strcasecmp(place->path + length - 4, ".bin") == 0));
}

static void close_bin(tam_source *source) {
    bin_state *state = source->state;
    if (state != NULL) {
        if (state->input.descriptor >= 0) {
            close(state->input.descriptor);
        }
        tam_verification_bin_free(source->ctx, &state->bin);
        tam_release(source->ctx, state->path);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

static tam_status load(tam_ctx *ctx, bin_state *state) {
    size_t size;
    int descriptor;
    TAM_TRY(tam_file_open(ctx, state->path, &descriptor, &size));
    state->input = (tam_pickle_input){.ctx = ctx, .name = state->path, .descriptor = descriptor, .size = size};
    return tam_verification_bin_read(&state->input, &state->bin);
}

static tam_status open_bin(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_split(ctx, config, "a verification set"));
    TAM_TRY(tam_refuse_labels(ctx, config, "a verification set"));
    if (!config->unlabelled) {
        return tam_fail(ctx, TAM_INPUT, "%s: a verification set has pairs and no labels: it is for eval and for --val",
                        config->path);
    }
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_bin};
    bin_state *state = tam_allocate(ctx, 1, sizeof *state, "a verification set");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    source->state = state;
    state->input.descriptor = -1;
    state->path = tam_copy_string(ctx, config->path);
    tam_status status = state->path != NULL ? load(ctx, state) : TAM_RESOURCES;
    source->count = 2 * state->bin.pairs;
    if (status != TAM_OK) {
        close_bin(source);
    }
    return status;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const bin_state *state = source->state;
    snprintf(name, room, "%s#%lld", state->path, (long long)i);
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    (void)source;
    snprintf(key, room, "%lld", (long long)i);
}

static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    const bin_state *state = source->state;
    const tam_bin_image image = state->bin.images[i];
    *size = (size_t)image.size;
    TAM_TRY(tam_scratch_room(source->ctx, scratch, *size));
    TAM_TRY(tam_pickle_read_at(&state->input, image.at, scratch->file, *size));
    if (!tam_pickle_decode(image.form, scratch->file, size)) {
        return tam_fail(source->ctx, TAM_INPUT, "%s#%lld: at byte %llu: text that means no bytes", state->path,
                        (long long)i, (unsigned long long)image.at);
    }
    *data = scratch->file;
    return TAM_OK;
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    const bin_state *state = source->state;
    const tam_bin_image image = state->bin.images[i];
    tam_reader_scratch scratch = {0};
    const uint8_t *data = NULL;
    size_t size = 0;
    char name[LONGEST_NAME];
    image_name(source, i, name, sizeof name);
    if (image.form == TAM_PICKLE_RAW && image.size > FIRST_BYTES) {
        uint8_t first[FIRST_BYTES];
        TAM_TRY(tam_pickle_read_at(&state->input, image.at, first, sizeof first));
        tam_ctx nobody = {.lock = PTHREAD_MUTEX_INITIALIZER}; /* a header that goes on is no failure */
        if (tam_image_look(&nobody, name, first, sizeof first, info) == TAM_OK) {
            return TAM_OK;
        }
    }
    tam_status status = encoded(source, i, &scratch, &data, &size);
    if (status == TAM_OK) {
        status = tam_image_look(source->ctx, name, data, size, info);
    }
    tam_scratch_free(source->ctx, &scratch);
    return status;
}

const tam_verification_bin *tam_bin_pairs(const tam_source *source, const char **path) {
    const bin_state *state = source->state;
    if (source->reader != &tam_reader_bin) {
        return NULL;
    }
    *path = state->path;
    return &state->bin;
}

const tam_reader tam_reader_bin = {
    .name = "verification set",
    .recognise = tam_bin_recognise,
    .open = open_bin,
    .close = close_bin,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_key,
    .one_stream = true,
};
