/* One image: it is decoded, so that a damaged one is found. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check/inspect.h"
#include "io/jpeg_header.h"

/* A file larger than this is no image that could be decoded. */
#define MOST_BYTES ((size_t)1 << 30)

enum { LONGEST_NAME = 4352 };

static bool recognise(const tam_place *place) {
    char ending[TAM_IMAGE_ENDING_ROOM];
    return place->kind == TAM_PATH_FILE && tam_image_ending(place->start, place->start_size, ending);
}

static const char *jpeg_form(const tam_jpeg_header *header) {
    return header->frame == 2 || header->frame == 10 ? "progressive" : "baseline";
}

static tam_status state_jpeg(tam_inspection *inspection, const uint8_t *data, size_t size) {
    tam_jpeg_header header;
    if (!tam_jpeg_header_read(data, size, &header)) {
        return TAM_OK;
    }
    TAM_TRY(tam_state(inspection, "jpeg", "%s, %s", jpeg_form(&header),
                      header.components == 1   ? "grey"
                      : header.components == 4 ? "inks (CMYK)"
                                               : "colour"));
    if (header.orientation > 1) {
        TAM_TRY(tam_state(inspection, "exif", "orientation %d: stored as %d x %d and turned upright when it is read",
                          header.orientation, header.width, header.height));
    }
    return TAM_OK;
}

/* What PNG's first chunk says: behind the signature, a length and a name come the sides, 4 bytes each, and then: */
static tam_status state_png(tam_inspection *inspection, const uint8_t *data, size_t size) {
    enum { DEPTH = 24, COLOUR = 25, INTERLACED = 28 };
    static const char *const colours[] = {
        "grey", "?", "colour", "palette", "grey with alpha", "?", "colour with alpha"};
    if (size <= INTERLACED || data[COLOUR] >= sizeof colours / sizeof *colours) {
        return TAM_OK;
    }
    return tam_state(inspection, "png", "%s, %d bits%s", colours[data[COLOUR]], data[DEPTH],
                     data[INTERLACED] != 0 ? ", interlaced" : "");
}

tam_status tam_state_image(tam_inspection *inspection, const char *path, const char *name, const uint8_t *data,
                           size_t size) {
    tam_image_info info;
    char ending[TAM_IMAGE_ENDING_ROOM] = "", whole[LONGEST_NAME];
    snprintf(whole, sizeof whole, "%s: %s", path, name);
    TAM_TRY(tam_image_look(inspection->ctx, whole, data, size, &info));
    (void)tam_image_ending(data, size, ending);
    return tam_state_item(inspection, "image", "%s: %d x %d, %s, %s, %zu bytes", name, info.width, info.height,
                          info.channels == 1 ? "grey" : "RGB", ending + (*ending == '.'), size);
}

static tam_status inspect_bytes(tam_inspection *inspection, const char *path, const uint8_t *data, size_t size) {
    tam_image image = {0};
    char ending[TAM_IMAGE_ENDING_ROOM] = "";
    (void)tam_image_ending(data, size, ending);
    tam_status status = tam_image_decode(inspection->ctx, path, data, size, &image);
    tam_image_info info = image.info;
    tam_image_free(inspection->ctx, &image);
    TAM_TRY(status);
    TAM_TRY(tam_state(inspection, "format", "%s", ending + 1));
    TAM_TRY(tam_state_number(inspection, "width", info.width));
    TAM_TRY(tam_state_number(inspection, "height", info.height));
    TAM_TRY(tam_state_number(inspection, "channels", info.channels));
    if (strcmp(ending, ".jpg") == 0) {
        return state_jpeg(inspection, data, size);
    }
    return strcmp(ending, ".png") == 0 ? state_png(inspection, data, size) : TAM_OK;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    uint8_t *data;
    size_t size;
    inspection->info.kind = "image";
    inspection->info.known = 1;
    TAM_TRY(tam_file_read(inspection->ctx, place->path, MOST_BYTES, &data, &size));
    tam_status status = inspect_bytes(inspection, place->path, data, size);
    tam_release(inspection->ctx, data);
    return status;
}

const tam_inspector tam_inspector_image = {recognise, inspect};
