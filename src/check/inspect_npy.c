/* Arrays of numpy: type and shape; of whole numbers in one row, their range. */
#include <stdio.h>
#include <string.h>

#include "check/inspect.h"
#include "io/npy.h"

enum { BLOCK = 4096 };
/* Longer rows of numbers are not read. */
#define MOST_NUMBERS ((int64_t)64 << 20)

static bool recognise(const tam_place *place) {
    static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    return place->kind == TAM_PATH_FILE && place->start_size > sizeof magic &&
           memcmp(place->start, magic, sizeof magic) == 0;
}

static bool is_whole(tam_npy_type type) {
    return type <= TAM_NPY_I8;
}

static tam_status state_range(tam_inspection *inspection, const tam_npy *npy) {
    int64_t values[BLOCK], least = INT64_MAX, most = INT64_MIN;
    for (int64_t at = 0; at < npy->count; at += BLOCK) {
        int64_t count = npy->count - at < BLOCK ? npy->count - at : BLOCK;
        TAM_TRY(tam_npy_read_i64(npy, at, count, values));
        for (int64_t i = 0; i < count; i++) {
            least = values[i] < least ? values[i] : least;
            most = values[i] > most ? values[i] : most;
        }
    }
    return npy->count > 0 ? tam_state(inspection, "range", "%lld to %lld", (long long)least, (long long)most) : TAM_OK;
}

/* What an array of such a shape is as data. */
static const char *meaning(const tam_npy *npy) {
    const int64_t *side = npy->shape;
    bool bytes = npy->type == TAM_NPY_U1;
    if (npy->dims == 1) {
        return is_whole(npy->type) ? "labels, or a row of numbers" : "a row of numbers";
    }
    if (npy->dims == 2) {
        return "rows of numbers: features, one row for each";
    }
    if (bytes && npy->dims == 3) {
        return "grey images [N, H, W]";
    }
    if (bytes && npy->dims == 4 && (side[3] == 1 || side[3] == 3)) {
        return side[3] == 1 ? "grey images [N, H, W, 1]" : "RGB images [N, H, W, 3]";
    }
    return "an array";
}

static tam_status state_all(tam_inspection *inspection, const tam_npy *npy) {
    char shape[TAM_NPY_MOST_DIMS * 24] = "";
    for (int i = 0; i < npy->dims; i++) {
        size_t used = strlen(shape);
        snprintf(shape + used, sizeof shape - used, "%s%lld", i > 0 ? " x " : "", (long long)npy->shape[i]);
    }
    TAM_TRY(tam_state(inspection, "dtype", "%s", tam_npy_type_name(npy->type)));
    TAM_TRY(tam_state(inspection, "shape", "%s", npy->dims > 0 ? shape : "a single value"));
    TAM_TRY(tam_state(inspection, "holds", "%s", meaning(npy)));
    return npy->dims == 1 && is_whole(npy->type) && npy->count <= MOST_NUMBERS ? state_range(inspection, npy) : TAM_OK;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    tam_npy npy;
    inspection->info.kind = "npy";
    inspection->info.known = 1;
    tam_status status = tam_npy_open(inspection->ctx, place->path, &npy);
    if (status == TAM_OK) {
        status = state_all(inspection, &npy);
    }
    tam_npy_close(&npy);
    return status;
}

const tam_inspector tam_inspector_npy = {recognise, inspect};
