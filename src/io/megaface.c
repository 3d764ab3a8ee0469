/* MegaFace's features, and which of its files one is. */
#include "io/megaface.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "io/image.h"

enum { HEADER = 16, COLUMNS = 1, VALUE_BYTES = 4, OPENCV_F32 = 5 };

static bool read_header(tam_bytes *bytes, uint32_t header[4]) {
    for (int i = 0; i < 4; i++) {
        if (!tam_bytes_u32_little(bytes, &header[i])) {
            return false;
        }
    }
    return true;
}

static bool right_header(const uint32_t header[4]) {
    return header[0] >= 1 && header[0] <= TAM_MEGAFACE_MOST_DIM && header[1] == COLUMNS && header[2] == VALUE_BYTES &&
           header[3] == OPENCV_F32;
}

tam_status tam_megaface_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, int room,
                               float *values, int *dim) {
    tam_bytes bytes = {data, size, 0};
    uint32_t header[4];
    *dim = 0;
    if (!read_header(&bytes, header)) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu bytes are too few for a feature", name, size);
    }
    if (!right_header(header)) {
        return tam_fail(ctx, TAM_INPUT,
                        "%s: the header {%d, %d, %d, %d} is not {dimension, 1, 4, 5} with a dimension of 1 to %d", name,
                        (int)header[0], (int)header[1], (int)header[2], (int)header[3], TAM_MEGAFACE_MOST_DIM);
    }
    if (tam_bytes_left(&bytes) != (size_t)header[0] * VALUE_BYTES) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu bytes behind the header, but %u values take %zu", name,
                        tam_bytes_left(&bytes), header[0], (size_t)header[0] * VALUE_BYTES);
    }
    if ((int)header[0] > room) {
        return tam_fail(ctx, TAM_INPUT, "%s: %u values, and at most %d are expected", name, header[0], room);
    }
    for (uint32_t i = 0; i < header[0]; i++) {
        uint32_t bits = 0;
        (void)tam_bytes_u32_little(&bytes, &bits);
        memcpy(&values[i], &bits, sizeof bits);
        if (!isfinite(values[i])) {
            return tam_fail(ctx, TAM_INPUT, "%s: value %u, at byte %zu, is not finite", name, i, bytes.at - 4);
        }
    }
    *dim = (int)header[0];
    return TAM_OK;
}

tam_status tam_megaface_read(tam_ctx *ctx, const char *path, int room, float *values, int *dim) {
    uint8_t *data;
    size_t size;
    *dim = 0;
    TAM_TRY(tam_file_read(ctx, path, HEADER + (size_t)TAM_MEGAFACE_MOST_DIM * VALUE_BYTES, &data, &size));
    tam_status status = tam_megaface_decode(ctx, path, data, size, room, values, dim);
    tam_release(ctx, data);
    return status;
}

static void put_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* 0, or why not. */
static int write_new(const char *path, const uint8_t *data, size_t size) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), error = 0;
    if (descriptor < 0) {
        return errno;
    }
    for (size_t at = 0; at < size && error == 0;) {
        ssize_t wrote = write(descriptor, data + at, size - at);
        at += wrote > 0 ? (size_t)wrote : 0;
        error = wrote < 0 && errno != EINTR ? errno : 0;
    }
    if (close(descriptor) != 0 && error == 0) {
        error = errno;
    }
    if (error != 0) {
        (void)unlink(path);
    }
    return error;
}

tam_status tam_megaface_write(tam_ctx *ctx, const char *path, int dim, const float *values) {
    if (dim < 1 || dim > TAM_MEGAFACE_MOST_DIM) {
        return tam_fail(ctx, TAM_CONFIG, "%s: a feature of %d values: 1 to %d are possible", path, dim,
                        TAM_MEGAFACE_MOST_DIM);
    }
    size_t size = HEADER + (size_t)dim * VALUE_BYTES;
    uint8_t *data = tam_allocate(ctx, size, 1, "a feature");
    if (data == NULL) {
        return TAM_RESOURCES;
    }
    const uint32_t header[4] = {(uint32_t)dim, COLUMNS, VALUE_BYTES, OPENCV_F32};
    for (int i = 0; i < 4; i++) {
        put_u32(data + 4 * i, header[i]);
    }
    for (int i = 0; i < dim; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_u32(data + HEADER + 4 * (size_t)i, bits);
    }
    int error = write_new(path, data, size);
    tam_release(ctx, data);
    return error == 0 ? TAM_OK : tam_fail(ctx, TAM_RESOURCES, "%s: cannot write: %s", path, strerror(error));
}

/* Behind blanks: whether `word` comes next. */
static bool take_word(const char **at, const char *end, const char *word) {
    while (*at < end && **at != 0 && strchr(" \t\r\n", **at) != NULL) {
        ++*at;
    }
    bool found = (size_t)(end - *at) >= strlen(word) && memcmp(*at, word, strlen(word)) == 0;
    *at += found ? strlen(word) : 0;
    return found;
}

static bool is_list(const char *start, size_t size) {
    const char *at = start, *end = start + size;
    bool key = take_word(&at, end, "{") && (take_word(&at, end, "\"path\"") || take_word(&at, end, "\"id\""));
    return key && take_word(&at, end, ":") && take_word(&at, end, "[");
}

/* A comment first, and then the path of an image, with or without a word before it. */
static bool is_noises(const char *start, size_t size) {
    bool comment = false;
    for (size_t at = 0; at < size;) {
        const char *line = start + at, *end = memchr(line, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - line) : size - at;
        char name[4096];
        at += length + 1;
        if (length > 0 && line[0] == '#') {
            comment = true;
            continue;
        }
        while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' ')) {
            length--;
        }
        if (length > 0) {
            snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), line);
            return comment && end != NULL && tam_image_named(name);
        }
    }
    return false;
}

tam_megaface_kind tam_megaface_recognise(const char *start, size_t size) {
    tam_bytes bytes = {(const uint8_t *)start, size, 0};
    uint32_t header[4];
    if (size == 0) {
        return TAM_MEGAFACE_NONE;
    }
    if (read_header(&bytes, header) && right_header(header)) {
        return TAM_MEGAFACE_FEATURE;
    }
    return is_list(start, size) ? TAM_MEGAFACE_LIST : is_noises(start, size) ? TAM_MEGAFACE_NOISES : TAM_MEGAFACE_NONE;
}
