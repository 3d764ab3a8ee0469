#include "io/npy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/npy_header.h"

/* A header longer than this is none: shapes are short. */
#define MOST_HEADER ((size_t)65536)
/* From here on a double is beyond every int64. */
#define TOO_LARGE 9223372036854775808.0

enum { MAGIC = 6, START = 12, PIECE = 4096 };

static const uint8_t magic[MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static const struct {
    const char *name, *word;
    size_t size;
} types[] = {
    [TAM_NPY_B1] = {"bool", "|b1", 1},    [TAM_NPY_U1] = {"uint8", "|u1", 1},   [TAM_NPY_U2] = {"uint16", "<u2", 2},
    [TAM_NPY_U4] = {"uint32", "<u4", 4},  [TAM_NPY_U8] = {"uint64", "<u8", 8},  [TAM_NPY_I1] = {"int8", "|i1", 1},
    [TAM_NPY_I2] = {"int16", "<i2", 2},   [TAM_NPY_I4] = {"int32", "<i4", 4},   [TAM_NPY_I8] = {"int64", "<i8", 8},
    [TAM_NPY_F2] = {"float16", "<f2", 2}, [TAM_NPY_F4] = {"float32", "<f4", 4}, [TAM_NPY_F8] = {"float64", "<f8", 8},
};

const char *tam_npy_type_name(tam_npy_type type) {
    return types[type].name;
}

size_t tam_npy_type_size(tam_npy_type type) {
    return types[type].size;
}

static tam_status read_at(const tam_npy *npy, uint64_t at, void *data, size_t count) {
    if (npy->data != NULL) {
        memcpy(data, npy->data + at, count);
        return TAM_OK;
    }
    return tam_file_read_at(npy->ctx, npy->name, npy->descriptor, (size_t)at, data, count);
}

/* Sets count, rows and row, and holds them against the bytes that are there. */
static tam_status measure(tam_npy *npy, uint64_t left) {
    size_t size = types[npy->type].size;
    int64_t bytes;
    npy->rows = npy->dims > 0 ? npy->shape[0] : 1;
    npy->row = 1;
    for (int d = 1; d < npy->dims; d++) {
        if (__builtin_mul_overflow(npy->row, npy->shape[d], &npy->row)) {
            return tam_fail(npy->ctx, TAM_INPUT, "%s: its shape counts more than 2^63 values", npy->name);
        }
    }
    if (__builtin_mul_overflow(npy->row, npy->rows, &npy->count) ||
        __builtin_mul_overflow(npy->count, (int64_t)size, &bytes)) {
        return tam_fail(npy->ctx, TAM_INPUT, "%s: its shape counts more than 2^63 bytes", npy->name);
    }
    if ((uint64_t)bytes != left) {
        return tam_fail(npy->ctx, TAM_INPUT, "%s: %s: its header counts %lld bytes of values, and %llu are there",
                        npy->name, (uint64_t)bytes > left ? "cut short" : "too long", (long long)bytes,
                        (unsigned long long)left);
    }
    return TAM_OK;
}

static tam_status read_header(tam_npy *npy, uint64_t size) {
    uint8_t start[START];
    tam_ctx *ctx = npy->ctx;
    if (size < START) {
        return tam_fail(ctx, TAM_INPUT, "%s: %llu bytes are too few for an .npy", npy->name, (unsigned long long)size);
    }
    TAM_TRY(read_at(npy, 0, start, START));
    if (memcmp(start, magic, MAGIC) != 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: not an .npy, by its first bytes", npy->name);
    }
    npy->version = start[6];
    if (npy->version < 1 || npy->version > 3 || start[7] != 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: version %d.%d of .npy (known: 1.0 to 3.0)", npy->name, start[6], start[7]);
    }
    size_t begin = npy->version == 1 ? 10 : 12, length = (size_t)start[8] | (size_t)start[9] << 8;
    if (npy->version > 1) {
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    }
    if (length > MOST_HEADER || length > size - begin) {
        return tam_fail(ctx, TAM_INPUT, "%s: %s: a header of %zu bytes", npy->name,
                        length > MOST_HEADER ? "not an array of numbers" : "cut short", length);
    }
    char *text = tam_allocate(ctx, length + 1, 1, "the header of an array");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = read_at(npy, begin, text, length);
    if (status == TAM_OK) {
        status = tam_npy_parse_header(npy, text, length, begin);
    }
    tam_release(ctx, text);
    npy->start = begin + length;
    return status == TAM_OK ? measure(npy, size - npy->start) : status;
}

tam_status tam_npy_view(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_npy *npy) {
    *npy = (tam_npy){.ctx = ctx, .name = name, .data = data, .descriptor = -1};
    return read_header(npy, size);
}

tam_status tam_npy_open(tam_ctx *ctx, const char *path, tam_npy *npy) {
    int descriptor;
    size_t size;
    *npy = (tam_npy){.ctx = ctx, .name = path, .descriptor = -1};
    TAM_TRY(tam_file_open(ctx, path, &descriptor, &size));
    npy->descriptor = descriptor;
    return read_header(npy, size);
}

void tam_npy_close(tam_npy *npy) {
    if (npy->ctx != NULL && npy->descriptor >= 0) {
        close(npy->descriptor);
    }
    *npy = (tam_npy){.descriptor = -1};
}

static void swap_bytes(uint8_t *bytes, int64_t count, size_t size) {
    for (int64_t i = 0; i < count; i++, bytes += size) {
        for (size_t k = 0; k < size / 2; k++) {
            uint8_t byte = bytes[k];
            bytes[k] = bytes[size - 1 - k];
            bytes[size - 1 - k] = byte;
        }
    }
}

tam_status tam_npy_read(const tam_npy *npy, int64_t first, int64_t count, void *values) {
    size_t size = types[npy->type].size;
    if (count > 0) {
        TAM_TRY(read_at(npy, npy->start + (uint64_t)first * size, values, (size_t)count * size));
    }
    if (npy->swapped) {
        swap_bytes(values, count, size);
    }
    return TAM_OK;
}

/* IEEE binary16: 5 bits of exponent, 10 of fraction. */
static float from_half(uint16_t half) {
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float sign = half >> 15 ? -1.0f : 1.0f;
    if (exponent == 31) {
        return fraction != 0 ? NAN : sign * INFINITY;
    }
    return sign * (exponent == 0 ? ldexpf((float)fraction, -24) : ldexpf((float)(fraction + 1024), exponent - 25));
}

/* A piece's values, of any type. */
typedef union piece {
    uint8_t u1[PIECE];
    uint16_t u2[PIECE];
    uint32_t u4[PIECE];
    uint64_t u8[PIECE];
    int8_t i1[PIECE];
    int16_t i2[PIECE];
    int32_t i4[PIECE];
    int64_t i8[PIECE];
    float f4[PIECE];
    double f8[PIECE];
} piece;

static double real_of(tam_npy_type type, const piece *p, int64_t i) {
    switch (type) {
    case TAM_NPY_B1:
        return p->u1[i] != 0;
    case TAM_NPY_U1:
        return p->u1[i];
    case TAM_NPY_U2:
        return p->u2[i];
    case TAM_NPY_U4:
        return p->u4[i];
    case TAM_NPY_U8:
        return (double)p->u8[i];
    case TAM_NPY_I1:
        return p->i1[i];
    case TAM_NPY_I2:
        return p->i2[i];
    case TAM_NPY_I4:
        return p->i4[i];
    case TAM_NPY_I8:
        return (double)p->i8[i];
    case TAM_NPY_F2:
        return from_half(p->u2[i]);
    case TAM_NPY_F4:
        return p->f4[i];
    default:
        return p->f8[i];
    }
}

tam_status tam_npy_read_f32(const tam_npy *npy, int64_t first, int64_t count, float *values) {
    if (npy->type == TAM_NPY_F4) {
        return tam_npy_read(npy, first, count, values);
    }
    piece p;
    for (int64_t at = 0; at < count; at += PIECE) {
        int64_t some = count - at < PIECE ? count - at : PIECE;
        TAM_TRY(tam_npy_read(npy, first + at, some, &p));
        for (int64_t i = 0; i < some; i++) {
            values[at + i] = (float)real_of(npy->type, &p, i);
        }
    }
    return TAM_OK;
}

static bool whole_of(tam_npy_type type, const piece *p, int64_t i, int64_t *value) {
    if (type == TAM_NPY_I8) {
        *value = p->i8[i];
        return true;
    }
    if (type == TAM_NPY_U8) {
        *value = (int64_t)p->u8[i];
        return p->u8[i] <= INT64_MAX;
    }
    double real = real_of(type, p, i);
    bool whole = real >= -TOO_LARGE && real < TOO_LARGE && real == floor(real);
    *value = whole ? (int64_t)real : 0;
    return whole;
}

tam_status tam_npy_read_i64(const tam_npy *npy, int64_t first, int64_t count, int64_t *values) {
    piece p;
    for (int64_t at = 0; at < count; at += PIECE) {
        int64_t some = count - at < PIECE ? count - at : PIECE;
        TAM_TRY(tam_npy_read(npy, first + at, some, &p));
        for (int64_t i = 0; i < some; i++) {
            if (!whole_of(npy->type, &p, i, &values[at + i])) {
                return tam_fail(npy->ctx, TAM_INPUT, "%s: value %lld, %g, is no whole number below 2^63", npy->name,
                                (long long)(first + at + i), real_of(npy->type, &p, i));
            }
        }
    }
    return TAM_OK;
}

bool tam_npy_header(tam_npy_type type, int dims, const int64_t *shape, uint8_t header[TAM_NPY_HEADER]) {
    char *text = (char *)header + 10;
    size_t room = TAM_NPY_HEADER - 10, used;
    memset(header, ' ', TAM_NPY_HEADER);
    memcpy(header, magic, MAGIC);
    header[6] = 1;
    header[7] = 0;
    header[8] = (uint8_t)room;
    header[9] = 0;
    used = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[type].word);
    for (int d = 0; d < dims && used < room; d++) {
        used += (size_t)snprintf(text + used, room - used, "%s%" PRId64 "%s", d > 0 ? " " : "", shape[d],
                                 d + 1 < dims || dims == 1 ? "," : "");
    }
    used += used < room ? (size_t)snprintf(text + used, room - used, "), }") : 0;
    if (used >= room) {
        return false;
    }
    text[used] = ' ';
    header[TAM_NPY_HEADER - 1] = '\n';
    return true;
}

tam_status tam_npy_write(tam_ctx *ctx, const char *path, tam_npy_type type, int dims, const int64_t *shape,
                         const void *values) {
    uint8_t header[TAM_NPY_HEADER];
    size_t bytes = types[type].size;
    for (int d = 0; d < dims; d++) {
        bytes *= (size_t)shape[d];
    }
    if (!tam_npy_header(type, dims, shape, header)) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: a shape that no header holds", path);
    }
    tam_file_piece pieces[2] = {{header, sizeof header}, {values, bytes}};
    return tam_file_write(ctx, path, pieces, 2);
}
