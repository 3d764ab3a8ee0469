/* Pairs written as a verification set. The pickle is one that everybody reads: protocol 2, images as strings of Python
 * 2, which Python 3 takes as bytes when it is told encoding='bytes', as the field's evaluation scripts do. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "data/packed_image.h"
#include "tammes/pack.h"

enum { LONGEST_NAME = 4352, ITEMS_AT_A_TIME = 1000, LONGEST_SHORT_STRING = 255 };

static const double seconds_between_reports = 0.25;

/* Opcodes of pickles. */
static const uint8_t begin[] = {0x80, 2}, empty_list = ']', mark = '(', appends = 'e', short_string = 'U', string = 'T',
                     yes = 0x88, no = 0x89, end[] = {0x86, '.'};

typedef struct writing {
    tam_ctx *ctx;
    tam_dataset *dataset;
    tam_pairs_info pairs;
    const tam_pack_config *config;
    tam_packed_image image;
    tam_image decoded;
    tam_stream *stream;
    double reported;
    uint64_t bytes;
} writing;

static tam_status put(writing *w, const void *data, size_t size) {
    return tam_stream_write(w->stream, data, size);
}

static tam_status put_string(writing *w, const uint8_t *data, size_t size) {
    const uint8_t length[4] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24)};
    bool is_short = size <= LONGEST_SHORT_STRING;
    TAM_TRY(put(w, is_short ? &short_string : &string, 1));
    TAM_TRY(put(w, length, is_short ? 1 : 4));
    return put(w, data, size);
}

/* JPEG and PNG go as they are; the scripts read nothing else, so other kinds become PNG. */
static tam_status put_image(writing *w, int64_t i) {
    char ending[TAM_IMAGE_ENDING_ROOM] = "", name[LONGEST_NAME];
    uint8_t *png = NULL;
    TAM_TRY(tam_packed_image_read(&w->image, i));
    const uint8_t *data = w->image.data;
    size_t size = w->image.size;
    tam_dataset_image_name(w->dataset, i, name, sizeof name);
    bool known = tam_image_ending(data, size, ending);
    if (!known || (strcmp(ending, ".jpg") != 0 && strcmp(ending, ".png") != 0)) {
        TAM_TRY(tam_image_decode(w->ctx, name, data, size, &w->decoded));
        const tam_image_info *info = &w->decoded.info;
        TAM_TRY(tam_png_encode(w->ctx, info->width, info->height, info->channels, w->decoded.pixels, &png, &size));
        data = png;
    }
    tam_status status = size <= INT32_MAX
                            ? put_string(w, data, size)
                            : tam_fail(w->ctx, TAM_INPUT, "%s: %zu bytes are too many for a pickle", name, size);
    tam_release(w->ctx, png);
    w->bytes += size;
    return status;
}

static void report(writing *w, int64_t done) {
    int64_t all = 2 * w->pairs.count;
    double now = tam_seconds();
    if (w->config->progress != NULL && (done == all || now - w->reported > seconds_between_reports)) {
        w->reported = now;
        w->config->progress(w->config->progress_user, done, all);
    }
}

static tam_status put_images(writing *w) {
    int64_t count = 2 * w->pairs.count;
    TAM_TRY(put(w, &empty_list, 1));
    for (int64_t i = 0; i < count; i++) {
        if (w->config->stop != NULL && *w->config->stop != 0) {
            return tam_fail(w->ctx, TAM_STOPPED, "stopped after %lld of %lld images; nothing was left at %s",
                            (long long)i, (long long)count, w->config->out);
        }
        if (i % ITEMS_AT_A_TIME == 0) {
            TAM_TRY(put(w, &mark, 1));
        }
        TAM_TRY(put_image(w, w->pairs.image[w->pairs.rows[i]]));
        if ((i + 1) % ITEMS_AT_A_TIME == 0 || i + 1 == count) {
            TAM_TRY(put(w, &appends, 1));
        }
        report(w, i + 1);
    }
    return TAM_OK;
}

static tam_status put_flags(writing *w) {
    TAM_TRY(put(w, &empty_list, 1));
    for (int64_t i = 0; i < w->pairs.count; i++) {
        if (i % ITEMS_AT_A_TIME == 0) {
            TAM_TRY(put(w, &mark, 1));
        }
        TAM_TRY(put(w, w->pairs.same[i] != 0 ? &yes : &no, 1));
        if ((i + 1) % ITEMS_AT_A_TIME == 0 || i + 1 == w->pairs.count) {
            TAM_TRY(put(w, &appends, 1));
        }
    }
    return TAM_OK;
}

static tam_status put_all(writing *w) {
    TAM_TRY(put(w, begin, sizeof begin));
    TAM_TRY(put_images(w));
    TAM_TRY(put_flags(w));
    return put(w, end, sizeof end);
}

static tam_status check_out(tam_ctx *ctx, const char *out) {
    if (out == NULL || *out == '\0') {
        return tam_fail(ctx, TAM_CONFIG, "no output was named");
    }
    if (tam_path_is_taken(out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists; nothing was written", out);
    }
    return TAM_OK;
}

static tam_status write_file(writing *w) {
    TAM_TRY(tam_packed_image_open(w->ctx, w->dataset, w->config, false, &w->image));
    TAM_TRY(tam_stream_open(w->ctx, w->config->out, &w->stream));
    tam_status status = put_all(w);
    if (status != TAM_OK) {
        tam_stream_abandon(w->stream);
        return status;
    }
    return tam_stream_commit(w->stream);
}

tam_status tam_pack_pairs(tam_ctx *ctx, tam_dataset *dataset, const tam_pairs *pairs, const tam_pack_config *config,
                          tam_pack_result *result) {
    writing w = {.ctx = ctx,
                 .dataset = dataset,
                 .pairs = tam_pairs_describe(pairs),
                 .config = config,
                 .reported = tam_seconds()};
    *result = (tam_pack_result){0};
    TAM_TRY(check_out(ctx, config->out));
    tam_status status = write_file(&w);
    tam_packed_image_close(&w.image);
    tam_image_free(ctx, &w.decoded);
    if (status == TAM_OK) {
        *result = (tam_pack_result){.images = 2 * w.pairs.count,
                                    .classes = tam_dataset_describe(dataset).classes,
                                    .files = 1,
                                    .bytes = w.bytes};
    }
    return status;
}
