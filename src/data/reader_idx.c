/* A folder of IDX files: NAMEtrain-images-idx3-ubyte[.gz] with its labels, and t10k or test for the split "test". */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/reader.h"
#include "io/idx.h"

enum { VALUES = 256 };

typedef struct idx_state {
    tam_idx images;
    int32_t *labels;
    char path[PATH_MAX]; /* of the images */
    char texts[VALUES][4];
    const char *names[VALUES];
} idx_state;

/* MNIST and its descendants write "-idx3-ubyte" or ".idx3-ubyte". */
static bool matches(const char *name, const char *stem, const char *what) {
    static const char *const endings[2] = {"", ".gz"};
    char pattern[64];
    for (int i = 0; i < 2; i++) {
        snprintf(pattern, sizeof pattern, "*%s-%s[-.]idx?-ubyte%s", stem, what, endings[i]);
        if (fnmatch(pattern, name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool recognise(const tam_place *place) {
    bool found = false;
    DIR *folder = place->kind == TAM_PATH_FOLDER ? opendir(place->path) : NULL;
    if (folder == NULL) {
        return false;
    }
    for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
        found = matches(entry->d_name, "", "images") || matches(entry->d_name, "", "labels");
    }
    closedir(folder);
    return found;
}

/* Finds the one file of the folder that holds `what` of the split; *found = 0 leaves `file` alone. */
static tam_status find_file(tam_ctx *ctx, const char *path, const char *stem, const char *what, char file[PATH_MAX],
                            int *found) {
    tam_status status = TAM_OK;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return tam_fail(ctx, TAM_INPUT, "%s: cannot list the folder: %s", path, strerror(errno));
    }
    for (struct dirent *entry; status == TAM_OK && (entry = readdir(folder)) != NULL;) {
        if (!matches(entry->d_name, stem, what)) {
            continue;
        }
        if (*found > 0) {
            status = tam_fail(ctx, TAM_INPUT, "%s: %s lies beside %s: which of them is meant?", path, entry->d_name,
                              file + strlen(path) + 1);
        } else if (snprintf(file, PATH_MAX, "%s/%s", path, entry->d_name) >= PATH_MAX) {
            status = tam_fail(ctx, TAM_INPUT, "%.200s...: the path is too long", path);
        }
        *found += 1;
    }
    closedir(folder);
    return status;
}

static tam_status find_pair(tam_ctx *ctx, const char *path, const char *split, char images[PATH_MAX],
                            char labels[PATH_MAX]) {
    static const char *const stems[2][2] = {{"train", "train"}, {"t10k", "test"}};
    int is_test = strcmp(split, "test") == 0;
    int found_images = 0, found_labels = 0;
    if (!is_test && strcmp(split, "train") != 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: unknown split '%s' (known: train, test)", path, split);
    }
    for (int i = 0; i <= is_test; i++) {
        TAM_TRY(find_file(ctx, path, stems[is_test][i], "images", images, &found_images));
        TAM_TRY(find_file(ctx, path, stems[is_test][i], "labels", labels, &found_labels));
    }
    if (found_images == 0 || found_labels == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no file %s-%s-idx%d-ubyte or .gz", path, stems[is_test][0],
                        found_images == 0 ? "images" : "labels", found_images == 0 ? 3 : 1);
    }
    return TAM_OK;
}

static void close_idx(tam_source *source) {
    idx_state *state = source->state;
    if (state != NULL) {
        tam_idx_free(source->ctx, &state->images);
        tam_release(source->ctx, state->labels);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

/* Classes are the label values that occur, in the order of the numbers. */
static void number_classes(tam_source *source, const uint8_t *values) {
    idx_state *state = source->state;
    bool occurs[VALUES] = {false};
    int32_t rank[VALUES];
    for (int64_t i = 0; i < source->count; i++) {
        occurs[values[i]] = true;
    }
    for (int v = 0; v < VALUES; v++) {
        rank[v] = source->classes;
        if (occurs[v]) {
            snprintf(state->texts[v], sizeof state->texts[v], "%d", v);
            state->names[source->classes++] = state->texts[v];
        }
    }
    for (int64_t i = 0; i < source->count; i++) {
        state->labels[i] = rank[values[i]];
    }
    source->class_names = state->names;
    source->labels = state->labels;
}

static tam_status load(tam_source *source, const char *label_path) {
    tam_ctx *ctx = source->ctx;
    idx_state *state = source->state;
    tam_idx labels;
    TAM_TRY(tam_idx_read(ctx, label_path, 1, &labels));
    tam_status status = tam_idx_read(ctx, state->path, 3, &state->images);
    if (status != TAM_OK) {
        goto done;
    }
    const int64_t *size = state->images.size;
    if (labels.size[0] != size[0]) {
        status = tam_fail(ctx, TAM_INPUT, "%s holds %lld labels but %s holds %lld images", label_path,
                          (long long)labels.size[0], state->path, (long long)size[0]);
        goto done;
    }
    if ((uint64_t)size[1] * (uint64_t)size[2] > TAM_IMAGE_MOST_PIXELS) {
        status = tam_fail(ctx, TAM_INPUT, "%s: images of %lld x %lld are too large", state->path, (long long)size[2],
                          (long long)size[1]);
        goto done;
    }
    source->count = size[0];
    state->labels = tam_allocate(ctx, (size_t)source->count, sizeof *state->labels, "labels");
    if (state->labels == NULL) {
        status = TAM_RESOURCES;
        goto done;
    }
    number_classes(source, labels.values);
done:
    tam_idx_free(ctx, &labels);
    return status;
}

static tam_status open_idx(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    char labels[PATH_MAX];
    TAM_TRY(tam_refuse_labels(ctx, config, "a folder of IDX files"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_idx};
    idx_state *state = tam_allocate(ctx, 1, sizeof *state, "the IDX files");
    if (state == NULL) {
        return TAM_RESOURCES;
    }
    source->state = state;
    tam_status status = find_pair(ctx, config->path, config->split, state->path, labels);
    if (status == TAM_OK) {
        status = load(source, labels);
    }
    if (status != TAM_OK) {
        close_idx(source);
    }
    return status;
}

static tam_status pixels(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                         const uint8_t **values) {
    (void)scratch;
    const idx_state *state = source->state;
    *info = (tam_image_info){(int)state->images.size[2], (int)state->images.size[1], 1};
    *values = state->images.values + i * state->images.size[1] * state->images.size[2];
    return TAM_OK;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    const idx_state *state = source->state;
    snprintf(name, room, "%s#%lld", state->path, (long long)i);
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    (void)source;
    snprintf(key, room, "%lld", (long long)i);
}

const tam_reader tam_reader_idx = {
    .name = "folder of IDX files",
    .recognise = recognise,
    .open = open_idx,
    .close = close_idx,
    .pixels = pixels,
    .image_name = image_name,
    .image_key = image_key,
    .in_memory = true,
};
