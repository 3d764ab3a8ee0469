#include "data/row_labels.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/reader.h"
#include "data/row_lines.h"
#include "io/npy.h"
#include "io/npy_names.h"

#define MOST_CLASSES_BYTES ((size_t)1 << 30)

typedef struct row_labels {
    tam_ctx *ctx;
    const char *array, *rows;
    int64_t count;
    char path[PATH_MAX];
    int64_t *numbers;    /* of an array */
    tam_row_lines words; /* of a text */
} row_labels;

static const char *label_text(const void *user, int64_t i, char room[TAM_LABEL_ROOM]) {
    const row_labels *labels = user;
    if (labels->numbers == NULL) {
        return tam_row_line(&labels->words, i);
    }
    snprintf(room, TAM_LABEL_ROOM, "%lld", (long long)labels->numbers[i]);
    return room;
}

static void label_place(const void *user, int64_t i, char place[TAM_LABEL_PLACE_ROOM]) {
    const row_labels *labels = user;
    bool is_text = labels->numbers == NULL;
    snprintf(place, TAM_LABEL_PLACE_ROOM, is_text ? "%s:%lld" : "%s#%lld", labels->path, (long long)i + is_text);
}

static tam_status read_numbers(row_labels *labels) {
    tam_npy npy;
    tam_status status = tam_npy_open(labels->ctx, labels->path, &npy);
    if (status == TAM_OK && (npy.dims < 1 || npy.dims > 2 || npy.row != 1 || npy.rows != labels->count)) {
        status =
            tam_fail(labels->ctx, TAM_INPUT, "%s: %lld labels in %d dimensions for the %lld %s of %s", labels->path,
                     (long long)npy.count, npy.dims, (long long)labels->count, labels->rows, labels->array);
    }
    if (status == TAM_OK) {
        labels->numbers = tam_allocate(labels->ctx, (size_t)labels->count, sizeof *labels->numbers, "labels");
        status = labels->numbers != NULL ? tam_npy_read_i64(&npy, 0, labels->count, labels->numbers) : TAM_RESOURCES;
    }
    tam_npy_close(&npy);
    return status;
}

/* NAME.classes.txt beside NAME.labels.npy, where it is. */
static tam_status name_classes(const row_labels *labels, tam_class_labels *classes) {
    char path[PATH_MAX];
    uint8_t *text;
    size_t size;
    if (!tam_npy_beside(labels->path, TAM_NPY_LABELS, TAM_NPY_CLASSES, path, sizeof path) ||
        tam_path_look(path) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    TAM_TRY(tam_file_read(labels->ctx, path, MOST_CLASSES_BYTES, &text, &size));
    tam_status status = tam_class_labels_name(classes, path, text, size);
    tam_release(labels->ctx, text);
    return status;
}

static tam_status read_labels(row_labels *labels, tam_class_labels *classes) {
    tam_place place;
    TAM_TRY(tam_place_look(labels->ctx, labels->path, &place));
    if (place.start_size >= 6 && memcmp(place.start, "\x93NUMPY", 6) == 0) {
        TAM_TRY(read_numbers(labels));
    } else {
        TAM_TRY(tam_row_lines_read(labels->ctx, labels->path, labels->count, labels->array, &labels->words));
    }
    tam_label_texts texts = {.count = labels->count, .user = labels, .text = label_text, .place = label_place};
    TAM_TRY(tam_class_labels_make(labels->ctx, &texts, classes));
    return labels->numbers != NULL ? name_classes(labels, classes) : TAM_OK;
}

tam_status tam_row_labels_read(tam_ctx *ctx, const char *array, int64_t count, const char *rows, const char *named,
                               tam_class_labels *classes, bool *found) {
    row_labels labels = {.ctx = ctx, .array = array, .rows = rows, .count = count};
    *found = named != NULL;
    if (named != NULL && strlen(named) >= sizeof labels.path) {
        return tam_fail(ctx, TAM_INPUT, "%.200s...: the path is too long", named);
    }
    if (named != NULL) {
        snprintf(labels.path, sizeof labels.path, "%s", named);
    } else {
        *found = tam_npy_beside(array, ".npy", TAM_NPY_LABELS, labels.path, sizeof labels.path) &&
                 tam_path_look(labels.path) != TAM_PATH_ABSENT;
    }
    tam_status status = *found ? read_labels(&labels, classes) : TAM_OK;
    tam_release(ctx, labels.numbers);
    tam_row_lines_free(&labels.words);
    return status;
}
