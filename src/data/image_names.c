#include "data/image_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { LONGEST_KEY = 4096 };

typedef struct named_image {
    const char *name;
    int64_t number;
} named_image;

struct tam_image_names {
    tam_ctx *ctx;
    tam_arena *arena;
    int64_t count;
    named_image *by_key, *by_file; /* [count], by name and number */
};

static int in_order(const void *a, const void *b) {
    const named_image *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static tam_status fill(tam_image_names *names, const tam_dataset *dataset, bool stems) {
    char key[LONGEST_KEY];
    names->by_key = tam_allocate(names->ctx, (size_t)names->count, sizeof *names->by_key, "names of images");
    names->by_file = tam_allocate(names->ctx, (size_t)names->count, sizeof *names->by_file, "names of images");
    names->arena = tam_arena_create(names->ctx, 0);
    if (names->by_key == NULL || names->by_file == NULL || names->arena == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < names->count; i++) {
        tam_dataset_image_key(dataset, i, key, sizeof key);
        const char *slash = strrchr(key, '/'), *dot = strrchr(key, '.');
        size_t folder = slash != NULL ? (size_t)(slash + 1 - key) : 0;
        size_t length = stems && dot != NULL && dot > slash ? (size_t)(dot - key) : strlen(key);
        const char *name = tam_arena_string(names->arena, key, length);
        if (name == NULL) {
            return TAM_RESOURCES;
        }
        names->by_key[i] = (named_image){name, i};
        names->by_file[i] = (named_image){name + folder, i};
    }
    qsort(names->by_key, (size_t)names->count, sizeof *names->by_key, in_order);
    qsort(names->by_file, (size_t)names->count, sizeof *names->by_file, in_order);
    return TAM_OK;
}

tam_image_names *tam_image_names_create(tam_ctx *ctx, const tam_dataset *dataset, bool stems) {
    tam_image_names *names = tam_allocate(ctx, 1, sizeof *names, "names of images");
    if (names == NULL) {
        return NULL;
    }
    names->ctx = ctx;
    names->count = tam_dataset_describe(dataset).count;
    if (fill(names, dataset, stems) != TAM_OK) {
        tam_image_names_free(names);
        return NULL;
    }
    return names;
}

void tam_image_names_free(tam_image_names *names) {
    if (names != NULL) {
        tam_release(names->ctx, names->by_key);
        tam_release(names->ctx, names->by_file);
        tam_arena_free(names->arena);
        tam_release(names->ctx, names);
    }
}

/* The place of the first of that name, or `count`. */
static int64_t place_of(const named_image *images, int64_t count, const char *name) {
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(images[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && strcmp(images[low].name, name) == 0 ? low : count;
}

int64_t tam_image_names_find(const tam_image_names *names, const char *name) {
    int64_t place = place_of(names->by_key, names->count, name);
    if (place < names->count) {
        return names->by_key[place].number;
    }
    place = place_of(names->by_file, names->count, name);
    if (place == names->count) {
        return TAM_IMAGE_NONE;
    }
    bool several = place + 1 < names->count && strcmp(names->by_file[place + 1].name, name) == 0;
    return several ? TAM_IMAGE_SEVERAL : names->by_file[place].number;
}
