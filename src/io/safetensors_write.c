#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "io/safetensors.h"
#include "io/safetensors_crc.h"

enum { LENGTH_BYTES = 8, BLOCK_BYTES = 1 << 20 };

static const char blanks[] = "       ";

static const char *const dtype_names[] = {
#define TAM_DTYPE_NAME(name, bytes) #name,
    TAM_DTYPE_LIST(TAM_DTYPE_NAME)
#undef TAM_DTYPE_NAME
};

/* The metadata with the checksums behind it, where there are such (crcs not NULL); NULL for a string that is not UTF-8.
 */
static json_t *metadata_object(const tam_tensor *tensors, const uint32_t *crcs, int count, const tam_metadata *metadata,
                               int metadata_count) {
    json_t *object = json_object();
    uint32_t all = tam_crc_begin();
    char text[TAM_CRC_ROOM], key[256];
    bool good = object != NULL;
    for (int i = 0; i < metadata_count && good; i++) {
        all = tam_crc_pair(all, metadata[i].key, metadata[i].value);
        good = json_object_get(object, metadata[i].key) == NULL &&
               json_object_set_new(object, metadata[i].key, json_string(metadata[i].value)) == 0;
    }
    for (int i = 0; i < count && good && crcs != NULL; i++) {
        good = snprintf(key, sizeof key, TAM_CRC_KEY ".%s", tensors[i].name) < (int)sizeof key;
        tam_crc_text(crcs[i], text);
        all = tam_crc_pair(all, key, text);
        good = good && json_object_set_new(object, key, json_string(text)) == 0;
    }
    tam_crc_text(all, text);
    if (!good || (crcs != NULL && json_object_set_new(object, TAM_CRC_KEY, json_string(text)) != 0)) {
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
static char *header_text(const tam_tensor *tensors, const uint32_t *crcs, int count, const tam_metadata *metadata,
                         int metadata_count) {
    json_t *root = json_object();
    size_t offset = 0;
    char *text = NULL;
    bool good =
        json_object_set_new(root, "__metadata__", metadata_object(tensors, crcs, count, metadata, metadata_count)) == 0;
    for (int i = 0; i < count && good; i++) {
        good = add_entry(root, &tensors[i], &offset);
    }
    if (good) {
        text = json_dumps(root, JSON_COMPACT);
    }
    json_decref(root);
    return text;
}

/* What comes before the arrays. */
typedef struct opening {
    uint8_t length[LENGTH_BYTES];
    char *header; /* free */
    size_t text, padding;
} opening;

/* crcs [count] are the arrays' checksums. */
static tam_status make_opening(tam_ctx *ctx, const char *path, const tam_tensor *tensors, const uint32_t *crcs,
                               int count, const tam_metadata *metadata, int metadata_count, opening *out) {
    out->header = header_text(tensors, crcs, count, metadata, metadata_count);
    if (out->header == NULL) {
        return tam_fail(ctx, TAM_INTERNAL, "%s: cannot make the header (a name twice, or not UTF-8)", path);
    }
    out->text = strlen(out->header);
    out->padding = (8 - out->text % 8) % 8; /* arrays of doubles begin aligned */
    for (int i = 0; i < LENGTH_BYTES; i++) {
        out->length[i] = (uint8_t)((uint64_t)(out->text + out->padding) >> (8 * i));
    }
    return TAM_OK;
}

static tam_status write_pieces(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                               const opening *start) {
    tam_file_piece *pieces = tam_allocate(ctx, (size_t)count + 3, sizeof *pieces, "a list of arrays");
    if (pieces == NULL) {
        return TAM_RESOURCES;
    }
    pieces[0] = (tam_file_piece){start->length, sizeof start->length};
    pieces[1] = (tam_file_piece){start->header, start->text};
    pieces[2] = (tam_file_piece){blanks, start->padding};
    for (int i = 0; i < count; i++) {
        pieces[3 + i] = (tam_file_piece){tensors[i].data, tensors[i].bytes};
    }
    tam_status status = tam_file_write(ctx, path, pieces, count + 3);
    tam_release(ctx, pieces);
    return status;
}

tam_status tam_tensors_write(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                             const tam_metadata *metadata, int metadata_count) {
    opening start = {.header = NULL};
    uint32_t *crcs = tam_allocate(ctx, (size_t)count, sizeof *crcs, "checksums");
    tam_status status = crcs != NULL ? TAM_OK : TAM_RESOURCES;
    for (int i = 0; status == TAM_OK && i < count; i++) {
        crcs[i] = tam_crc_bytes(tensors[i].data, tensors[i].bytes);
    }
    if (status == TAM_OK) {
        status = make_opening(ctx, path, tensors, crcs, count, metadata, metadata_count, &start);
    }
    if (status == TAM_OK) {
        status = write_pieces(ctx, path, tensors, count, &start);
    }
    free(start.header);
    tam_release(ctx, crcs);
    return status;
}

/* Hands an array's bytes over in blocks, from memory or from the file: to the stream, or into the checksum. */
static tam_status each_block(const tam_tensors *from, const tam_tensor *tensor, uint8_t *block, tam_stream *stream,
                             uint32_t *crc) {
    for (size_t at = 0; at < tensor->bytes;) {
        size_t count = tensor->bytes - at < BLOCK_BYTES ? tensor->bytes - at : BLOCK_BYTES;
        const uint8_t *bytes = tensor->data != NULL ? (const uint8_t *)tensor->data + at : block;
        if (tensor->data == NULL) {
            TAM_TRY(tam_tensors_read(from, tensor, at, count, block));
        }
        if (stream != NULL) {
            TAM_TRY(tam_stream_write(stream, bytes, count));
        } else {
            *crc = tam_crc_bytes_on(*crc, bytes, count);
        }
        at += count;
    }
    return TAM_OK;
}

static tam_status write_stream(tam_ctx *ctx, const char *path, const tam_tensors *from, const tam_tensor *tensors,
                               int count, uint8_t *block, const opening *start) {
    tam_stream *stream;
    TAM_TRY(tam_stream_open(ctx, path, &stream));
    tam_status status = tam_stream_write(stream, start->length, sizeof start->length);
    if (status == TAM_OK) {
        status = tam_stream_write(stream, start->header, start->text);
    }
    if (status == TAM_OK) {
        status = tam_stream_write(stream, blanks, start->padding);
    }
    for (int i = 0; status == TAM_OK && i < count; i++) {
        status = each_block(from, &tensors[i], block, stream, NULL);
    }
    if (status != TAM_OK) {
        tam_stream_abandon(stream);
        return status;
    }
    return tam_stream_commit(stream);
}

tam_status tam_tensors_write_again(tam_ctx *ctx, const char *path, const tam_tensors *from, const tam_tensor *tensors,
                                   int count, const tam_metadata *metadata, int metadata_count) {
    opening start = {.header = NULL};
    uint32_t *crcs = tam_allocate(ctx, (size_t)count, sizeof *crcs, "checksums");
    uint8_t *block = tam_allocate(ctx, BLOCK_BYTES, 1, "a block of a file");
    tam_status status = crcs != NULL && block != NULL ? TAM_OK : TAM_RESOURCES;
    for (int i = 0; status == TAM_OK && i < count; i++) {
        crcs[i] = tam_crc_begin();
        status = each_block(from, &tensors[i], block, NULL, &crcs[i]);
    }
    if (status == TAM_OK) {
        status = make_opening(ctx, path, tensors, crcs, count, metadata, metadata_count, &start);
    }
    if (status == TAM_OK) {
        status = write_stream(ctx, path, from, tensors, count, block, &start);
    }
    free(start.header);
    tam_release(ctx, block);
    tam_release(ctx, crcs);
    return status;
}

tam_status tam_tensors_header(tam_ctx *ctx, const char *path, const tam_tensor *tensors, int count,
                              const tam_metadata *metadata, int metadata_count, uint8_t **header, size_t *size) {
    opening start = {.header = NULL};
    *header = NULL;
    *size = 0;
    TAM_TRY(make_opening(ctx, path, tensors, NULL, count, metadata, metadata_count, &start));
    *size = sizeof start.length + start.text + start.padding;
    *header = tam_allocate(ctx, *size, 1, "a file's header");
    if (*header != NULL) {
        memcpy(*header, start.length, sizeof start.length);
        memcpy(*header + sizeof start.length, start.header, start.text);
        memset(*header + sizeof start.length + start.text, ' ', start.padding);
    }
    free(start.header);
    return *header != NULL ? TAM_OK : TAM_RESOURCES;
}
