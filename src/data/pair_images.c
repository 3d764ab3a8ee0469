/* Finds the images that a list of pairs names. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "data/image_names.h"
#include "data/reader_bin.h"
#include "data/reader_embeddings.h"
#include "io/pair_names.h"
#include "tammes/pairs.h"

enum { LARGEST_LIST = 1 << 30, MOST_NAMED = 5, FOLDS_OF_A_SET = 10 };

struct tam_pairs {
    tam_ctx *ctx;
    tam_arena *arena;
    const char *path;     /* for sentences */
    tam_pair_names names; /* of a list; of a verification set without names */
    int64_t missing, images;
    int64_t *image, *rows; /* rows at first hold numbers in the data set, -1: an image that it lacks */
};

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of row i, for sentences: of a verification set the image's number. */
static const char *row_name(const tam_pairs *pairs, int64_t i, char room[24]) {
    if (pairs->names.names != NULL) {
        return pairs->names.names[i];
    }
    snprintf(room, 24, "%lld", (long long)i);
    return room;
}

/* Sorts the names and drops repeats; returns how many are left. */
static int64_t name_once(const char **names, int64_t count) {
    int64_t different = 0;
    qsort(names, (size_t)count, sizeof *names, by_text);
    for (int64_t i = 0; i < count; i++) {
        if (different == 0 || strcmp(names[i], names[different - 1]) != 0) {
            names[different++] = names[i];
        }
    }
    return different;
}

/* TAM_INPUT with the first missing image, and of all of them the number and some names; where these are more than a
 * sentence holds, a warning for each. */
static tam_status refuse_missing(const tam_pairs *pairs) {
    int64_t rows = 2 * pairs->names.count, first = rows, different = 0;
    char room[24], some[512] = "";
    size_t length = 0;
    const char **names = tam_arena_take(pairs->arena, (size_t)rows, sizeof *names);
    if (names == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = rows - 1; i >= 0; i--) {
        if (pairs->rows[i] < 0) {
            const char *name = row_name(pairs, i, room);
            names[different] = tam_arena_string(pairs->arena, name, strlen(name));
            if (names[different++] == NULL) {
                return TAM_RESOURCES;
            }
            first = i;
        }
    }
    different = name_once(names, different);
    for (int64_t i = 0; i < different && i < MOST_NAMED; i++) {
        length += (size_t)snprintf(some + length, sizeof some - length, "%s'%.80s'", i > 0 ? ", " : "", names[i]);
    }
    for (int64_t i = 0; i < different && different > MOST_NAMED; i++) {
        tam_warn(pairs->ctx, "%s: the data set lacks '%s'", pairs->path, names[i]);
    }
    return tam_fail(pairs->ctx, TAM_INPUT,
                    "%s: pair %lld names '%s', which the data set does not hold; %lld images are missing in all, from "
                    "%lld of %lld pairs: %s%s",
                    pairs->path, (long long)(first / 2 + 1), row_name(pairs, first, room), (long long)different,
                    (long long)pairs->missing, (long long)pairs->names.count, some,
                    different > MOST_NAMED ? ", ..." : "");
}

static bool is_whole(const tam_pairs *pairs, int64_t pair) {
    return pairs->rows[2 * pair] >= 0 && pairs->rows[2 * pair + 1] >= 0;
}

