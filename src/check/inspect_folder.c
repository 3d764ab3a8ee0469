/* Folders, by what lies in them; and what a data set of any kind says of itself. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "check/inspect.h"
#include "data/dataset.h"

enum { FIRST_IMAGES = 3, LONGEST = 4352 };

static bool recognise(const tam_place *place) {
    return place->kind == TAM_PATH_FOLDER;
}

static tam_status state_images(tam_inspection *inspection, const char *path, tam_dataset *dataset) {
    const tam_source *source = tam_dataset_source(dataset);
    int64_t count = tam_dataset_describe(dataset).count;
    tam_reader_scratch scratch = {0};
    tam_status status = TAM_OK;
    for (int64_t i = 0; status == TAM_OK && i < count && i < FIRST_IMAGES; i++) {
        char name[LONGEST];
        const uint8_t *data;
        size_t size;
        tam_image_info info;
        int64_t number = tam_dataset_source_number(dataset, i);
        tam_dataset_image_key(dataset, i, name, sizeof name);
        if (source->reader->pixels != NULL) {
            status = source->reader->pixels(source, number, &scratch, &info, &data);
            if (status == TAM_OK) {
                status = tam_state_item(inspection, "image", "%s: %d x %d, %s, bare pixels", name, info.width,
                                        info.height, info.channels == 1 ? "grey" : "RGB");
            }
            continue;
        }
        status = source->reader->encoded(source, number, &scratch, &data, &size);
        if (status == TAM_OK) {
            status = tam_state_image(inspection, path, name, data, size);
        }
    }
    tam_scratch_free(inspection->ctx, &scratch);
    return status;
}

static tam_status state_classes(tam_inspection *inspection, tam_dataset *dataset) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    if (info.classes == 0) {
        return tam_state(inspection, "labels", "none");
    }
    int64_t *each = tam_allocate(inspection->ctx, (size_t)info.classes, sizeof *each, "the sizes of classes");
    if (each == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < info.count; i++) {
        each[tam_dataset_label(dataset, i)]++;
    }
    int64_t least = each[0], most = each[0];
    for (int64_t c = 0; c < info.classes; c++) {
        least = each[c] < least ? each[c] : least;
        most = each[c] > most ? each[c] : most;
    }
    tam_release(inspection->ctx, each);
    TAM_TRY(tam_state(inspection, "class_sizes", "%lld to %lld images", (long long)least, (long long)most));
    return tam_state(inspection, "labels", "%s to %s", tam_dataset_class_name(dataset, 0),
                     tam_dataset_class_name(dataset, info.classes - 1));
}

tam_status tam_inspect_dataset(tam_inspection *inspection, const tam_dataset_config *config) {
    tam_dataset_config any = *config;
    tam_dataset *dataset;
    any.any_size = 1;
    any.unlabelled = 1;
    any.cache_bytes = -1;
    TAM_TRY(tam_dataset_open(inspection->ctx, &any, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    inspection->info.kind = tam_dataset_kind(dataset);
    inspection->info.known = 1;
    tam_status status = tam_state_number(inspection, "images", info.count);
    if (status == TAM_OK) {
        status = tam_state_number(inspection, "classes", info.classes);
    }
    if (status == TAM_OK) {
        status = state_classes(inspection, dataset);
    }
    if (status == TAM_OK) {
        status = state_images(inspection, config->path, dataset);
    }
    tam_dataset_free(dataset);
    return status;
}

/* What lies directly in a folder. */
typedef struct contents {
    int64_t folders, files, images, records, idx, arrays, shards, models;
    char record[256]; /* the name of a .rec */
    char shard[256];  /* the first .tar in byte order */
    bool run;         /* it has what a training run writes */
} contents;

static bool ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), known = strlen(ending);
    return length > known && strcasecmp(name + length - known, ending) == 0;
}

