#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "io/safetensors_crc.h"

/* The format's own limit on the header, and ours on what a small file may make the JSON reader allocate. */
#define HEADER_LIMIT ((uint64_t)100000000)
enum { VALUE_LIMIT = 1 << 19, DEPTH_LIMIT = 3 };

struct tam_tensors {
    tam_ctx *ctx;
    uint8_t *file;    /* NULL when the bytes are the caller's */
    json_t *root;     /* owns names and metadata */
    json_t *metadata; /* borrowed; NULL if none */
    tam_tensor *items;
    const tam_tensor **by_name; /* pointers into items, sorted for finding */
    int count;
};

static const struct dtype {
    const char *name;
    size_t bytes;
} dtypes[] = {
#define TAM_DTYPE_ENTRY(name, bytes) {#name, bytes},
    TAM_DTYPE_LIST(TAM_DTYPE_ENTRY)
#undef TAM_DTYPE_ENTRY
};

/* Looks over the header before any memory is spent on it: nesting, and the number of values. */
static tam_status check_header(tam_ctx *ctx, const char *path, const char *header, size_t length) {
    int depth = 0;
    int64_t values = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = header[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        values += c == ',' || c == ':' || c == '[' || c == '{';
        if (depth > DEPTH_LIMIT || values > VALUE_LIMIT) {
            return tam_fail(ctx, TAM_INPUT, "%s: the header %s at byte %zu", path,
                            depth > DEPTH_LIMIT ? "is nested too deeply" : "has too many values", i + 8);
        }
    }
    return TAM_OK;
}

static tam_status read_header(tam_tensors *tensors, const char *path, tam_bytes *bytes) {
    uint64_t length;
    json_error_t fault;
    if (!tam_bytes_u64_little(bytes, &length)) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: %zu bytes are too few for a safetensors file", path, bytes->size);
    }
    if (length > tam_bytes_left(bytes) || length > HEADER_LIMIT) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the header's length %" PRIu64 " is beyond the %s", path, length,
                        length > HEADER_LIMIT ? "limit of 100000000" : "file's end");
    }
    const char *header = (const char *)tam_bytes_take(bytes, (size_t)length);
    TAM_TRY(check_header(tensors->ctx, path, header, (size_t)length));
    tensors->root = json_loadb(header, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
    if (tensors->root == NULL) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the header is not JSON at byte %d: %s", path, fault.position + 8,
                        fault.text);
    }
    if (!json_is_object(tensors->root)) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the header is not a JSON object", path);
    }
    return TAM_OK;
}

static tam_status read_metadata(tam_tensors *tensors, const char *path, json_t *metadata) {
    const char *key;
    json_t *value;
    if (!json_is_object(metadata)) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: __metadata__ is not a JSON object", path);
    }
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value)) {
            return tam_fail(tensors->ctx, TAM_INPUT, "%s: __metadata__ '%s' is not a string", path, key);
        }
    }
    tensors->metadata = metadata;
    return TAM_OK;
}

/* shape -> item->dims, size; *bytes receives what it needs. False when malformed or too large. */
static bool read_shape(json_t *shape, tam_tensor *item, size_t *bytes) {
    if (!json_is_array(shape) || json_array_size(shape) > TAM_TENSOR_DIMS) {
        return false;
    }
    item->dims = (int)json_array_size(shape);
    *bytes = dtypes[item->dtype].bytes;
    for (int i = 0; i < item->dims; i++) {
        json_t *size = json_array_get(shape, (size_t)i);
        item->size[i] = json_integer_value(size);
        if (!json_is_integer(size) || item->size[i] < 0 ||
            __builtin_mul_overflow(*bytes, (size_t)item->size[i], bytes)) {
            return false;
        }
    }
    return true;
}

static tam_status read_tensor(tam_tensors *tensors, const char *path, const tam_bytes *bytes, json_t *entry,
                              tam_tensor *item) {
    tam_ctx *ctx = tensors->ctx;
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_t *offsets = json_object_get(entry, "data_offsets");
    json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    size_t known = 0, kinds = sizeof dtypes / sizeof dtypes[0];
    if (dtype == NULL || json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last)) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' lacks dtype or data_offsets", path, item->name);
    }
    while (known < kinds && strcmp(dtypes[known].name, dtype) != 0) {
        known++;
    }
    if (known == kinds) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has type '%.16s'; known are F32 F64 I32 I64 U8", path,
                        item->name, dtype);
    }
    item->dtype = (tam_dtype)known;
    if (!read_shape(json_object_get(entry, "shape"), item, &item->bytes)) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has no usable shape", path, item->name);
    }
    int64_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > tam_bytes_left(bytes)) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' lies at %" PRId64 "..%" PRId64 " of %zu bytes", path,
                        item->name, begin, end, tam_bytes_left(bytes));
    }
    if ((size_t)(end - begin) != item->bytes) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has %" PRId64 " bytes where its shape needs %zu", path,
                        item->name, end - begin, item->bytes);
    }
    item->data = bytes->data + bytes->at + begin;
    return TAM_OK;
}