/* Refuses pairs without their images, or leaves them out. */
static tam_status settle_missing(tam_pairs *pairs, bool leave_out) {
    int64_t kept = 0, count = pairs->names.count;
    for (int64_t i = 0; i < count; i++) {
        pairs->missing += !is_whole(pairs, i);
    }
    if (pairs->missing > 0 && (!leave_out || pairs->missing == count)) {
        return refuse_missing(pairs);
    }
    for (int64_t i = 0; i < count; i++) {
        if (is_whole(pairs, i)) {
            pairs->rows[2 * kept] = pairs->rows[2 * i];
            pairs->rows[2 * kept + 1] = pairs->rows[2 * i + 1];
            pairs->names.same[kept++] = pairs->names.same[i];
        }
    }
    pairs->names.count = kept;
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

/* Room for the rows of all pairs, and for the images that they can name. */
static tam_status take_rows(tam_pairs *pairs, const tam_dataset *dataset) {
    int64_t count = tam_dataset_describe(dataset).count, named = 2 * pairs->names.count;
    pairs->rows = tam_arena_take(pairs->arena, (size_t)named, sizeof *pairs->rows);
    pairs->image = tam_arena_take(pairs->arena, (size_t)(named < count ? named : count), sizeof *pairs->image);
    return pairs->rows != NULL && pairs->image != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status find_names(tam_pairs *pairs, const tam_dataset *dataset) {
    tam_image_names *names = tam_image_names_create(pairs->ctx, dataset, pairs->names.stems);
    tam_status status = names != NULL ? TAM_OK : TAM_RESOURCES;
    for (int64_t i = 0; status == TAM_OK && i < 2 * pairs->names.count; i++) {
        pairs->rows[i] = tam_image_names_find(names, pairs->names.names[i]);
        if (pairs->rows[i] == TAM_IMAGE_SEVERAL) {
            status = tam_fail(pairs->ctx, TAM_INPUT, "%s names '%s', as several images are called: give its folder",
                              pairs->path, pairs->names.names[i]);
        }
    }
    tam_image_names_free(names);
    return status;
}

static tam_status open_list(tam_pairs *pairs, const tam_dataset *dataset) {
    TAM_TRY(read_list(pairs, pairs->path));
    TAM_TRY(take_rows(pairs, dataset));
    return find_names(pairs, dataset);
}

/* Image i of the set is the data set's image of that number, or is left out of it by its list of fixes. */
static tam_status take_set(tam_pairs *pairs, const tam_verification_bin *bin, const tam_dataset *dataset) {
    pairs->names = (tam_pair_names){.count = bin->pairs, .folds = FOLDS_OF_A_SET};
    pairs->names.same = tam_arena_take(pairs->arena, (size_t)bin->pairs, 1);
    TAM_TRY(take_rows(pairs, dataset));
    if (pairs->names.same == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(pairs->names.same, bin->same, (size_t)bin->pairs);
    for (int64_t i = 0; i < 2 * bin->pairs; i++) {
        pairs->rows[i] = -1;
    }
    for (int64_t i = 0; i < tam_dataset_describe(dataset).count; i++) {
        pairs->rows[tam_dataset_source_number(dataset, i)] = i;
    }
    return TAM_OK;
}

static tam_status open_own(tam_pairs *pairs, const tam_dataset *dataset) {
    const tam_verification_bin *bin = tam_bin_pairs(tam_dataset_source(dataset), &pairs->path);
    if (bin == NULL) {
        return tam_fail(pairs->ctx, TAM_CONFIG, "%s has no pairs of its own: give a list of pairs",
                        tam_dataset_kind(dataset));
    }
    return take_set(pairs, bin, dataset);
}

/* A verification set beside embeddings of its images: row i is image i. */
static tam_status open_rows(tam_pairs *pairs, const tam_dataset *dataset) {
    const tam_dataset_config config = {.path = pairs->path, .split = "train", .unlabelled = 1};
    int64_t rows = tam_dataset_source(dataset)->count;
    const char *path;
    tam_source set;
    TAM_TRY(tam_reader_bin.open(pairs->ctx, &config, &set));
    tam_status status = set.count == rows ? take_set(pairs, tam_bin_pairs(&set, &path), dataset)
                                          : tam_fail(pairs->ctx, TAM_INPUT,
                                                     "%s has %lld images, there are %lld rows of embeddings: its pairs "
                                                     "are of those of its own images",
                                                     pairs->path, (long long)set.count, (long long)rows);
    set.reader->close(&set);
    return status;
}

/* A verification set as the list: its pairs are of its own images and of no others. */
static tam_status check_same_file(tam_pairs *pairs, const char *path, const tam_dataset *dataset) {
    const char *own = NULL;
    struct stat a, b;
    if (tam_bin_pairs(tam_dataset_source(dataset), &own) == NULL || stat(own, &a) != 0 || stat(path, &b) != 0 ||
        a.st_dev != b.st_dev || a.st_ino != b.st_ino) {
        return tam_fail(pairs->ctx, TAM_CONFIG,
                        "%s: a verification set: its pairs are of its own images, so it must be the data, too", path);
    }
    return TAM_OK;
}

static tam_status open_pairs(tam_pairs *pairs, const char *path, const tam_dataset *dataset, bool leave_out) {
    int inside = path == NULL;
    if (path != NULL) {
        TAM_TRY(tam_pairs_inside(pairs->ctx, path, &inside));
        pairs->path = tam_arena_string(pairs->arena, path, strlen(path));
        if (pairs->path == NULL) {
            return TAM_RESOURCES;
        }
    }
    if (inside && tam_dataset_source(dataset)->reader == &tam_reader_embeddings && path != NULL) {
        TAM_TRY(open_rows(pairs, dataset));
    } else if (inside) {
        TAM_TRY(path != NULL ? check_same_file(pairs, path, dataset) : TAM_OK);
        TAM_TRY(open_own(pairs, dataset));
    } else {
        TAM_TRY(open_list(pairs, dataset));
    }
    TAM_TRY(settle_missing(pairs, leave_out));
    return number_images(pairs, tam_dataset_describe(dataset).count);
}

static tam_status open_any(tam_ctx *ctx, const char *path, const tam_dataset *dataset, bool leave_out,
                           tam_pairs **out) {
    *out = NULL;
    tam_pairs *pairs = tam_allocate(ctx, 1, sizeof *pairs, "pairs");
    if (pairs == NULL) {
        return TAM_RESOURCES;
    }
    pairs->ctx = ctx;
    pairs->arena = tam_arena_create(ctx, (size_t)1 << 20);
    tam_status status = pairs->arena == NULL ? TAM_RESOURCES : open_pairs(pairs, path, dataset, leave_out);
    if (status != TAM_OK) {
        tam_pairs_free(pairs);
        return status;
    }
    *out = pairs;
    return TAM_OK;
}

tam_status tam_pairs_open(tam_ctx *ctx, const char *path, const tam_dataset *dataset, tam_pairs **out) {
    return open_any(ctx, path, dataset, false, out);
}

tam_status tam_pairs_open_present(tam_ctx *ctx, const char *path, const tam_dataset *dataset, tam_pairs **out) {
    return open_any(ctx, path, dataset, true, out);
}

tam_status tam_pairs_inside(tam_ctx *ctx, const char *path, int *inside) {
    tam_place place;
    *inside = 0;
    TAM_TRY(tam_place_look(ctx, path, &place));
    *inside = tam_bin_recognise(&place);
    return TAM_OK;
}

void tam_pairs_free(tam_pairs *pairs) {
    if (pairs != NULL) {
        tam_arena_free(pairs->arena);
        tam_release(pairs->ctx, pairs);
    }
}

tam_pairs_info tam_pairs_describe(const tam_pairs *pairs) {
    return (tam_pairs_info){.count = pairs->names.count,
                            .missing = pairs->missing,
                            .folds = pairs->names.folds,
                            .images = pairs->images,
                            .image = pairs->image,
                            .rows = pairs->rows,
                            .same = pairs->names.same};
}
