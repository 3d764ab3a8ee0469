/* Verification sets, other pickles, and MegaFace's features, which share the ending .bin. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "check/inspect.h"
#include "io/megaface.h"
#include "io/verification_bin.h"

static bool is_named_bin(const char *path) {
    size_t length = strlen(path);
    return length >= 4 && strcasecmp(path + length - 4, ".bin") == 0;
}

static bool is_feature(const tam_place *place) {
    return tam_megaface_recognise((const char *)place->start, place->start_size) == TAM_MEGAFACE_FEATURE;
}

static bool recognise(const tam_place *place) {
    return place->kind == TAM_PATH_FILE && (tam_verification_bin_begins(place->start, place->start_size) ||
                                            is_named_bin(place->path) || is_feature(place));
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
    tam_bytes start = {place->start, place->start_size, 0};
    uint32_t dim = 0;
    (void)tam_bytes_u32_little(&start, &dim);
    if (is_feature(place) && inspection->info.bytes == 16 + 4 * (int64_t)dim) {
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