static int by_name(const void *a, const void *b) {
    const tam_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int by_place(const void *a, const void *b) {
    const tam_tensor *const *left = a, *const *right = b;
    uintptr_t x = (uintptr_t)(*left)->data, y = (uintptr_t)(*right)->data;
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return ((*left)->bytes > (*right)->bytes) - ((*left)->bytes < (*right)->bytes);
}

/* Every byte after the header must belong to exactly one array. `order` is sorted by place. */
static tam_status check_places(const tam_tensors *tensors, const char *path, const tam_bytes *bytes,
                               const tam_tensor *const *order) {
    const uint8_t *expected = bytes->data + bytes->at;
    for (int i = 0; i < tensors->count; i++) {
        if ((const uint8_t *)order[i]->data != expected) {
            return tam_fail(tensors->ctx, TAM_INPUT, "%s: array '%s' overlaps another or leaves a hole before it", path,
                            order[i]->name);
        }
        expected += order[i]->bytes;
    }
    if (expected != bytes->data + bytes->size) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: %zu bytes after the last array belong to none", path,
                        (size_t)(bytes->data + bytes->size - expected));
    }
    return TAM_OK;
}

static tam_status check_crcs(tam_tensors *tensors, const char *path) {
    const char *key;
    json_t *value;
    uint32_t seen = tam_crc_begin();
    json_object_foreach(tensors->metadata, key, value) {
        const char *text = json_string_value(value);
        if (strcmp(key, TAM_CRC_KEY) == 0) {
            continue;
        }
        seen = tam_crc_pair(seen, key, text);
        if (strncmp(key, TAM_CRC_KEY ".", sizeof TAM_CRC_KEY) != 0) {
            continue;
        }
        const tam_tensor *item = tam_tensors_find(tensors, key + sizeof TAM_CRC_KEY);
        char actual[TAM_CRC_ROOM];
        if (item == NULL) {
            return tam_fail(tensors->ctx, TAM_INPUT, "%s: a checksum names the array '%s', which is not there", path,
                            key + sizeof TAM_CRC_KEY);
        }
        tam_crc_text(tam_crc_bytes(item->data, item->bytes), actual);
        if (strcmp(actual, text) != 0) {
            return tam_fail(tensors->ctx, TAM_INPUT, "%s: array '%s' is damaged: its CRC-32 is %s, not %.16s", path,
                            item->name, actual, text);
        }
    }
    const char *stored = tam_tensors_text(tensors, TAM_CRC_KEY);
    char actual[TAM_CRC_ROOM];
    tam_crc_text(seen, actual);
    if (stored != NULL && strcmp(stored, actual) != 0) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the metadata is damaged: its CRC-32 is %s, not %.16s", path,
                        actual, stored);
    }
    return TAM_OK;
}

static tam_status read_entries(tam_tensors *tensors, const char *path, const tam_bytes *bytes) {
    const char *key;
    json_t *value;
    tensors->items = tam_allocate(tensors->ctx, json_object_size(tensors->root), sizeof *tensors->items, path);
    tensors->by_name = tam_allocate(tensors->ctx, json_object_size(tensors->root), sizeof *tensors->by_name, path);
    if (tensors->items == NULL || tensors->by_name == NULL) {
        return TAM_RESOURCES;
    }
    json_object_foreach(tensors->root, key, value) {
        if (strcmp(key, "__metadata__") == 0) {
            TAM_TRY(read_metadata(tensors, path, value));
            continue;
        }
        tam_tensor *item = &tensors->items[tensors->count++];
        item->name = key;
        TAM_TRY(read_tensor(tensors, path, bytes, value, item));
        tensors->by_name[tensors->count - 1] = item;
    }
    qsort((void *)tensors->by_name, (size_t)tensors->count, sizeof *tensors->by_name, by_place);
    TAM_TRY(check_places(tensors, path, bytes, tensors->by_name));
    qsort((void *)tensors->by_name, (size_t)tensors->count, sizeof *tensors->by_name, by_name);
    return check_crcs(tensors, path);
}

tam_status tam_tensors_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size, tam_tensors **out) {
    *out = NULL;
    tam_bytes bytes = {data, size, 0};
    tam_tensors *tensors = tam_allocate(ctx, 1, sizeof *tensors, path);
    if (tensors == NULL) {
        return TAM_RESOURCES;
    }
    tensors->ctx = ctx;
    tam_status status = read_header(tensors, path, &bytes);
    if (status == TAM_OK) {
        status = read_entries(tensors, path, &bytes);
    }
    if (status != TAM_OK) {
        tam_tensors_free(tensors);
        return status;
    }
    *out = tensors;
    return TAM_OK;
}

tam_status tam_tensors_open(tam_ctx *ctx, const char *path, tam_tensors **out) {
    uint8_t *data;
    size_t size;
    *out = NULL;
    TAM_TRY(tam_file_read(ctx, path, 0, &data, &size));
    tam_status status = tam_tensors_parse(ctx, path, data, size, out);
    if (status != TAM_OK) {
        tam_release(ctx, data);
        return status;
    }
    (*out)->file = data;
    return TAM_OK;
}

void tam_tensors_free(tam_tensors *tensors) {
    if (tensors == NULL) {
        return;
    }
    json_decref(tensors->root);
    tam_release(tensors->ctx, (void *)tensors->by_name);
    tam_release(tensors->ctx, tensors->items);
    tam_release(tensors->ctx, tensors->file);
    tam_release(tensors->ctx, tensors);
}

int tam_tensors_count(const tam_tensors *tensors) {
    return tensors->count;
}

const tam_tensor *tam_tensors_at(const tam_tensors *tensors, int index) {
    return &tensors->items[index];
}

const tam_tensor *tam_tensors_find(const tam_tensors *tensors, const char *name) {
    const tam_tensor wanted = {.name = name}, *key = &wanted;
    const tam_tensor *const *found =
        bsearch(&key, tensors->by_name, (size_t)tensors->count, sizeof *tensors->by_name, by_name);
    return found != NULL ? *found : NULL;
}

const char *tam_tensors_text(const tam_tensors *tensors, const char *key) {
    return json_string_value(json_object_get(tensors->metadata, key));
}
