/* A list of images with their labels: text, CSV, MXNet's .lst. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/class_labels.h"
#include "data/reader.h"
#include "io/image_list.h"

enum { MOST_SPLITS_NAMED = 8 };

typedef struct list_state {
    tam_image_list list; /* rows of the split only */
    tam_class_labels classes;
    char *folder; /* that relative paths begin in */
    char *path;   /* of the list */
} list_state;

static bool recognise(const tam_place *place) {
    static const char *const endings[] = {".txt", ".lst", ".csv", ".tsv"};
    const char *dot = place->kind == TAM_PATH_FILE ? strrchr(place->path, '.') : NULL;
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void close_list(tam_source *source) {
    list_state *state = source->state;
    if (state != NULL) {
        tam_image_list_free(&state->list);
        tam_class_labels_free(&state->classes);
        tam_release(source->ctx, state->folder);
        tam_release(source->ctx, state->path);
        tam_release(source->ctx, state);
    }
    *source = (tam_source){0};
}

/* "train, val, test": the splits that occur, in the order in which they do. */
static tam_status refuse_split(tam_ctx *ctx, const tam_image_list *list, const char *path, const char *split) {
    const char *known[MOST_SPLITS_NAMED];
    int count = 0;
    char words[512] = "";
    for (int64_t i = 0; i < list->count && count < MOST_SPLITS_NAMED; i++) {
        const char *word = list->text + list->rows[i].split;
        int k = 0;
        while (k < count && strcmp(known[k], word) != 0) {
            k++;
        }
        if (k == count) {
            size_t used = strlen(words);
            snprintf(words + used, sizeof words - used, "%s%.40s", count > 0 ? ", " : "", word);
            known[count++] = word;
        }
    }
    return tam_fail(ctx, TAM_CONFIG, "%s: unknown split '%s' (known: %s)", path, split, words);
}

static tam_status choose_split(tam_ctx *ctx, const tam_dataset_config *config, tam_image_list *list) {
    int64_t kept = 0;
    if (!list->splits) {
        return tam_refuse_split(ctx, config, "a list without a column `split`");
    }
    for (int64_t i = 0; i < list->count; i++) {
        kept += strcmp(list->text + list->rows[i].split, config->split) == 0;
    }
    if (kept == 0) {
        return refuse_split(ctx, list, config->path, config->split);
    }
    kept = 0;
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->text + list->rows[i].split, config->split) == 0) {
            list->rows[kept++] = list->rows[i];
        }
    }
    list->count = kept;
    return TAM_OK;
}

static const char *label_text(const void *user, int64_t i, char room[TAM_LABEL_ROOM]) {
    const list_state *state = user;
    (void)room;
    return state->list.text + state->list.rows[i].label;
}

static void label_place(const void *user, int64_t i, char place[TAM_LABEL_PLACE_ROOM]) {
    const list_state *state = user;
    snprintf(place, TAM_LABEL_PLACE_ROOM, "%s:%lld", state->path, (long long)state->list.rows[i].line);
}

static tam_status load(tam_source *source, const tam_dataset_config *config) {
    tam_ctx *ctx = source->ctx;
    list_state *state = source->state;
    const char *slash = strrchr(config->path, '/');
    state->path = tam_copy_string(ctx, config->path);
    state->folder = tam_copy_string(ctx, slash != NULL ? config->path : ".");
    if (state->path == NULL || state->folder == NULL) {
        return TAM_RESOURCES;
    }
    if (slash != NULL) {
        state->folder[slash == config->path ? 1 : slash - config->path] = '\0';
    }
    TAM_TRY(tam_image_list_read(ctx, config->path, &state->list));
    TAM_TRY(choose_split(ctx, config, &state->list));
    source->count = state->list.count;
    if (state->list.unaligned > 0) {
        tam_warn(ctx, "%s: %lld images are not aligned, as the list says, and are taken as they are", state->path,
                 (long long)state->list.unaligned);
    }
    if (!state->list.labelled) {
        return TAM_OK;
    }
    tam_label_texts texts = {.count = source->count, .user = state, .text = label_text, .place = label_place};
    TAM_TRY(tam_class_labels_make(ctx, &texts, &state->classes));
    source->classes = state->classes.classes;
    source->class_names = state->classes.names;
    source->labels = state->classes.labels;
    return TAM_OK;
}

static tam_status open_list(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source) {
    TAM_TRY(tam_refuse_labels(ctx, config, "a list"));
    *source = (tam_source){.ctx = ctx, .reader = &tam_reader_list};
    source->state = tam_allocate(ctx, 1, sizeof(list_state), "the list of images");
    if (source->state == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = load(source, config);
    if (status != TAM_OK) {
        close_list(source);
    }
    return status;
}

static void image_key(const tam_source *source, int64_t i, char *key, size_t room) {
    const list_state *state = source->state;
    snprintf(key, room, "%s", state->list.text + state->list.rows[i].path);
}

/* Returns whether it fits. */
static bool path_of(const tam_source *source, int64_t i, char *path, size_t room) {
    const list_state *state = source->state;
    const char *written = state->list.text + state->list.rows[i].path;
    const char *slash = strcmp(state->folder, "/") == 0 ? "" : "/";
    bool plain = *written == '/' || strcmp(state->folder, ".") == 0;
    int length =
        plain ? snprintf(path, room, "%s", written) : snprintf(path, room, "%s%s%s", state->folder, slash, written);
    return length >= 0 && (size_t)length < room;
}

static void image_name(const tam_source *source, int64_t i, char *name, size_t room) {
    (void)path_of(source, i, name, room);
}

/* The file of image i; what is wrong with it is said with the list's line. */
static tam_status open_image(const tam_source *source, int64_t i, char path[PATH_MAX], int *descriptor, size_t *size) {
    const list_state *state = source->state;
    tam_ctx *ctx = source->ctx;
    long long line = (long long)state->list.rows[i].line;
    if (!path_of(source, i, path, PATH_MAX)) {
        return tam_fail(ctx, TAM_INPUT, "%s:%lld: %.200s...: the path is too long", state->path, line, path);
    }
    tam_path_kind kind = tam_path_look(path);
    if (kind == TAM_PATH_ABSENT) {
        return tam_fail(ctx, TAM_INPUT, "%s:%lld: %s: there is no such file", state->path, line, path);
    }
    if (kind != TAM_PATH_FILE) {
        return tam_fail(ctx, TAM_INPUT, "%s:%lld: %s: not a regular file", state->path, line, path);
    }
    return tam_file_open(ctx, path, descriptor, size);
}

static tam_status look(const tam_source *source, int64_t i, tam_image_info *info) {
    char path[PATH_MAX];
    int descriptor;
    size_t size;
    TAM_TRY(open_image(source, i, path, &descriptor, &size));
    close(descriptor);
    return tam_image_look_file(source->ctx, path, info);
}

static tam_status encoded(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size) {
    char path[PATH_MAX];
    int descriptor;
    TAM_TRY(open_image(source, i, path, &descriptor, size));
    tam_status status = tam_scratch_read(source->ctx, path, descriptor, *size, scratch);
    close(descriptor);
    *data = scratch->file;
    return status;
}

const tam_reader tam_reader_list = {
    .name = "list of images",
    .recognise = recognise,
    .open = open_list,
    .close = close_list,
    .look = look,
    .encoded = encoded,
    .image_name = image_name,
    .image_key = image_key,
    .own_files = true,
};
