#include "io/idx.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"

#define TYPE_BYTES 0x08
/* Deflate makes at most 1032 bytes of one. */
#define MOST_INFLATION 1032

enum { HEADER_ROOM = 4 + 4 * TAM_IDX_MOST_DIMS };

/* Where the bytes come from: as they are, or through the inflater. */
typedef struct idx_source {
    tam_ctx *ctx;
    const char *name;
    tam_bytes bytes;
    bool gzipped;
    bool ended; /* the gzip stream is complete and its checksum right */
    z_stream inflater;
} idx_source;

static tam_status start_source(idx_source *source) {
    const uint8_t *data = source->bytes.data;
    source->gzipped = source->bytes.size >= 2 && data[0] == 0x1F && data[1] == 0x8B;
    if (source->gzipped && inflateInit2(&source->inflater, 15 + 16) != Z_OK) {
        source->gzipped = false;
        return tam_fail(source->ctx, TAM_RESOURCES, "%s: cannot start the inflater", source->name);
    }
    return TAM_OK;
}

static void end_source(idx_source *source) {
    if (source->gzipped) {
        inflateEnd(&source->inflater);
    }
}

/* Inflates up to `count` bytes; *got is fewer only where the stream ends or its input does. */
static tam_status inflate_some(idx_source *source, uint8_t *to, size_t count, size_t *got) {
    enum { STEP = 1 << 30 }; /* zlib counts in 32 bits */
    z_stream *z = &source->inflater;
    *got = 0;
    while (!source->ended) {
        size_t left = tam_bytes_left(&source->bytes), room = count - *got;
        uInt in = (uInt)(left < STEP ? left : STEP), out = (uInt)(room < STEP ? room : STEP);
        z->next_in = (z_const Bytef *)(source->bytes.data + source->bytes.at);
        z->avail_in = in;
        z->next_out = to + *got;
        z->avail_out = out;
        int result = inflate(z, Z_NO_FLUSH);
        source->bytes.at += in - z->avail_in;
        *got += out - z->avail_out;
        if (result == Z_STREAM_END) {
            source->ended = true;
        } else if (result == Z_BUF_ERROR) {
            return TAM_OK; /* no progress: no room left, or no input */
        } else if (result != Z_OK) {
            return tam_fail(source->ctx, result == Z_MEM_ERROR ? TAM_RESOURCES : TAM_INPUT,
                            "%s: corrupt gzip at byte %zu: %s", source->name, source->bytes.at,
                            z->msg != NULL ? z->msg : "bad stream");
        }
    }
    return TAM_OK;
}

static tam_status take_some(idx_source *source, uint8_t *to, size_t count, size_t *got) {
    if (source->gzipped) {
        return inflate_some(source, to, count, got);
    }
    size_t left = tam_bytes_left(&source->bytes);
    *got = count < left ? count : left;
    memcpy(to, tam_bytes_take(&source->bytes, *got), *got);
    return TAM_OK;
}

static tam_status take(idx_source *source, uint8_t *to, size_t count, const char *what) {
    size_t got;
    TAM_TRY(take_some(source, to, count, &got));
    if (got < count) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: cut short: %zu of %zu bytes of %s", source->name, got, count,
                        what);
    }
    return TAM_OK;
}

/* Nothing may follow the values, and a gzip stream must have ended with its checksum. */
static tam_status check_end(idx_source *source) {
    uint8_t extra;
    size_t got;
    TAM_TRY(take_some(source, &extra, 1, &got));
    if (got > 0 || tam_bytes_left(&source->bytes) > 0) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: more bytes than its header counts", source->name);
    }
    if (source->gzipped && !source->ended) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: cut short: the gzip stream has no end", source->name);
    }
    return TAM_OK;
}

static tam_status read_header(idx_source *source, int dims, tam_idx *idx, size_t *count) {
    uint8_t header[HEADER_ROOM];
    tam_bytes sizes = {header, sizeof header, 4};
    TAM_TRY(take(source, header, 4, "the header"));
    if (header[0] != 0 || header[1] != 0) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: not an IDX file: it begins with %02x %02x, not 00 00",
                        source->name, header[0], header[1]);
    }
    if (header[2] != TYPE_BYTES || header[3] != dims) {
        return tam_fail(source->ctx, TAM_INPUT,
                        "%s: IDX type 0x%02x with %d dimensions where type 0x%02x (bytes) with %d was expected",
                        source->name, header[2], header[3], TYPE_BYTES, dims);
    }
    TAM_TRY(take(source, header + 4, 4 * (size_t)dims, "the header"));
    *count = 1;
    idx->dims = dims;
    for (int i = 0; i < dims; i++) {
        uint32_t side = 0;
        (void)tam_bytes_u32_big(&sizes, &side);
        if (side == 0 || __builtin_mul_overflow(*count, (size_t)side, count)) {
            return tam_fail(source->ctx, TAM_INPUT, "%s: size %u of dimension %d", source->name, side, i);
        }
        idx->size[i] = side;
    }
    size_t largest = source->bytes.size;
    if (source->gzipped && __builtin_mul_overflow(largest, (size_t)MOST_INFLATION, &largest)) {
        largest = SIZE_MAX;
    }
    if (*count > largest) {
        return tam_fail(source->ctx, TAM_INPUT, "%s: cut short: %zu bytes cannot hold the %zu values of its header",
                        source->name, source->bytes.size, *count);
    }
    return TAM_OK;
}

tam_status tam_idx_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, int dims, tam_idx *idx) {
    idx_source source = {.ctx = ctx, .name = name, .bytes = {data, size, 0}};
    size_t count = 0;
    *idx = (tam_idx){0};
    TAM_TRY(start_source(&source));
    tam_status status = read_header(&source, dims, idx, &count);
    if (status != TAM_OK) {
        goto done;
    }
    idx->values = tam_allocate(ctx, count, 1, name);
    if (idx->values == NULL) {
        status = TAM_RESOURCES;
        goto done;
    }
    status = take(&source, idx->values, count, "values");
    if (status == TAM_OK) {
        status = check_end(&source);
    }
done:
    end_source(&source);
    if (status != TAM_OK) {
        tam_idx_free(ctx, idx);
    }
    return status;
}

tam_status tam_idx_read(tam_ctx *ctx, const char *path, int dims, tam_idx *idx) {
    uint8_t *data;
    size_t size;
    *idx = (tam_idx){0};
    TAM_TRY(tam_file_read(ctx, path, 0, &data, &size));
    tam_status status = tam_idx_decode(ctx, path, data, size, dims, idx);
    tam_release(ctx, data);
    return status;
}

void tam_idx_free(tam_ctx *ctx, tam_idx *idx) {
    tam_release(ctx, idx->values);
    *idx = (tam_idx){0};
}
