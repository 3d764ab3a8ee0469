#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "io/safetensors_crc.h"

enum { LENGTH_BYTES = 8 };

static const char *const dtype_names[] = {
#define TAM_DTYPE_NAME(name, bytes) #name,
    TAM_DTYPE_LIST(TAM_DTYPE_NAME)
#undef TAM_DTYPE_NAME
};

/* The metadata with the checksums behind it; NULL for a string that is not UTF-8. */
static json_t *metadata_object(const tam_tensor *tensors, int count, const tam_metadata *metadata, int metadata_count) {
    json_t *object = json_object();
    uint32_t all = tam_crc_begin();
    char text[TAM_CRC_ROOM], key[256];
    bool good = object != NULL;
    for (int i = 0; i < metadata_count && good; i++) {
        all = tam_crc_pair(all, metadata[i].key, metadata[i].value);
        good = json_object_get(object, metadata[i].key) == NULL &&
               json_object_set_new(object, metadata[i].key, json_string(metadata[i].value)) == 0;
    }
    for (int i = 0; i < count && good; i++) {
        good = snprintf(key, sizeof key, TAM_CRC_KEY ".%s", tensors[i].name) < (int)sizeof key;
        tam_crc_text(tam_crc_bytes(tensors[i].data, tensors[i].bytes), text);
        all = tam_crc_pair(all, key, text);
        good = good && json_object_set_new(object, key, json_string(text)) == 0;
    }
    tam_crc_text(all, text);
    if (!good || json_object_set_new(object, TAM_CRC_KEY, json_string(text)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* Adds an array's entry and moves *offset behind it. */
static bool add_entry(json_t *root, const tam_tensor *tensor, size_t *offset) {
    json_t *shape = json_array();
    bool good = shape != NULL && json_object_get(root, tensor->name) == NULL;
    for (int i = 0; i < tensor->dims && good; i++) {
        good = json_array_append_new(shape, json_integer(tensor->size[i])) == 0;
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_names[tensor->dtype], "shape", shape,
                              "data_offsets", (json_int_t)*offset, (json_int_t)(*offset + tensor->bytes));
    *offset += tensor->bytes;
    return json_object_set_new(root, tensor->name, entry) == 0 && good;
}

/* The header's text (free), or NULL. */
static char *header_text(const tam_tensor *tensors, int count, const tam_metadata *metadata, int metadata_count) {
    json_t *root = json_object();
    size_t offset = 0;
    char *text = NULL;
    bool good =
        json_object_set_new(root, "__metadata__", metadata_object(tensors, count, metadata, metadata_count)) == 0;
    for (int i = 0; i < count && good; i++) {
        good = add_entry(root, &tensors[i], &offset);
    }
    if (good) {
        text = json_dumps(root, JSON_COMPACT);
    }
    json_decref(root);
    return text;
}

tam_status tam_tensors_write(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                             const tam_metadata *metadata, int metadata_count) {
    uint8_t length[LENGTH_BYTES];
    char *header = header_text(tensors, count, metadata, metadata_count);
    if (header == NULL) {
        return tam_fail(ctx, TAM_INTERNAL, "%s: cannot make the header (a name twice, or not UTF-8)", path);
    }
    size_t text = strlen(header);
    size_t padded = (text + 7) / 8 * 8; /* arrays of doubles begin aligned */
    for (int i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (uint8_t)((uint64_t)padded >> (8 * i));
    }
    tam_file_piece *pieces = tam_allocate(ctx, (size_t)count + 3, sizeof *pieces, "a list of arrays");
    tam_status status = TAM_RESOURCES;
    if (pieces != NULL) {
        pieces[0] = (tam_file_piece){length, sizeof length};
        pieces[1] = (tam_file_piece){header, text};
        pieces[2] = (tam_file_piece){"       ", padded - text};
        for (int i = 0; i < count; i++) {
            pieces[3 + i] = (tam_file_piece){tensors[i].data, tensors[i].bytes};
        }
        status = tam_file_write(ctx, path, pieces, count + 3);
    }
    tam_release(ctx, pieces);
    free(header);
    return status;
}
