#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "io/safetensors_crc.h"

/* The format's own limit on the header, and ours on what a small file may make the JSON reader allocate. */
#define HEADER_LIMIT ((uint64_t)100000000)
enum { VALUE_LIMIT = 1 << 19, DEPTH_LIMIT = 3, LENGTH_BYTES = 8, BLOCK_BYTES = 1 << 20 };

struct tam_tensors {
    tam_ctx *ctx;
    char *path;
    const uint8_t *memory; /* the caller's bytes, or NULL: */
    int descriptor;        /* the file */
    size_t size;
    size_t arrays_at; /* where the arrays begin, behind the header */
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

#define TAM_DTYPE_NAME(name, bytes) " " #name
#define DTYPE_NAMES TAM_DTYPE_LIST(TAM_DTYPE_NAME)

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

/* Bytes of the file, or of the memory that stands for it. */
static tam_status read_bytes(const tam_tensors *tensors, size_t at, size_t count, void *bytes) {
    if (tensors->memory == NULL) {
        return tam_file_read_at(tensors->ctx, tensors->path, tensors->descriptor, at, bytes, count);
    }
    memcpy(bytes, tensors->memory + at, count);
    return TAM_OK;
}

static tam_status parse_header(tam_tensors *tensors, const char *header, size_t length) {
    json_error_t fault;
    TAM_TRY(check_header(tensors->ctx, tensors->path, header, length));
    tensors->root = json_loadb(header, length, JSON_REJECT_DUPLICATES, &fault);
    if (tensors->root == NULL) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the header is not JSON at byte %d: %s", tensors->path,
                        fault.position + LENGTH_BYTES, fault.text);
    }
    if (!json_is_object(tensors->root)) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the header is not a JSON object", tensors->path);
    }
    return TAM_OK;
}

static tam_status read_header(tam_tensors *tensors) {
    tam_ctx *ctx = tensors->ctx;
    uint8_t first[LENGTH_BYTES];
    tam_bytes bytes = {first, LENGTH_BYTES, 0};
    uint64_t length;
    if (tensors->size < LENGTH_BYTES) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu bytes are too few for a safetensors file", tensors->path,
                        tensors->size);
    }
    TAM_TRY(read_bytes(tensors, 0, LENGTH_BYTES, first));
    (void)tam_bytes_u64_little(&bytes, &length);
    if (length > tensors->size - LENGTH_BYTES || length > HEADER_LIMIT) {
        return tam_fail(ctx, TAM_INPUT, "%s: the header's length %" PRIu64 " is beyond the %s", tensors->path, length,
                        length > HEADER_LIMIT ? "limit of 100000000" : "file's end");
    }
    char *header = tam_allocate(ctx, (size_t)length, 1, tensors->path);
    if (header == NULL) {
        return TAM_RESOURCES;
    }
    tensors->arrays_at = LENGTH_BYTES + (size_t)length;
    tam_status status = read_bytes(tensors, LENGTH_BYTES, (size_t)length, header);
    if (status == TAM_OK) {
        status = parse_header(tensors, header, (size_t)length);
    }
    tam_release(ctx, header);
    return status;
}

static tam_status read_metadata(tam_tensors *tensors, json_t *metadata) {
    const char *path = tensors->path, *key;
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

static tam_status read_tensor(const tam_tensors *tensors, json_t *entry, tam_tensor *item) {
    tam_ctx *ctx = tensors->ctx;
    const char *path = tensors->path, *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_t *offsets = json_object_get(entry, "data_offsets");
    json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    size_t known = 0, kinds = sizeof dtypes / sizeof dtypes[0], all = tensors->size - tensors->arrays_at;
    if (dtype == NULL || json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last)) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' lacks dtype or data_offsets", path, item->name);
    }
    while (known < kinds && strcmp(dtypes[known].name, dtype) != 0) {
        known++;
    }
    if (known == kinds) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has type '%.16s'; known are" DTYPE_NAMES, path, item->name,
                        dtype);
    }
    item->dtype = (tam_dtype)known;
    if (!read_shape(json_object_get(entry, "shape"), item, &item->bytes)) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has no usable shape", path, item->name);
    }
    int64_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > all) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' lies at %" PRId64 "..%" PRId64 " of %zu bytes", path,
                        item->name, begin, end, all);
    }
    if ((size_t)(end - begin) != item->bytes) {
        return tam_fail(ctx, TAM_INPUT, "%s: array '%s' has %" PRId64 " bytes where its shape needs %zu", path,
                        item->name, end - begin, item->bytes);
    }
    item->at = (size_t)begin;
    item->data = tensors->memory != NULL ? tensors->memory + tensors->arrays_at + begin : NULL;
    return TAM_OK;
}

