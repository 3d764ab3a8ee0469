/* Verification sets, other pickles, and MegaFace's features, which share the ending .bin. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "check/inspect.h"
#include "io/verification_bin.h"

static bool is_named_bin(const char *path) {
    size_t length = strlen(path);
    return length >= 4 && strcasecmp(path + length - 4, ".bin") == 0;
}

/* i32 {dim, 1, 4, 5}, then dim f32. */
static bool is_features(const tam_place *place, int64_t bytes, uint32_t *dim) {
    tam_bytes at = {place->start, place->start_size, 0};
    uint32_t rows, size, type;
    return tam_bytes_u32_little(&at, dim) && tam_bytes_u32_little(&at, &rows) && tam_bytes_u32_little(&at, &size) &&
           tam_bytes_u32_little(&at, &type) && rows == 1 && size == 4 && type == 5 && bytes == 16 + 4 * (int64_t)*dim;
}

static bool recognise(const tam_place *place) {
    return place->kind == TAM_PATH_FILE &&
           (tam_verification_bin_begins(place->start, place->start_size) || is_named_bin(place->path));
}

static tam_status read_set(tam_ctx *ctx, const char *path, tam_verification_bin *bin) {
    size_t size;
    int descriptor;
    TAM_TRY(tam_file_open(ctx, path, &descriptor, &size));
    tam_pickle_input input = {.ctx = ctx, .name = path, .descriptor = descriptor, .size = size};
    tam_status status = tam_verification_bin_read(&input, bin);
    close(descriptor);
    return status;
}

static tam_status state_set(tam_inspection *inspection, const tam_place *place, const tam_verification_bin *bin) {
    int64_t same = 0;
    for (int64_t i = 0; i < bin->pairs; i++) {
        same += bin->same[i];
    }
    TAM_TRY(tam_state_number(inspection, "pairs", bin->pairs));
    TAM_TRY(tam_state_number(inspection, "same", same));
    TAM_TRY(tam_state_number(inspection, "protocol", place->start[0] == 0x80 ? place->start[1] : 0));
    inspection->info.advice = "give it to eval as data, or unpack it: data unpack FILE -o DIR";
    return TAM_OK;
}

/* Not a set: another pickle, which the signatures name, or some other file of that name. */
static tam_status inspect_other(tam_inspection *inspection, const tam_place *place) {
    TAM_TRY(tam_state(inspection, "no_verification_set", "%s", tam_ctx_message(inspection->ctx)));
    return tam_inspector_signature.inspect(inspection, place);
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    tam_verification_bin bin;
    uint32_t dim;
    if (is_features(place, inspection->info.bytes, &dim)) {
        inspection->info.kind = "MegaFace features";
        inspection->info.known = 1;
        return tam_state_number(inspection, "dim", dim);
    }
    tam_status status = read_set(inspection->ctx, place->path, &bin);
    if (status == TAM_INPUT && !(is_named_bin(place->path) && place->start_size > 0 && place->start[0] == 0x80)) {
        return inspect_other(inspection, place);
    }
    TAM_TRY(status);
    status = state_set(inspection, place, &bin);
    tam_verification_bin_free(inspection->ctx, &bin);
    TAM_TRY(status);
    return tam_inspect_dataset(inspection, &(tam_dataset_config){.path = place->path});
}

const tam_inspector tam_inspector_bin = {recognise, inspect};
