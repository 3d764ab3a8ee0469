/* IDX files, plain or gzipped: the header, and the values of labels. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "check/inspect.h"
#include "io/idx.h"

enum { HEADER = 64, MOST_DIMS = 8 };
/* Labels of a larger file are not read. */
#define MOST_LABEL_BYTES ((int64_t)64 << 20)

/* The first bytes of what the file holds, inflated where it is gzipped; returns how many. */
static size_t read_start(const tam_place *place, uint8_t start[HEADER], bool *gzipped) {
    size_t size = place->start_size < HEADER ? place->start_size : HEADER;
    *gzipped = place->start_size > 2 && place->start[0] == 0x1F && place->start[1] == 0x8B;
    if (!*gzipped) {
        memcpy(start, place->start, size);
        return size;
    }
    z_stream inflater = {0};
    if (inflateInit2(&inflater, 15 + 16) != Z_OK) {
        return 0;
    }
    inflater.next_in = (z_const Bytef *)place->start;
    inflater.avail_in = (uInt)place->start_size;
    inflater.next_out = start;
    inflater.avail_out = HEADER;
    int result = inflate(&inflater, Z_SYNC_FLUSH);
    size = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? HEADER - inflater.avail_out : 0;
    inflateEnd(&inflater);
    return size;
}

/* The name of a type and its bytes; 0: none. */
static int type_bytes(uint8_t type, const char **name) {
    static const struct {
        uint8_t type;
        int bytes;
        const char *name;
    } types[] = {{0x08, 1, "bytes"},           {0x09, 1, "signed bytes"}, {0x0B, 2, "16-bit integers"},
                 {0x0C, 4, "32-bit integers"}, {0x0D, 4, "f32"},          {0x0E, 8, "f64"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].type == type) {
            *name = types[i].name;
            return types[i].bytes;
        }
    }
    return 0;
}

static bool recognise(const tam_place *place) {
    uint8_t start[HEADER] = {0};
    bool gzipped;
    const char *name;
    if (place->kind != TAM_PATH_FILE) {
        return false;
    }
    size_t size = read_start(place, start, &gzipped);
    return size >= 4 && start[0] == 0 && start[1] == 0 && type_bytes(start[2], &name) > 0 && start[3] >= 1 &&
           start[3] <= MOST_DIMS && size >= 4 + 4 * (size_t)start[3];
}

static tam_status state_labels(tam_inspection *inspection, const char *path) {
    tam_idx labels;
    int least = 255, most = 0, different = 0;
    bool seen[256] = {false};
    TAM_TRY(tam_idx_read(inspection->ctx, path, 1, &labels));
    for (int64_t i = 0; i < labels.size[0]; i++) {
        int value = labels.values[i];
        least = value < least ? value : least;
        most = value > most ? value : most;
        different += !seen[value];
        seen[value] = true;
    }
    tam_idx_free(inspection->ctx, &labels);
    TAM_TRY(tam_state_number(inspection, "classes", different));
    return tam_state(inspection, "labels", "%d to %d", least, most);
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    uint8_t start[HEADER] = {0};
    bool gzipped;
    const char *type = "";
    char shape[MOST_DIMS * 16] = "";
    size_t size = read_start(place, start, &gzipped);
    tam_bytes bytes = {start, size, 4};
    int width = type_bytes(start[2], &type), dims = start[3];
    uint64_t values = 1, whole = 0;
    bool overflow = false;
    inspection->info.kind = gzipped ? "IDX, gzipped" : "IDX";
    inspection->info.known = start[2] == 0x08 && (dims == 1 || dims == 3);
    for (int i = 0; i < dims; i++) {
        uint32_t side = 0;
        (void)tam_bytes_u32_big(&bytes, &side);
        overflow = __builtin_mul_overflow(values, (uint64_t)side, &values) || overflow;
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%" PRIu32, i > 0 ? " x " : "", side);
    }
    overflow = __builtin_mul_overflow(values, (uint64_t)width, &whole) || overflow;
    if (!gzipped && (overflow || whole != (uint64_t)inspection->info.bytes - 4 - 4 * (uint64_t)dims)) {
        return tam_fail(inspection->ctx, TAM_INPUT,
                        "%s: an IDX file of %s %s has no %lld bytes: it is cut short or "
                        "damaged",
                        place->path, shape, type, (long long)inspection->info.bytes);
    }
    TAM_TRY(tam_state(inspection, "shape", "%s", shape));
    TAM_TRY(tam_state(inspection, "dtype", "%s", type));
    TAM_TRY(tam_state(inspection, "holds", "%s", dims == 1 ? "labels" : dims == 3 ? "images" : "an array"));
    if (dims == 1 && start[2] == 0x08 && inspection->info.bytes <= MOST_LABEL_BYTES) {
        return state_labels(inspection, place->path);
    }
    inspection->info.advice = dims == 3 ? "give the folder it lies in, with its labels, to --data" : NULL;
    return TAM_OK;
}

const tam_inspector tam_inspector_idx = {recognise, inspect};