static int by_name(const void *a, const void *b) {
    const tam_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int by_place(const void *a, const void *b) {
    const tam_tensor *const *left = a, *const *right = b;
    if ((*left)->at != (*right)->at) {
        return (*left)->at < (*right)->at ? -1 : 1;
    }
    return ((*left)->bytes > (*right)->bytes) - ((*left)->bytes < (*right)->bytes);
}

/* Every byte after the header must belong to exactly one array. `order` is sorted by place. */
static tam_status check_places(const tam_tensors *tensors, const tam_tensor *const *order) {
    size_t expected = 0, all = tensors->size - tensors->arrays_at;
    for (int i = 0; i < tensors->count; i++) {
        if (order[i]->at != expected) {
            return tam_fail(tensors->ctx, TAM_INPUT, "%s: array '%s' overlaps another or leaves a hole before it",
                            tensors->path, order[i]->name);
        }
        expected += order[i]->bytes;
    }
    if (expected != all) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: %zu bytes after the last array belong to none", tensors->path,
                        all - expected);
    }
    return TAM_OK;
}

/* The checksum of an array, which is read block by block. */
static tam_status array_crc(const tam_tensors *tensors, const tam_tensor *item, uint8_t *block, uint32_t *crc) {
    *crc = tam_crc_begin();
    for (size_t from = 0; from < item->bytes;) {
        size_t count = item->bytes - from < BLOCK_BYTES ? item->bytes - from : BLOCK_BYTES;
        TAM_TRY(tam_tensors_read(tensors, item, from, count, block));
        *crc = (uint32_t)crc32_z(*crc, block, count);
        from += count;
    }
    return TAM_OK;
}

static tam_status check_array_crc(const tam_tensors *tensors, const char *name, const char *stored, uint8_t *block) {
    const tam_tensor *item = tam_tensors_find(tensors, name);
    char actual[TAM_CRC_ROOM];
    uint32_t crc;
    if (item == NULL) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: a checksum names the array '%s', which is not there",
                        tensors->path, name);
    }
    TAM_TRY(array_crc(tensors, item, block, &crc));
    tam_crc_text(crc, actual);
    if (strcmp(actual, stored) != 0) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: array '%s' is damaged: its CRC-32 is %s, not %.16s",
                        tensors->path, item->name, actual, stored);
    }
    return TAM_OK;
}

static tam_status check_crcs(const tam_tensors *tensors, uint8_t *block) {
    const char *key;
    json_t *value;
    uint32_t seen = tam_crc_begin();
    json_object_foreach(tensors->metadata, key, value) {
        const char *text = json_string_value(value);
        if (strcmp(key, TAM_CRC_KEY) == 0) {
            continue;
        }
        seen = tam_crc_pair(seen, key, text);
        if (strncmp(key, TAM_CRC_KEY ".", sizeof TAM_CRC_KEY) == 0) {
            TAM_TRY(check_array_crc(tensors, key + sizeof TAM_CRC_KEY, text, block));
        }
    }
    const char *stored = tam_tensors_text(tensors, TAM_CRC_KEY);
    char actual[TAM_CRC_ROOM];
    tam_crc_text(seen, actual);
    if (stored != NULL && strcmp(stored, actual) != 0) {
        return tam_fail(tensors->ctx, TAM_INPUT, "%s: the metadata is damaged: its CRC-32 is %s, not %.16s",
                        tensors->path, actual, stored);
    }
    return TAM_OK;
}

