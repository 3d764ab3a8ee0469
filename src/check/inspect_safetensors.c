/* safetensors files, by their header alone: arrays and metadata; of a model file net, loss and step. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "check/inspect.h"

/* Larger headers are not shown; what a small file may make the JSON reader allocate is limited, too. */
enum { MOST_HEADER = 1 << 24, MOST_VALUES = 1 << 19, MOST_DEPTH = 3, LENGTH = 8, SHOWN = 40 };

static bool recognise(const tam_place *place) {
    tam_bytes bytes = {place->start, place->start_size, 0};
    uint64_t length = 0;
    return place->kind == TAM_PATH_FILE && tam_bytes_u64_little(&bytes, &length) && length >= 2 &&
           length < (uint64_t)1 << 32 && tam_bytes_left(&bytes) > 1 && place->start[LENGTH] == '{' &&
           (place->start[LENGTH + 1] == '"' || place->start[LENGTH + 1] == '}' || place->start[LENGTH + 1] == ' ');
}

static bool is_small(const char *header, size_t length) {
    int depth = 0, values = 0;
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
        if (depth > MOST_DEPTH || values > MOST_VALUES) {
            return false;
        }
    }
    return true;
}

static tam_status state_array(tam_inspection *inspection, const char *path, const char *name, const json_t *entry,
                              uint64_t room, bool shown) {
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_int_t begin = json_integer_value(json_array_get(offsets, 0));
    json_int_t end = json_integer_value(json_array_get(offsets, 1));
    char sizes[256] = "";
    if (dtype == NULL || !json_is_array(shape) || begin < 0 || end < begin || (uint64_t)end > room) {
        return tam_fail(inspection->ctx, TAM_INPUT,
                        "%s: array '%s' is not in the file whole: it lies at %lld..%lld of "
                        "%llu bytes",
                        path, name, (long long)begin, (long long)end, (unsigned long long)room);
    }
    for (size_t i = 0; i < json_array_size(shape); i++) {
        size_t used = strlen(sizes);
        snprintf(sizes + used, sizeof sizes - used, "%s%lld", i > 0 ? ", " : "",
                 (long long)json_integer_value(json_array_get(shape, i)));
    }
    return shown ? tam_state_item(inspection, "tensor", "%s: %s [%s]", name, dtype, sizes) : TAM_OK;
}

static tam_status state_metadata(tam_inspection *inspection, const json_t *metadata) {
    const char *key;
    json_t *value;
    int shown = 0;
    json_object_foreach((json_t *)metadata, key, value) {
        const char *text = json_string_value(value);
        if (text != NULL && strncmp(key, "crc32", 5) != 0 && strchr(text, '\n') == NULL && strlen(text) < 200 &&
            shown++ < SHOWN) {
            TAM_TRY(tam_state_item(inspection, "metadata", "%s: %s", key, text));
        }
    }
    return TAM_OK;
}

static tam_status state_header(tam_inspection *inspection, const char *path, json_t *root, uint64_t room) {
    const json_t *metadata = json_object_get(root, "__metadata__");
    const char *key;
    json_t *value;
    int64_t arrays = 0, numbers = 0;
    bool ours = json_object_get(metadata, "net") != NULL && json_object_get(metadata, "loss") != NULL;
    const char *word = json_string_value(json_object_get(metadata, "kind"));
    bool resumes = word != NULL && strcmp(word, "checkpoint") == 0;
    inspection->info.kind = !ours     ? "safetensors"
                            : resumes ? "checkpoint of tammes train (safetensors)"
                                      : "model of tammes (safetensors)";
    inspection->info.known = ours;
    if (!ours) {
        inspection->info.advice = "arrays of another program: models of tammes also hold net and loss as metadata";
    }
    TAM_TRY(state_metadata(inspection, metadata));
    json_object_foreach(root, key, value) {
        if (strcmp(key, "__metadata__") != 0) {
            TAM_TRY(state_array(inspection, path, key, value, room, arrays++ < SHOWN));
            int64_t product = 1;
            const json_t *shape = json_object_get(value, "shape");
            for (size_t i = 0; i < json_array_size(shape); i++) {
                if (__builtin_mul_overflow(product, json_integer_value(json_array_get(shape, i)), &product)) {
                    return tam_fail(inspection->ctx, TAM_INPUT, "%s: array '%s' has no usable shape", path, key);
                }
            }
            if (product < 0 || __builtin_add_overflow(numbers, product, &numbers)) {
                return tam_fail(inspection->ctx, TAM_INPUT, "%s: array '%s' has no usable shape", path, key);
            }
        }
    }
    TAM_TRY(tam_state_number(inspection, "tensors", arrays));
    return tam_state_number(inspection, "numbers", numbers);
}

static tam_status parse(tam_inspection *inspection, const char *path, const char *header, size_t length) {
    json_error_t fault;
    if (!is_small(header, length)) {
        return tam_fail(inspection->ctx, TAM_INPUT, "%s: the header has too many values or is nested too deeply", path);
    }
    json_t *root = json_loadb(header, length, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        return tam_fail(inspection->ctx, TAM_INPUT, "%s: the header is not JSON at byte %d: %s", path,
                        fault.position + LENGTH, fault.text);
    }
    tam_status status = json_is_object(root)
                            ? state_header(inspection, path, root, (uint64_t)inspection->info.bytes - LENGTH - length)
                            : tam_fail(inspection->ctx, TAM_INPUT, "%s: the header is not a JSON object", path);
    json_decref(root);
    return status;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    tam_bytes bytes = {place->start, place->start_size, 0};
    uint64_t length = 0;
    int descriptor;
    size_t size;
    (void)tam_bytes_u64_little(&bytes, &length);
    inspection->info.kind = "safetensors";
    if (length > (uint64_t)inspection->info.bytes - LENGTH || length > MOST_HEADER) {
        return tam_fail(inspection->ctx, TAM_INPUT, "%s: the header's length %llu is beyond the %s", place->path,
                        (unsigned long long)length, length > MOST_HEADER ? "limit of 16 MiB" : "file's end");
    }
    char *header = tam_allocate(inspection->ctx, (size_t)length, 1, place->path);
    if (header == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_file_open(inspection->ctx, place->path, &descriptor, &size);
    if (status == TAM_OK) {
        status = tam_file_read_at(inspection->ctx, place->path, descriptor, LENGTH, header, (size_t)length);
        close(descriptor);
    }
    if (status == TAM_OK) {
        status = parse(inspection, place->path, header, (size_t)length);
    }
    tam_release(inspection->ctx, header);
    return status;
}

const tam_inspector tam_inspector_safetensors = {recognise, inspect};
