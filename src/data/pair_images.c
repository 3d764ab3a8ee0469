/* Finds the images that a list of pairs names. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/pair_names.h"
#include "tammes/pairs.h"

enum { LARGEST_LIST = 1 << 30, LONGEST_PATH = 4096 };

struct tam_pairs {
    tam_ctx *ctx;
    tam_arena *arena;
    tam_pair_names names;
    int64_t images;
    int64_t *image, *rows;
};

/* An image by its key. */
typedef struct known_image {
    const char *name; /* "class/file", for stems without its ending */
    int64_t number;
} known_image;

static int by_name(const void *a, const void *b) {
    const known_image *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* The data set's images by name: whole (stem false) or without their endings. */
static tam_status list_images(tam_ctx *ctx, const tam_dataset *dataset, tam_arena *arena, bool stem,
                              known_image **images) {
    int64_t count = tam_dataset_describe(dataset).count;
    char path[LONGEST_PATH];
    *images = tam_allocate(ctx, (size_t)count, sizeof **images, "names of images");
    for (int64_t i = 0; *images != NULL && i < count; i++) {
        tam_dataset_image_key(dataset, i, path, sizeof path);
        const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
        size_t length = stem && dot != NULL && dot > slash ? (size_t)(dot - path) : strlen(path);
        (*images)[i] = (known_image){tam_arena_string(arena, path, length), i};
        if ((*images)[i].name == NULL) {
            return TAM_RESOURCES;
        }
    }
    if (*images == NULL) {
        return TAM_RESOURCES;
    }
    qsort(*images, (size_t)count, sizeof **images, by_name);
    return TAM_OK;
}

/* The number of the first image with the name, -1 if there is none. */
static int64_t find_image(const known_image *images, int64_t count, const char *name) {
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(images[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && strcmp(images[low].name, name) == 0 ? images[low].number : -1;
}

/* rows receives numbers in the data set. */
static tam_status find_rows(tam_pairs *pairs, const char *path, const known_image *images, int64_t count) {
    for (int64_t i = 0; i < 2 * pairs->names.count; i++) {
        pairs->rows[i] = find_image(images, count, pairs->names.names[i]);
        if (pairs->rows[i] < 0) {
            return tam_fail(pairs->ctx, TAM_INPUT, "%s: pair %lld names '%s', which the data set does not hold", path,
                            (long long)(i / 2 + 1), pairs->names.names[i]);
        }
    }
    return TAM_OK;
}

/* Renumbers rows so that only the images that occur are counted. */
static tam_status number_images(tam_pairs *pairs, int64_t count) {
    int64_t *place = tam_allocate(pairs->ctx, (size_t)count, sizeof *place, "numbers of images");
    if (place == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < 2 * pairs->names.count; i++) {
        place[pairs->rows[i]] = 1;
    }
    for (int64_t i = 0; i < count; i++) {
        if (place[i] != 0) {
            place[i] = pairs->images;
            pairs->image[pairs->images++] = i;
        }
    }
    for (int64_t i = 0; i < 2 * pairs->names.count; i++) {
        pairs->rows[i] = place[pairs->rows[i]];
    }
    tam_release(pairs->ctx, place);
    return TAM_OK;
}

static tam_status read_list(tam_pairs *pairs, const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    TAM_TRY(tam_file_read(pairs->ctx, path, LARGEST_LIST, &data, &size));
    tam_status status = tam_pair_names_parse(pairs->ctx, pairs->arena, path, (const char *)data, size, &pairs->names);
    tam_release(pairs->ctx, data);
    return status;
}

static tam_status find_images(tam_pairs *pairs, const char *path, const tam_dataset *dataset) {
    int64_t count = tam_dataset_describe(dataset).count, named = 2 * pairs->names.count;
    known_image *images = NULL;
    tam_arena *names = tam_arena_create(pairs->ctx, 0);
    pairs->rows = tam_arena_take(pairs->arena, (size_t)named, sizeof *pairs->rows);
    pairs->image = tam_arena_take(pairs->arena, (size_t)(named < count ? named : count), sizeof *pairs->image);
    bool whole = names != NULL && pairs->rows != NULL && pairs->image != NULL;
    tam_status status = whole ? list_images(pairs->ctx, dataset, names, pairs->names.stems, &images) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = find_rows(pairs, path, images, count);
    }
    if (status == TAM_OK) {
        status = number_images(pairs, count);
    }
    tam_release(pairs->ctx, images);
    tam_arena_free(names);
    return status;
}

tam_status tam_pairs_open(tam_ctx *ctx, const char *path, const tam_dataset *dataset, tam_pairs **out) {
    *out = NULL;
    tam_pairs *pairs = tam_allocate(ctx, 1, sizeof *pairs, "pairs");
    if (pairs == NULL) {
        return TAM_RESOURCES;
    }
    pairs->ctx = ctx;
    pairs->arena = tam_arena_create(ctx, (size_t)1 << 20);
    tam_status status = pairs->arena == NULL ? TAM_RESOURCES : read_list(pairs, path);
    if (status == TAM_OK) {
        status = find_images(pairs, path, dataset);
    }
    if (status != TAM_OK) {
        tam_pairs_free(pairs);
        return status;
    }
    *out = pairs;
    return TAM_OK;
}

void tam_pairs_free(tam_pairs *pairs) {
    if (pairs != NULL) {
        tam_arena_free(pairs->arena);
        tam_release(pairs->ctx, pairs);
    }
}

tam_pairs_info tam_pairs_describe(const tam_pairs *pairs) {
    return (tam_pairs_info){pairs->names.count, pairs->names.folds, pairs->images,
                            pairs->image,       pairs->rows,        pairs->names.same};
}