static tam_status check_all_crcs(const tam_tensors *tensors) {
    size_t bytes = tensors->size < BLOCK_BYTES ? tensors->size : BLOCK_BYTES;
    uint8_t *block = tam_allocate(tensors->ctx, bytes, 1, tensors->path);
    if (block == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = check_crcs(tensors, block);
    tam_release(tensors->ctx, block);
    return status;
}

static tam_status read_entries(tam_tensors *tensors) {
    size_t members = json_object_size(tensors->root);
    const char *key;
    json_t *value;
    tensors->items = tam_allocate(tensors->ctx, members, sizeof *tensors->items, tensors->path);
    tensors->by_name = tam_allocate(tensors->ctx, members, sizeof *tensors->by_name, tensors->path);
    if (tensors->items == NULL || tensors->by_name == NULL) {
        return TAM_RESOURCES;
    }
    json_object_foreach(tensors->root, key, value) {
        if (strcmp(key, "__metadata__") == 0) {
            TAM_TRY(read_metadata(tensors, value));
            continue;
        }
        tam_tensor *item = &tensors->items[tensors->count++];
        item->name = key;
        TAM_TRY(read_tensor(tensors, value, item));
        tensors->by_name[tensors->count - 1] = item;
    }
    qsort((void *)tensors->by_name, (size_t)tensors->count, sizeof *tensors->by_name, by_place);
    TAM_TRY(check_places(tensors, tensors->by_name));
    qsort((void *)tensors->by_name, (size_t)tensors->count, sizeof *tensors->by_name, by_name);
    return check_all_crcs(tensors);
}

/* Takes over what `from` says of the bytes, and the descriptor. */
static tam_status read_all(tam_ctx *ctx, const char *path, tam_tensors from, tam_tensors **out) {
    tam_status status = TAM_RESOURCES;
    *out = NULL;
    tam_tensors *tensors = tam_allocate(ctx, 1, sizeof *tensors, path);
    if (tensors == NULL) {
        if (from.memory == NULL) {
            close(from.descriptor);
        }
        return TAM_RESOURCES;
    }
    *tensors = from;
    tensors->ctx = ctx;
    tensors->path = tam_copy_string(ctx, path);
    if (tensors->path != NULL) {
        status = read_header(tensors);
    }
    if (status == TAM_OK) {
        status = read_entries(tensors);
    }
    if (status != TAM_OK) {
        tam_tensors_free(tensors);
        return status;
    }
    *out = tensors;
    return TAM_OK;
}

tam_status tam_tensors_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size, tam_tensors **out) {
    return read_all(ctx, path, (tam_tensors){.memory = data, .size = size, .descriptor = -1}, out);
}

tam_status tam_tensors_open(tam_ctx *ctx, const char *path, tam_tensors **out) {
    tam_tensors file = {0};
    *out = NULL;
    TAM_TRY(tam_file_open(ctx, path, &file.descriptor, &file.size));
    return read_all(ctx, path, file, out);
}

void tam_tensors_free(tam_tensors *tensors) {
    if (tensors == NULL) {
        return;
    }
    if (tensors->memory == NULL) {
        close(tensors->descriptor);
    }
    json_decref(tensors->root);
    tam_release(tensors->ctx, (void *)tensors->by_name);
    tam_release(tensors->ctx, tensors->items);
    tam_release(tensors->ctx, tensors->path);
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

int tam_tensors_texts(const tam_tensors *tensors, tam_metadata *texts, int room) {
    const char *key;
    json_t *value;
    int count = 0;
    json_object_foreach(tensors->metadata, key, value) {
        bool checksum = strncmp(key, TAM_CRC_KEY, sizeof TAM_CRC_KEY - 1) == 0;
        if (!checksum && count++ < room) {
            texts[count - 1] = (tam_metadata){key, json_string_value(value)};
        }
    }
    return count;
}

tam_status tam_tensors_read(const tam_tensors *tensors, const tam_tensor *item, size_t from, size_t bytes,
                            void *values) {
    if (from > item->bytes || bytes > item->bytes - from) {
        return tam_fail(tensors->ctx, TAM_INTERNAL, "%s: bytes %zu to %zu of array '%s', which has %zu", tensors->path,
                        from, from + bytes, item->name, item->bytes);
    }
    return read_bytes(tensors, tensors->arrays_at + item->at + from, bytes, values);
}
