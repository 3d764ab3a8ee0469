#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "check/check_inside.h"
#include "data/dataset.h"
#include "data/reader_bin.h"

enum { EMBEDDED_AT_ONCE = 1024 };

static int by_count(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static tam_status count_classes(tam_check *check) {
    tam_check_info *info = &check->info;
    size_t classes = (size_t)info->classes;
    int64_t *count = tam_allocate(check->ctx, 2 * classes, sizeof *count, "counts of classes");
    int32_t *few = tam_arena_take(check->arena, classes, sizeof *few);
    if (count == NULL || few == NULL) {
        tam_release(check->ctx, count);
        return TAM_RESOURCES;
    }
    int64_t *sorted = count + classes;
    for (int64_t i = 0; i < info->images && classes > 0; i++) {
        count[tam_dataset_label(check->album.set[0], i)]++;
    }
    for (int32_t c = 0; c < info->classes; c++) {
        if (count[c] < check->least) {
            few[info->small_count++] = c;
        }
    }
    memcpy(sorted, count, classes * sizeof *sorted);
    if (classes > 0) {
        qsort(sorted, classes, sizeof *sorted, by_count);
        info->fewest = sorted[0];
        info->median = sorted[classes / 2];
        info->most = sorted[classes - 1];
    }
    info->small = few;
    tam_release(check->ctx, count);
    return TAM_OK;
}

static int by_size(const void *a, const void *b, void *prints) {
    const tam_print *all = prints, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    int p[3] = {x->width, x->height, x->channels}, q[3] = {y->width, y->height, y->channels};
    for (int k = 0; k < 3; k++) {
        if (p[k] != q[k]) {
            return p[k] < q[k] ? -1 : 1;
        }
    }
    return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

static int by_frequency(const void *a, const void *b) {
    const tam_check_size *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : (x->first > y->first) - (x->first < y->first);
}

/* Sizes, and images that cannot be read or are blank. order [images] is scratch. */
static tam_status count_sizes(tam_check *check, uint32_t *order) {
    tam_check_info *info = &check->info;
    const tam_print *prints = check->album.prints;
    int64_t corrupt = 0, blank = 0, sizes = 0;
    for (int64_t i = 0; i < info->images; i++) {
        order[i] = (uint32_t)i;
        corrupt += prints[i].width == 0;
        blank += prints[i].blank;
    }
    qsort_r(order, (size_t)info->images, sizeof *order, by_size, check->album.prints);
    for (int64_t i = corrupt; i < info->images; i++) {
        const tam_print *here = &prints[order[i]], *last = i > corrupt ? &prints[order[i - 1]] : NULL;
        sizes += last == NULL || here->width != last->width || here->height != last->height ||
                 here->channels != last->channels;
    }
    int64_t *corrupt_list = tam_arena_take(check->arena, (size_t)corrupt, sizeof *corrupt_list);
    int64_t *blank_list = tam_arena_take(check->arena, (size_t)blank, sizeof *blank_list);
    tam_check_size *size = tam_arena_take(check->arena, (size_t)sizes, sizeof *size);
    if (corrupt_list == NULL || blank_list == NULL || size == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = corrupt; i < info->images; i++) {
        const tam_print *here = &prints[order[i]];
        tam_check_size *last = info->sizes > 0 ? &size[info->sizes - 1] : NULL;
        if (last == NULL || here->width != last->width || here->height != last->height ||
            here->channels != last->channels) {
            last = &size[info->sizes++];
            *last = (tam_check_size){here->width, here->height, here->channels, 0, order[i]};
        }
        last->count++;
    }
    for (int64_t i = 0; i < info->images; i++) {
        if (prints[i].width == 0) {
            corrupt_list[info->corrupt_count++] = i;
        } else if (prints[i].blank) {
            blank_list[info->blank_count++] = i;
        }
    }
    if (sizes > 0) {
        qsort(size, (size_t)sizes, sizeof *size, by_frequency);
    }
    info->size = size;
    info->corrupt = corrupt_list;
    info->blank = blank_list;
    return TAM_OK;
}

/* Adds unit embeddings of the readable images, a part at a time: no more than the centres is kept. */
static tam_status embed_centres(tam_check *check, tam_model *model, tam_dataset *dataset, tam_centres *centres) {
    tam_ctx *ctx = check->ctx;
    int d = centres->d;
    tam_status status = TAM_OK;
    float *x = tam_allocate(ctx, EMBEDDED_AT_ONCE, (size_t)d * sizeof *x, "embeddings");
    int64_t *image = tam_allocate(ctx, EMBEDDED_AT_ONCE, sizeof *image, "numbers of images");
    int32_t *labels = tam_allocate(ctx, EMBEDDED_AT_ONCE, sizeof *labels, "labels");
    if (x == NULL || image == NULL || labels == NULL) {
        status = TAM_RESOURCES;
    }
    for (int64_t i = 0; status == TAM_OK && i < check->info.images;) {
        int64_t count = 0;
        for (; i < check->info.images && count < EMBEDDED_AT_ONCE; i++) {
            if (check->album.prints[i].width > 0) {
                labels[count] = tam_dataset_label(dataset, i);
                image[count++] = i;
            }
        }
        status = tam_model_embed_listed(model, dataset, count, image, 0, x);
        if (status == TAM_OK && check->stop != NULL && *check->stop != 0) {
            status = tam_fail(ctx, TAM_STOPPED, "stopped while embedding");
        }
        if (status == TAM_OK) {
            tam_centres_add(centres, count, x, labels);
        }
    }
    tam_release(ctx, x);
    tam_release(ctx, image);
    tam_release(ctx, labels);
    return status;
}

static tam_status find_alike(tam_check *check, const tam_check_config *config) {
    tam_model *model = NULL;
    tam_dataset *dataset = NULL;
    tam_centres centres = {0};
    tam_check_classes *pairs = NULL;
    tam_dataset_config data = config->data;
    data.size = 0;
    data.channels = 0;
    data.unlabelled = 1;
    data.cache_bytes = -1;
    tam_status status = tam_model_open(check->ctx, config->model, &model);
    if (status == TAM_OK) { /* with both given no header is read: the one of a corrupt image would fail */
        tam_model_info info = tam_model_describe(model);
        data.size = info.width == info.height ? info.width : 0;
        data.channels = info.channels;
        status = tam_model_open_dataset(model, &data, &dataset);
    }
    if (status == TAM_OK) {
        status = tam_centres_take(check->ctx, (int32_t)check->info.classes, tam_model_describe(model).dim, &centres);
    }
    if (status == TAM_OK) {
        status = embed_centres(check, model, dataset, &centres);
    }
    if (status == TAM_OK) {
        status = tam_centres_finish(check->ctx, &centres);
    }
    if (status == TAM_OK) {
        status = tam_centres_alike(check->ctx, &centres, TAM_CENTRES_SAME_ANGLE, &pairs, &check->info.alike_count);
    }
    check->alike = pairs;
    check->info.alike = pairs;
    tam_centres_free(check->ctx, &centres);
    tam_dataset_free(dataset);
    tam_model_free(model);
    return status;
}

static tam_status find_everything(tam_check *check, const tam_check_config *config) {
    tam_check_info *info = &check->info;
    TAM_TRY(tam_album_make(check->ctx, config, &check->album));
    size_t all = (size_t)check->album.first[check->album.sets];
    info->images = check->album.first[1];
    info->classes = tam_dataset_describe(check->album.set[0]).classes;
    const char *path;
    check->pairs = tam_bin_pairs(tam_dataset_source(check->album.set[0]), &path) != NULL;
    TAM_TRY(count_classes(check));
    uint32_t *order = tam_allocate(check->ctx, 2 * all, sizeof *order, "the order of the images");
    if (order == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = count_sizes(check, order);
    if (status == TAM_OK) {
        status = tam_check_twins(check, order, order + all, config->without_near != 0);
    }
    tam_release(check->ctx, order);
    if (status == TAM_OK) {
        status = tam_check_shared_names(check);
    }
    if (status == TAM_OK && config->model != NULL && info->classes > 1) {
        status = find_alike(check, config);
    }
    return status;
}

tam_status tam_check_run(tam_ctx *ctx, const tam_check_config *config, tam_check **out) {
    *out = NULL;
    tam_check *check = tam_allocate(ctx, 1, sizeof *check, "a check");
    if (check == NULL) {
        return TAM_RESOURCES;
    }
    check->ctx = ctx;
    check->least = config->least > 0 ? config->least : 2;
    check->stop = config->stop;
    check->arena = tam_arena_create(ctx, 0);
    tam_status status = check->arena != NULL ? find_everything(check, config) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_check_free(check);
        return status;
    }
    *out = check;
    return TAM_OK;
}

void tam_check_free(tam_check *check) {
    if (check != NULL) {
        tam_ctx *ctx = check->ctx;
        tam_album_free(&check->album);
        tam_arena_free(check->arena);
        tam_release(ctx, check->alike);
        tam_release(ctx, check);
    }
}

tam_check_info tam_check_describe(const tam_check *check) {
    return check->info;
}

const tam_dataset *tam_check_set(const tam_check *check, int set) {
    return check->album.set[set];
}

void tam_check_reason(tam_check *check, int64_t image, char *words, size_t room) {
    const tam_dataset *data = check->album.set[0];
    tam_reader_scratch scratch = {0};
    tam_image_info info;
    const uint8_t *pixels;
    char name[4352];
    tam_dataset_image_name(data, image, name, sizeof name);
    tam_status status =
        tam_source_read(tam_dataset_source(data), tam_dataset_source_number(data, image), &scratch, &info, &pixels);
    const char *sentence = status == TAM_OK ? "can be read now" : tam_ctx_message(check->ctx);
    size_t length = strlen(name);
    if (strncmp(sentence, name, length) == 0 && strncmp(sentence + length, ": ", 2) == 0) {
        sentence += length + 2;
    }
    snprintf(words, room, "%s", sentence);
    tam_scratch_free(check->ctx, &scratch);
}
