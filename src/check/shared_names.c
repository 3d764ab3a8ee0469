/* Class names that the data and evaluation sets have in common. */
#include <stdlib.h>
#include <string.h>

#include "check/check_inside.h"

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whole numbers are labels, not names. */
static bool names_somebody(const char *name) {
    return name[strspn(name, "0123456789")] != '\0';
}

static tam_check_shared compare_names(const tam_check *check, int set, const char **names, int64_t count) {
    const tam_album *album = &check->album;
    int64_t classes = tam_dataset_describe(album->set[set]).classes;
    tam_check_shared shared = {.images = album->first[set + 1] - album->first[set], .classes = classes};
    for (int64_t i = album->first[set]; i < album->first[set + 1]; i++) {
        shared.unreadable += album->prints[i].width == 0;
    }
    for (int64_t c = 0; c < classes; c++) {
        const char *name = tam_dataset_class_name(album->set[set], c);
        shared.shared += names_somebody(name) && bsearch(&name, names, (size_t)count, sizeof *names, by_name) != NULL;
    }
    return shared;
}

tam_status tam_check_shared_names(tam_check *check) {
    int64_t classes = check->info.classes;
    int others = check->album.sets - 1;
    tam_check_shared *shared = tam_arena_take(check->arena, (size_t)others, sizeof *shared);
    const char **names = tam_allocate(check->ctx, (size_t)classes, sizeof *names, "class names");
    if (shared == NULL || names == NULL) {
        tam_release(check->ctx, names);
        return TAM_RESOURCES;
    }
    for (int64_t c = 0; c < classes; c++) {
        names[c] = tam_dataset_class_name(check->album.set[0], c);
    }
    if (classes > 0) {
        qsort(names, (size_t)classes, sizeof *names, by_name);
    }
    for (int k = 0; k < others; k++) {
        shared[k] = compare_names(check, k + 1, names, classes);
    }
    check->info.shared = shared;
    tam_release(check->ctx, names);
    return TAM_OK;
}