static tam_status look_into(tam_ctx *ctx, const char *path, contents *found) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return tam_fail(ctx, TAM_INPUT, "%s: cannot list the folder: %s", path, strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (name[0] == '.') {
            continue;
        }
        bool is_folder = entry->d_type == DT_DIR;
        if (entry->d_type != DT_DIR && entry->d_type != DT_REG) {
            char *whole = tam_path_join(ctx, path, name);
            is_folder = whole != NULL && tam_path_look(whole) == TAM_PATH_FOLDER;
            tam_release(ctx, whole);
        }
        found->folders += is_folder;
        found->files += !is_folder;
        found->images += !is_folder && tam_image_named(name);
        if (!is_folder && ends_with(name, ".rec")) {
            found->records++;
            snprintf(found->record, sizeof found->record, "%s", name);
        }
        if (!is_folder && ends_with(name, ".tar")) {
            if (found->shards++ == 0 || strcmp(name, found->shard) < 0) {
                snprintf(found->shard, sizeof found->shard, "%s", name);
            }
        }
        found->idx += !is_folder && strstr(name, "-ubyte") != NULL;
        found->arrays += !is_folder && ends_with(name, ".npy");
        found->models += !is_folder && ends_with(name, ".safetensors");
        found->run = found->run || strcmp(name, "log.jsonl") == 0;
    }
    closedir(folder);
    return TAM_OK;
}

static tam_status state_contents(tam_inspection *inspection, const contents *found) {
    const struct {
        const char *key;
        int64_t number;
    } counts[] = {{"folders", found->folders},      {"files", found->files},       {"image_files", found->images},
                  {"record_files", found->records}, {"tar_files", found->shards},  {"idx_files", found->idx},
                  {"array_files", found->arrays},   {"model_files", found->models}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (counts[i].number > 0) {
            TAM_TRY(tam_state_number(inspection, counts[i].key, counts[i].number));
        }
    }
    return TAM_OK;
}

/* What one packed file of a folder is: all of them may be too large to be opened as data only to be looked at. */
static tam_status inspect_packed(tam_inspection *inspection, const char *path, const char *name,
                                 const tam_inspector *inspector) {
    tam_place place = {.kind = TAM_PATH_FILE};
    char *whole = tam_path_join(inspection->ctx, path, name);
    if (whole == NULL) {
        return TAM_RESOURCES;
    }
    place.path = whole;
    tam_status status = tam_state(inspection, "file", "%s", name);
    if (status == TAM_OK) {
        status = inspector->inspect(inspection, &place);
    }
    tam_release(inspection->ctx, whole);
    return status;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    contents found = {0};
    TAM_TRY(look_into(inspection->ctx, place->path, &found));
    if (found.run || (found.models > 0 && found.folders == 0)) {
        inspection->info.kind = found.run ? "run of tammes train" : "folder of models";
        inspection->info.known = 1;
        return state_contents(inspection, &found);
    }
    if (found.shards > 0 && found.folders == 0 && found.images == 0) {
        TAM_TRY(tam_state_number(inspection, "tar_files", found.shards));
        TAM_TRY(inspect_packed(inspection, place->path, found.shard, &tam_inspector_tar));
        inspection->info.kind = "folder of tar archives";
        return TAM_OK;
    }
    if (found.folders == 0 && found.idx == 0 && found.records == 0) {
        inspection->info.kind = found.files == 0 ? "empty folder" : "folder of files";
        inspection->info.advice = found.images > 0 ? "give each class a folder of its own, or make a list of "
                                                     "path<TAB>label"
                                                   : NULL;
        return state_contents(inspection, &found);
    }
    if (found.records == 1) {
        TAM_TRY(inspect_packed(inspection, place->path, found.record, &tam_inspector_rec));
        inspection->info.kind = "folder of RecordIO data";
        return TAM_OK;
    }
    return tam_inspect_dataset(inspection, &(tam_dataset_config){.path = place->path});
}

const tam_inspector tam_inspector_folder = {recognise, inspect};
