#include "check/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "data/shards.h"

enum { TEXT = 1024 };

static const tam_inspector *const inspectors[] = {
#define X(name) &tam_inspector_##name,
#include "check/inspectors.def"
#undef X
};

static tam_status add(tam_inspection *inspection, tam_fact fact) {
    int count = inspection->info.fact_count;
    if (count == inspection->room) {
        int room = 2 * count + 16;
        tam_fact *facts =
            tam_reallocate(inspection->ctx, inspection->facts, (size_t)room, sizeof *facts, "an inspection");
        if (facts == NULL) {
            return TAM_RESOURCES;
        }
        inspection->facts = facts;
        inspection->room = room;
    }
    inspection->facts[count] = fact;
    inspection->info.fact_count = count + 1;
    inspection->info.facts = inspection->facts;
    return TAM_OK;
}

tam_status tam_state_number(tam_inspection *inspection, const char *key, int64_t number) {
    return add(inspection, (tam_fact){.key = key, .number = number});
}

static tam_status state(tam_inspection *inspection, const char *key, int listed, const char *format,
                        va_list arguments) {
    char text[TEXT], escaped[TEXT];
    vsnprintf(text, sizeof text, format, arguments);
    size_t length = tam_escape(text, escaped, sizeof escaped);
    char *copy = tam_arena_string(inspection->arena, escaped, length < sizeof escaped ? length : sizeof escaped - 1);
    return copy == NULL ? TAM_RESOURCES : add(inspection, (tam_fact){.key = key, .text = copy, .listed = listed});
}

tam_status tam_state(tam_inspection *inspection, const char *key, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tam_status status = state(inspection, key, 0, format, arguments);
    va_end(arguments);
    return status;
}

tam_status tam_state_item(tam_inspection *inspection, const char *key, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tam_status status = state(inspection, key, 1, format, arguments);
    va_end(arguments);
    return status;
}

static tam_status look_at_place(tam_ctx *ctx, const char *path, tam_place *place, int64_t *bytes) {
    int descriptor;
    size_t size;
    *place = (tam_place){.path = path, .kind = tam_path_look(path)};
    *bytes = -1;
    tam_shards shards;
    if (place->kind == TAM_PATH_FOLDER || (place->kind == TAM_PATH_ABSENT && tam_shards_parse(path, &shards))) {
        return TAM_OK;
    }
    TAM_TRY(tam_file_open(ctx, path, &descriptor, &size));
    *bytes = (int64_t)size;
    place->start_size = size < sizeof place->start ? size : sizeof place->start;
    tam_status status = tam_file_read_at(ctx, path, descriptor, 0, place->start, place->start_size);
    close(descriptor);
    return status;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    if (place->kind == TAM_PATH_ABSENT) { /* a pattern of archives, "part-{000..031}.tar" */
        return tam_inspect_dataset(inspection, &(tam_dataset_config){.path = place->path});
    }
    for (size_t i = 0; i < sizeof inspectors / sizeof *inspectors; i++) {
        if (inspectors[i]->recognise(place)) {
            return inspectors[i]->inspect(inspection, place);
        }
    }
    return TAM_OK;
}

tam_status tam_inspect(tam_ctx *ctx, const char *path, tam_inspection **out) {
    tam_place place;
    *out = NULL;
    tam_inspection *inspection = tam_allocate(ctx, 1, sizeof *inspection, "an inspection");
    if (inspection == NULL) {
        return TAM_RESOURCES;
    }
    inspection->ctx = ctx;
    inspection->info.kind = "unknown";
    inspection->arena = tam_arena_create(ctx, 0);
    tam_status status = inspection->arena != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = look_at_place(ctx, path, &place, &inspection->info.bytes);
    }
    if (status == TAM_OK) {
        status = inspect(inspection, &place);
    }
    if (status != TAM_OK) {
        tam_inspection_free(inspection);
        return status;
    }
    *out = inspection;
    return TAM_OK;
}

void tam_inspection_free(tam_inspection *inspection) {
    if (inspection != NULL) {
        tam_arena_free(inspection->arena);
        tam_release(inspection->ctx, inspection->facts);
        tam_release(inspection->ctx, inspection);
    }
}

tam_inspection_info tam_inspection_describe(const tam_inspection *inspection) {
    return inspection->info;
}
